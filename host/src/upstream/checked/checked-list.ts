import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../core/json.ts';
import { listShape } from '../../mcp/methods.ts';
import type { Catalog } from '../catalog.ts';
import type { ListCheck, Refresh } from './list-check.ts';

/** Milliseconds after which a list that was refused is read again, if somebody needs it. */
const refusedMs = 10_000;

/** What is used of one list. */
interface Accepted {
  readonly items: readonly JsonObject[];
  readonly keys: ReadonlySet<string>;
}

/**
 * One list of an upstream, of which only what a check accepted is used. It is read and checked once for all clients. What
 * was checked stays in use until something newer is.
 */
export class CheckedList {
  readonly #upstream: string;
  readonly #catalog: Catalog;
  readonly #check: ListCheck;
  readonly #onChange: () => void;
  #accepted: Accepted | undefined;
  /** The keys of entries that the server sent last, and that are not used. */
  #refused: ReadonlySet<string> = new Set();
  /** The list that was checked last, and what decided about it. */
  #checked: { readonly received: readonly JsonObject[]; readonly decider: string } | undefined;
  #isChanged = false;
  /** Whether anybody got the list, also an empty one in its place. */
  #wasUsed = false;
  /** Until when a list that was refused is not read again. */
  #refusedUntil = 0;
  #refresh: Promise<void> | undefined;

  /** @param onChange called when other entries are used than those that somebody got */
  constructor(upstream: string, catalog: Catalog, check: ListCheck, onChange: () => void) {
    this.#upstream = upstream;
    this.#catalog = catalog;
    this.#check = check;
    this.#onChange = onChange;
  }

  /**
   * Returns what is used of the list, after it was read and checked again where necessary: empty if it was refused and
   * there is no earlier one.
   * @throws Fault `upstream_…` if it cannot be read, `overloaded`
   */
  async items(): Promise<readonly JsonObject[]> {
    // The list may have changed since that began.
    if (this.#refresh !== undefined) await this.#refresh;
    if (!this.#isCurrent) {
      this.#refresh ??= this.#read().finally(() => {
        this.#refresh = undefined;
      });
      await this.#refresh;
    }
    this.#wasUsed = true;
    return this.#accepted?.items ?? [];
  }

  /** Whether an entry is used, by its key. @throws as `items` */
  async has(key: string): Promise<boolean> {
    if (this.#isDecided && this.#accepted?.keys.has(key) === true) return true;
    await this.items();
    return this.#accepted?.keys.has(key) ?? false;
  }

  /** Whether the server sent an entry that is not used and that fits. Without any accepted list, every entry counts. */
  refuses(fits: (key: string) => boolean): boolean {
    return this.#accepted === undefined || [...this.#refused].some(fits);
  }

  /** Notes that the server reported a change. */
  changed(): void {
    this.#isChanged = true;
    this.#refusedUntil = 0;
    this.#catalog.forget();
  }

  get #isDecided(): boolean {
    return this.#checked?.decider === this.#check.decider;
  }

  get #isCurrent(): boolean {
    if (this.#refusedUntil > Date.now() && (this.#checked === undefined || this.#isDecided)) return true;
    return this.#isDecided && this.#catalog.trusted === this.#checked?.received;
  }

  async #read(): Promise<void> {
    const { decider } = this.#check;
    const reason = this.#checked === undefined ? 'connected' : this.#isChanged ? 'changed' : 'aged';
    const { method } = this.#catalog;
    const refresh: Refresh = { upstream: this.#upstream, method, reason, entries: this.#accepted?.items.length };
    const known = this.#catalog.trusted;
    if (known === undefined && !(await this.#check.before(refresh))) {
      this.#refusedUntil = Date.now() + refusedMs;
      return;
    }
    this.#isChanged = false;
    const received = known ?? (await this.#catalog.fresh());
    const items = await this.#check.after(refresh, received);
    // What others accepted is no earlier list of these.
    const earlier = this.#checked?.decider === decider ? this.#accepted : undefined;
    this.#checked = { received, decider };
    this.#refusedUntil = items === undefined ? Date.now() + refusedMs : 0;
    const { key } = listShape(method);
    this.#use(items === undefined ? earlier : { items, keys: keysOf(items, key) });
    this.#refused = new Set([...keysOf(received, key)].filter(each => this.#accepted?.keys.has(each) !== true));
  }

  #use(accepted: Accepted | undefined): void {
    const before = this.#accepted?.items ?? [];
    this.#accepted = accepted;
    if (this.#wasUsed && !isDeepStrictEqual(before, accepted?.items ?? [])) this.#onChange();
  }
}

const keysOf = (items: readonly JsonObject[], key: string): ReadonlySet<string> =>
  new Set(items.map(item => String(item[key])));
