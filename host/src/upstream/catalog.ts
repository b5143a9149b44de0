import { Fault } from '../core/fault.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { jsonRpc } from '../mcp/errors.ts';
import { forEach, type ListMethod, listMethods, listShape } from '../mcp/methods.ts';
import type { Upstream } from './upstream.ts';

/** The items in the result of a list. */
export const itemsIn = (result: JsonObject | undefined, method: ListMethod): JsonObject[] => {
  const items = result?.[listShape(method).member];
  return Array.isArray(items) ? items.filter(isJsonObject) : [];
};

/** Pages of one list that we are ready to read. A server that has more is taken to go in circles. */
const maxPages = 1_000;
/** Characters of all pages of one list together. */
const longestList = 64 * 1024 * 1024;
/** Milliseconds that all pages of a list may take together. */
const longest = 60_000;
/** Milliseconds for which a list is believed whose changes would not be heard. */
const unheard = 60_000;

/**
 * All items of one list, from all its pages, as the server sent them. A server that does not support the method has none.
 * @throws Fault `upstream_…`, also `upstream_garbage` for another JSON-RPC error or a list without end
 */
export async function listAll(upstream: Upstream, method: ListMethod): Promise<JsonObject[]> {
  const items: JsonObject[] = [];
  const end = Date.now() + longest;
  let cursor: string | undefined;
  let length = 0;
  for (let page = 0; page < maxPages; page += 1) {
    const params = cursor === undefined ? {} : { cursor };
    const answer = await upstream.request(method, params, { timeoutMs: Math.max(1, end - Date.now()) });
    // It may have resources and no templates, or offer less than it did.
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
 * What the gateway knows of one list of an upstream. It is believed while a change would be heard, and for a minute
 * otherwise. Nobody waits for an answer longer than `withinMs` after it was asked for; one that comes later is learned.
 */
export interface Catalog {
  readonly method: ListMethod;
  /** The list, where it can be believed. */
  readonly believed: readonly JsonObject[] | undefined;
  /** What was learned last, however long ago. */
  readonly last: readonly JsonObject[] | undefined;
  /** Whether what was learned last holds: it was asked for at `since` or later, or a change would have been heard. */
  holds(since: number): boolean;
  /** The believed list; else the one that the upstream sends now; else the last one. @throws as `fresh`, when there is none */
  items(): Promise<readonly JsonObject[]>;
  /**
   * The list that the upstream sends now. An abort of `signal` ends the waiting alone.
   * @throws as `listAll`, and Fault `upstream_timeout`, which names the setting, when it is late
   */
  fresh(signal?: AbortSignal): Promise<readonly JsonObject[]>;
  /** An item by its name or uri, as it was learned last. */
  lastItem(key: string): JsonObject | undefined;
  /** Learns from a request that passes by: call it before, and what it returns with the whole list or with one page. */
  witness(): (items: readonly JsonObject[], isWhole: boolean) => void;
  /**
   * The list that was asked for and did not come in time, while it has not come. It yields undefined when the upstream
   * said meanwhile that the list changed.
   */
  readonly late: Promise<readonly JsonObject[] | undefined> | undefined;
  /** Says that the list changed. */
  forget(): void;
}

interface Known {
  readonly items: readonly JsonObject[];
  /** When it was asked for. */
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

/** @param isSilent whether the upstream is late with another list: then it is not waited for as long again */
function createCatalog(upstream: Upstream, method: ListMethod, withinMs: number, isSilent: () => boolean): Catalog {
  const key = listShape(method).key;
  let known: Known | undefined;
  let changes = 0;
  let asking: Asked | undefined;
  let index: { readonly of: readonly JsonObject[]; readonly items: ReadonlyMap<string, JsonObject> } | undefined;

  const isAnnounced = () => {
    const capability = upstream.serverInfo?.capabilities[listShape(method).capability];
    return isJsonObject(capability) && capability.listChanged === true;
  };
  const isCertain = () => {
    const { listeningSince } = upstream;
    if (known === undefined || known.changes < changes || !isAnnounced()) return false;
    return listeningSince !== undefined && listeningSince <= known.at;
  };
  const believed = () =>
    known?.changes === changes && (isCertain() || Date.now() < known.at + unheard) ? known.items : undefined;

  const begin = () => ({ at: Date.now(), changes });
  const take = (learned: Known) => {
    if (known === undefined || learned.at >= known.at) known = learned;
  };

  const ask = () => {
    if (asking !== undefined) return asking;
    const began = begin();
    const until = began.at + (isSilent() ? withinMs / 10 : withinMs);
    const answer = listAll(upstream, method);
    const arrival = answer.then(items => (asking === own ? items : undefined));
    const own: Asked = { answer, arrival, until };
    asking = own;
    arrival.catch(() => {});
    answer
      .then(items => take({ items, ...began }))
      .catch(() => {})
      .finally(() => {
        if (asking === own) asking = undefined;
      });
    return own;
  };

  const fresh = async (signal?: AbortSignal) => {
    signal?.throwIfAborted();
    const { answer, until } = ask();
    const { promise, reject } = Promise.withResolvers<never>();
    const abort = () => reject(signal?.reason);
    const timer = setTimeout(() => reject(lateFault(upstream, method, withinMs)), Math.max(0, until - Date.now()));
    signal?.addEventListener('abort', abort);
    try {
      return await Promise.race([answer, promise]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  };

  return {
    method,
    get believed() {
      return believed();
    },
    get last() {
      return known?.items;
    },
    holds: since => isCertain() || (known?.changes === changes && known.at >= since),
    get late() {
      return asking !== undefined && asking.until <= Date.now() ? asking.arrival : undefined;
    },
    fresh,
    async items() {
      const items = believed();
      if (items !== undefined) return items;
      try {
        return await fresh();
      } catch (fault) {
        if (known !== undefined) return known.items;
        throw fault;
      }
    },
    lastItem(value) {
      if (known === undefined) return undefined;
      if (index?.of !== known.items) {
        index = { of: known.items, items: new Map(known.items.map(item => [String(item[key]), item])) };
      }
      return index.items.get(value);
    },
    witness() {
      const began = begin();
      return (items, isWhole) => {
        if (isWhole) take({ items, ...began });
        else if (known !== undefined) known = { ...known, items: replaced(known.items, items, key) };
      };
    },
    forget() {
      changes += 1;
      // What is on its way may be the list before.
      asking = undefined;
    },
  };
}

function lateFault({ id }: Upstream, method: ListMethod, withinMs: number): Fault {
  const hint = `it did not send its list within limits.list_ms (${withinMs} ms): check it, or raise the limit`;
  return new Fault('upstream_timeout', { upstream: id, method, after_ms: withinMs, setting: 'limits.list_ms', hint });
}

/** The items, with those of a page in the places of their namesakes, and its new ones at the end. */
function replaced(items: readonly JsonObject[], page: readonly JsonObject[], key: string): readonly JsonObject[] {
  const rest = new Map(page.map(item => [item[key], item]));
  const kept = items.map(item => {
    const instead = rest.get(item[key]);
    rest.delete(item[key]);
    return instead ?? item;
  });
  return [...kept, ...rest.values()];
}

/** What the gateway knows of all lists of an upstream. */
export interface Catalogs extends Readonly<Record<ListMethod, Catalog>>, Disposable {
  /** Fault `upstream_timeout` while a list that was asked for has not come in time. */
  readonly silence: Fault | undefined;
}

/** @param withinMs `limits.list_ms` */
export function createCatalogs(upstream: Upstream, withinMs: number): Catalogs {
  const late = (): Catalog | undefined => all.find(catalog => catalog.late !== undefined);
  const open = (method: ListMethod) => createCatalog(upstream, method, withinMs, () => late() !== undefined);
  const catalogs = forEach(listMethods, open);
  const all = Object.values(catalogs);
  const unsubscribe = upstream.subscribe(({ method: said }) => {
    for (const catalog of all) {
      if (said === listShape(catalog.method).changed) catalog.forget();
    }
  });
  return {
    ...catalogs,
    get silence() {
      const catalog = late();
      return catalog && lateFault(upstream, catalog.method, withinMs);
    },
    [Symbol.dispose]: unsubscribe,
  };
}
