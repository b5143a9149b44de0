import type { Cancellation } from '../core/canceller.ts';
import { Fault } from '../core/fault.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { jsonRpc } from '../mcp/errors.ts';
import { forEach, type ListMethod, listMethods, listShape } from '../mcp/methods.ts';
import type { Upstream } from './upstream.ts';

/** Returns the items in the result of a list. */
export const itemsIn = (result: JsonObject | undefined, method: ListMethod): JsonObject[] => {
  const items = result?.[listShape(method).member];
  return Array.isArray(items) ? items.filter(isJsonObject) : [];
};

/** Pages that are read of one list. A server that sends more is taken to repeat them without end. */
const maxPages = 1_000;
/** Characters of all pages of one list. */
const longestList = 64 * 1024 * 1024;
/** Milliseconds that all pages of a list may take. */
const listTimeoutMs = 60_000;
/** Milliseconds for which a list is trusted where the upstream would not report a change. */
const trustedMs = 60_000;

/**
 * Returns all items of one list, from all its pages, as the server sent them. A server without the method has none.
 * @throws Fault `upstream_…`, also `upstream_garbage` for another JSON-RPC error or a list without end
 */
export async function listAll(upstream: Upstream, method: ListMethod): Promise<JsonObject[]> {
  const items: JsonObject[] = [];
  const end = Date.now() + listTimeoutMs;
  let cursor: string | undefined;
  let length = 0;
  for (let page = 0; page < maxPages; page += 1) {
    const params = cursor === undefined ? {} : { cursor };
    const answer = await upstream.request(method, params, { timeoutMs: Math.max(1, end - Date.now()) });
    // It may have resources but no templates, or offer less than before.
    if (answer.error?.code === jsonRpc.methodNotFound) return [];
    if (answer.error) {
      const hint = `it answered ${method} with error ${answer.error.code}: ${answer.error.message}`;
      throw new Fault('upstream_garbage', { upstream: upstream.id, method, rpc: answer.error.code, hint });
    }
    if (!Array.isArray(answer.result[listShape(method).member])) {
      const hint = `its answer to ${method} has no ${listShape(method).member}`;
      throw new Fault('upstream_garbage', { upstream: upstream.id, method, hint });
    }
    length += answer.text(0).length;
    if (length > longestList) {
      const hint = `its ${method} is longer than ${longestList} characters`;
      throw new Fault('upstream_too_large', { upstream: upstream.id, method, hint });
    }
    items.push(...itemsIn(answer.result, method));
    const next = answer.result.nextCursor;
    if (typeof next !== 'string' || next === cursor) return items;
    cursor = next;
  }
  throw new Fault('upstream_garbage', { upstream: upstream.id, method, hint: `its ${method} has endless pages` });
}

/**
 * What the gateway knows of one list of an upstream. It is trusted while the upstream would report a change, and for a
 * minute otherwise. No caller waits longer than `withinMs` after the list was requested; a later answer is learned.
 */
export interface Catalog {
  readonly method: ListMethod;
  /** The list, while it is trusted. */
  readonly trusted: readonly JsonObject[] | undefined;
  /** The list that was learned last, however long ago. */
  readonly last: readonly JsonObject[] | undefined;
  /** Whether the last list is up to date: it was requested at `since` or later, or a change would have been reported. */
  holds(since: number): boolean;
  /** Returns the trusted list; else the one that the upstream sends now; else the last one. @throws as `fresh` without any */
  items(): Promise<readonly JsonObject[]>;
  /**
   * Returns the list that the upstream sends now. An abort of `signal` ends the waiting, and not the request.
   * @throws as `listAll`, and Fault `upstream_timeout`, which names the setting, when it is late
   */
  fresh(signal?: Cancellation): Promise<readonly JsonObject[]>;
  /** Returns an item by its name or uri from the last list. */
  lastItem(key: string): JsonObject | undefined;
  /** Learns from a client's request: call it before the request, and the returned function with the list or a page. */
  observe(): (items: readonly JsonObject[], isWhole: boolean) => void;
  /**
   * The list that was requested and is late; undefined when none is. Resolves to undefined when the upstream reports
   * meanwhile that the list changed.
   */
  readonly late: Promise<readonly JsonObject[] | undefined> | undefined;
  /** Marks the list as changed. */
  forget(): void;
}

interface Known {
  readonly items: readonly JsonObject[];
  /** When it was requested. */
  readonly at: number;
  /** How often the list had changed by then. */
  readonly changes: number;
}

interface Asked {
  readonly answer: Promise<readonly JsonObject[]>;
  /** The answer, unless the list changed meanwhile. */
  readonly arrival: Promise<readonly JsonObject[] | undefined>;
  /** When it is late. */
  readonly until: number;
}

/** What was learned of one list, and the request for it that is under way. */
class LearnedCatalog implements Catalog {
  readonly method: ListMethod;
  readonly #upstream: Upstream;
  readonly #withinMs: number;
  readonly #isSilent: () => boolean;
  #known: Known | undefined;
  /** How often the list has changed. */
  #changes = 0;
  #asked: Asked | undefined;
  #index: { readonly of: readonly JsonObject[]; readonly items: ReadonlyMap<string, JsonObject> } | undefined;

  /** @param isSilent whether the upstream is late with another list: then this one is not waited for as long again */
  constructor(upstream: Upstream, method: ListMethod, withinMs: number, isSilent: () => boolean) {
    this.method = method;
    this.#upstream = upstream;
    this.#withinMs = withinMs;
    this.#isSilent = isSilent;
  }

