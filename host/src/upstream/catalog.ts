import { Fault } from '../core/fault.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Upstream } from './upstream.ts';

const members = {
  'tools/list': 'tools',
  'prompts/list': 'prompts',
  'resources/list': 'resources',
  'resources/templates/list': 'resourceTemplates',
} as const;

export type ListMethod = keyof typeof members;

/** The member of a list's result that holds the items. */
export const listMember = (method: ListMethod): string => members[method];

/** Pages of one list that we are ready to read. A server that has more is taken to go in circles. */
const maxPages = 1_000;

/**
 * All items of one list, from all its pages, as the server sent them.
 * @throws Fault `upstream_…`, also `upstream_garbage` for a JSON-RPC error or a list without end
 */
export async function listAll(upstream: Upstream, method: ListMethod, signal?: AbortSignal): Promise<JsonObject[]> {
  const items: JsonObject[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const answer = await upstream.request(method, cursor === undefined ? {} : { cursor }, signal ? { signal } : {});
    if (answer.error) {
      const hint = `it answered ${method} with error ${answer.error.code}: ${answer.error.message}`;
      throw new Fault('upstream_garbage', { upstream: upstream.id, hint });
    }
    const found = answer.result[members[method]];
    if (!Array.isArray(found)) {
      const hint = `its answer to ${method} has no ${members[method]}`;
      throw new Fault('upstream_garbage', { upstream: upstream.id, hint });
    }
    items.push(...found.filter(isJsonObject));
    const next = answer.result.nextCursor;
    if (typeof next !== 'string' || next === cursor) return items;
    cursor = next;
  }
  throw new Fault('upstream_garbage', { upstream: upstream.id, hint: `its ${method} has no end` });
}

/** What an upstream offers under one list, remembered until it says that the list changed. */
export interface Catalog extends Disposable {
  /** @throws as `listAll`; a failure is not remembered */
  items(): Promise<readonly JsonObject[]>;
  /** Asks the upstream, remembered or not. */
  refresh(): Promise<readonly JsonObject[]>;
}

/** Milliseconds for which a list is believed that came from a server which does not announce changes. */
const unannounced = 60_000;

export function createCatalog(upstream: Upstream, method: ListMethod): Catalog {
  const kind = method.split('/', 1)[0] ?? '';
  let known: Promise<readonly JsonObject[]> | undefined;
  let until = 0;
  const forget = () => {
    known = undefined;
  };
  const unsubscribe = upstream.subscribe(({ method: said }) => {
    if (said === `notifications/${kind}/list_changed`) forget();
  });

  const refresh = () => {
    const asked: Promise<readonly JsonObject[]> = listAll(upstream, method);
    known = asked;
    until = Date.now() + unannounced;
    asked.catch(() => {
      if (known === asked) forget();
    });
    return asked;
  };

  const announced = () => {
    const capability = upstream.initialized?.capabilities[kind];
    return isJsonObject(capability) && capability.listChanged === true;
  };

  return {
    refresh,
    items: () => (known !== undefined && (announced() || Date.now() < until) ? known : refresh()),
    [Symbol.dispose]: unsubscribe,
  };
}
