import type { JoiningServer, RegisteredServer } from '../contract/generated/types.js';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { type ListMethod, listShape } from '../mcp/methods.ts';
import { listAll } from '../upstream/catalog.ts';
import type { Upstream, UpstreamPool } from '../upstream/upstream.ts';

/** Describes an upstream that was reached, with what it says of itself and the number of entries in its lists. */
export async function registeredServer(server: JoiningServer, pool: UpstreamPool): Promise<RegisteredServer> {
  const { serverInfo } = pool;
  // Only users have connections with it, and each may be told something else.
  if (serverInfo === undefined) return { server, capabilities: [] };
  const { revision, implementation, capabilities } = serverInfo;
  await using client = pool.open();
  const count = (method: ListMethod) => countOf(client, method, capabilities);
  const [tools, prompts, resources, resourceTemplates] = await Promise.all([
    count('tools/list'),
    count('prompts/list'),
    count('resources/list'),
    count('resources/templates/list'),
  ]);
  const name = textIn(implementation.name);
  const version = textIn(implementation.version);
  return {
    server,
    revision,
    capabilities: Object.keys(capabilities).map(textIn).filter(isText).toSorted(),
    ...(name !== undefined && { name }),
    ...(version !== undefined && { version }),
    ...(tools !== undefined && { tools }),
    ...(prompts !== undefined && { prompts }),
    ...(resources !== undefined && { resources }),
    ...(resourceTemplates !== undefined && { resourceTemplates }),
  };
}

async function countOf(client: Upstream, method: ListMethod, capabilities: JsonObject): Promise<number | undefined> {
  if (!isJsonObject(capabilities[listShape(method).capability])) return undefined;
  return listAll(client, method).then(
    items => items.length,
    () => undefined,
  );
}

/** Returns a text without lone surrogates, which a component cannot receive. */
const textIn = (value: unknown): string | undefined => (typeof value === 'string' ? value.toWellFormed() : undefined);
const isText = (value: string | undefined): value is string => value !== undefined;