  get trusted(): readonly JsonObject[] | undefined {
    const known = this.#known;
    if (known?.changes !== this.#changes) return undefined;
    return this.#isCertain || Date.now() < known.at + trustedMs ? known.items : undefined;
  }

  get last(): readonly JsonObject[] | undefined {
    return this.#known?.items;
  }

  get late(): Promise<readonly JsonObject[] | undefined> | undefined {
    return this.#asked !== undefined && this.#asked.until <= Date.now() ? this.#asked.arrival : undefined;
  }

  holds(since: number): boolean {
    return this.#isCertain || (this.#known?.changes === this.#changes && this.#known.at >= since);
  }

  async items(): Promise<readonly JsonObject[]> {
    const { trusted } = this;
    if (trusted !== undefined) return trusted;
    try {
      return await this.fresh();
    } catch (fault) {
      if (this.#known !== undefined) return this.#known.items;
      throw fault;
    }
  }

  async fresh(signal?: Cancellation): Promise<readonly JsonObject[]> {
    signal?.throwIfAborted();
    const { answer, until } = this.#ask();
    const { promise, reject } = Promise.withResolvers<never>();
    const abort = () => reject(signal?.reason);
    const late = () => reject(lateFault(this.#upstream, this.method, this.#withinMs));
    const timer = setTimeout(late, Math.max(0, until - Date.now()));
    signal?.addEventListener('abort', abort);
    try {
      return await Promise.race([answer, promise]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  }

  lastItem(value: string): JsonObject | undefined {
    const known = this.#known;
    if (known === undefined) return undefined;
    if (this.#index?.of !== known.items) {
      const { key } = listShape(this.method);
      this.#index = { of: known.items, items: new Map(known.items.map(item => [String(item[key]), item])) };
    }
    return this.#index.items.get(value);
  }

  observe(): (items: readonly JsonObject[], isWhole: boolean) => void {
    const began = this.#begin();
    return (items, isWhole) => {
      if (isWhole) this.#learn({ items, ...began });
      else if (this.#known !== undefined) {
        const { key } = listShape(this.method);
        this.#known = { ...this.#known, items: replaced(this.#known.items, items, key) };
      }
    };
  }

  forget(): void {
    this.#changes += 1;
    // The answer to a request under way may be the list before the change.
    this.#asked = undefined;
  }

  /** Whether the upstream would have reported a change of what is known. */
  get #isCertain(): boolean {
    const { listeningSince } = this.#upstream;
    if (this.#known === undefined || this.#known.changes < this.#changes || !this.#isAnnounced) return false;
    return listeningSince !== undefined && listeningSince <= this.#known.at;
  }

  get #isAnnounced(): boolean {
    const capability = this.#upstream.serverInfo?.capabilities[listShape(this.method).capability];
    return isJsonObject(capability) && capability.listChanged === true;
  }

  #begin(): Pick<Known, 'at' | 'changes'> {
    return { at: Date.now(), changes: this.#changes };
  }

  #learn(learned: Known): void {
    if (this.#known === undefined || learned.at >= this.#known.at) this.#known = learned;
  }

  #ask(): Asked {
    if (this.#asked !== undefined) return this.#asked;
    const began = this.#begin();
    const until = began.at + (this.#isSilent() ? this.#withinMs / 10 : this.#withinMs);
    const answer = listAll(this.#upstream, this.method);
    const arrival = answer.then(items => (this.#asked === own ? items : undefined));
    const own: Asked = { answer, arrival, until };
    this.#asked = own;
    arrival.catch(() => {});
    answer
      .then(items => this.#learn({ items, ...began }))
      .catch(() => {})
      .finally(() => {
        if (this.#asked === own) this.#asked = undefined;
      });
    return own;
  }
}

function lateFault({ id }: Upstream, method: ListMethod, withinMs: number): Fault {
  const hint = `it did not send its list within limits.list_ms (${withinMs} ms): check it, or raise the limit`;
  return new Fault('upstream_timeout', { upstream: id, method, after_ms: withinMs, setting: 'limits.list_ms', hint });
}

/** Replaces items by those of a page with the same key, and appends its new ones. */
function replaced(items: readonly JsonObject[], page: readonly JsonObject[], key: string): readonly JsonObject[] {
  const rest = new Map(page.map(item => [item[key], item]));
  const kept = items.map(item => {
    const instead = rest.get(item[key]);
    rest.delete(item[key]);
    return instead ?? item;
  });
  return [...kept, ...rest.values()];
}

/** What the gateway knows of all lists of one upstream. */
export interface Catalogs extends Readonly<Record<ListMethod, Catalog>>, Disposable {
  /** Fault `upstream_timeout` while a requested list is late. */
  readonly lateFault: Fault | undefined;
}

/** @param withinMs `limits.list_ms` */
export function createCatalogs(upstream: Upstream, withinMs: number): Catalogs {
  const late = (): Catalog | undefined => all.find(catalog => catalog.late !== undefined);
  const open = (method: ListMethod) => new LearnedCatalog(upstream, method, withinMs, () => late() !== undefined);
  const catalogs = forEach(listMethods, open);
  const all = Object.values(catalogs);
  const unsubscribe = upstream.subscribe(({ method: changed }) => {
    for (const catalog of all) {
      if (changed === listShape(catalog.method).changed) catalog.forget();
    }
  });
  return {
    ...catalogs,
    get lateFault() {
      const catalog = late();
      return catalog && lateFault(upstream, catalog.method, withinMs);
    },
    [Symbol.dispose]: unsubscribe,
  };
}
