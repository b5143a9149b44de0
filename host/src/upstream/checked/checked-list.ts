import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../core/json.ts';
import { listShape } from '../../mcp/methods.ts';
import type { Catalog } from '../catalog.ts';
import type { ListCheck, Refresh } from './list-check.ts';

/** Milliseconds after which a list that was refused is checked again, if someone needs it. */
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
  /** Whether anyone got the list, also an empty one in its place. */
  #wasUsed = false;
  /** Until when a list that was refused is not checked again, unless something else decides. */
  #refusal: { readonly until: number; readonly decider: string } | undefined;
  #refresh: Promise<void> | undefined;

  /** @param onChange called when other entries are used than those that someone got */
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

  /** The keys of entries that the server sent last, and that are not used; undefined without any accepted list. */
  get refused(): ReadonlySet<string> | undefined {
    return this.#accepted && this.#refused;
  }

  /** Whether a refusal will end without a change that the server reports. */
  get isRefused(): boolean {
    return this.#refusal !== undefined;
  }

  /** Whether something else decided about it than what decides now. */
  get isOutdated(): boolean {
    return this.#checked !== undefined && !this.#isDecided;
  }

  /** Notes that the server reported a change. */
  changed(): void {
    this.#isChanged = true;
    this.#refusal = undefined;
    this.#catalog.forget();
  }

  get #isDecided(): boolean {
    return this.#checked?.decider === this.#check.decider;
  }

  get #isCurrent(): boolean {
    const refusal = this.#refusal;
    if (refusal?.decider === this.#check.decider) return refusal.until > Date.now();
    return this.#isDecided && this.#catalog.trusted === this.#checked?.received;
  }

  async #read(): Promise<void> {
    const { decider } = this.#check;
    // What others accepted is no earlier list of these.
    const checked = this.#checked?.decider === decider ? this.#checked : undefined;
    const earlier = checked && this.#accepted;
    const reason = this.#checked === undefined ? 'connected' : this.#isChanged ? 'changed' : 'aged';
    const { method } = this.#catalog;
    const refresh: Refresh = { upstream: this.#upstream, method, reason, entries: earlier?.items.length };
    const known = this.#catalog.trusted;
    if (known === undefined && !(await this.#check.before(refresh))) {
      this.#refuse(decider);
      this.#checked = checked;
      this.#use(earlier);
      return;
    }
    this.#isChanged = false;
    const received = known ?? (await this.#catalog.fresh());
    const items = await this.#check.after(refresh, received);
    this.#checked = { received, decider };
    this.#refusal = undefined;
    // After a change meanwhile, the next list is not the one that was refused.
    if (items === undefined && !this.#isChanged) this.#refuse(decider);
    const { key } = listShape(method);
    this.#use(items === undefined ? earlier : { items, keys: keysOf(items, key) });
    this.#refused = new Set([...keysOf(received, key)].filter(each => this.#accepted?.keys.has(each) !== true));
  }

  #refuse(decider: string): void {
    this.#refusal = { until: Date.now() + refusedMs, decider };
  }

  #use(accepted: Accepted | undefined): void {
    const before = this.#accepted?.items ?? [];
    this.#accepted = accepted;
    if (this.#wasUsed && !isDeepStrictEqual(before, accepted?.items ?? [])) this.#onChange();
  }
}

const keysOf = (items: readonly JsonObject[], key: string): ReadonlySet<string> =>
  new Set(items.map(item => String(item[key])));
