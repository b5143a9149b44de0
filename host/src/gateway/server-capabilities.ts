import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Route } from './binding.ts';
import { exposedName, reachableMembers } from './name-routing.ts';

/**
 * Extensions that need only tools, resources and their `_meta`. Others, and `experimental` ones, have methods and
 * notifications of their own, which the gateway does not pass on.
 */
const passedExtensions = new Set(['io.modelcontextprotocol/ui']);

/**
 * Returns the capabilities of a binding: those of its upstreams that the gateway passes on, which excludes
 * subscriptions to single resources and tasks.
 */
export function capabilitiesOf(route: Pick<Route, 'members'>): JsonObject {
  const offered = route.members.flatMap(({ upstream }) =>
    upstream.serverInfo === undefined ? [] : [upstream.serverInfo.capabilities],
  );
  // An upstream that is not available yet may offer anything, and its lists will be new.
  const isComplete = offered.length === route.members.length;
  const found = (name: string) =>
    (!isComplete && name !== 'logging') || offered.some(capabilities => capabilities[name] !== undefined);
  const lists = ['tools', 'prompts', 'resources'].filter(found);
  const plain = ['completions', 'logging'].filter(found);
  const extensions = offered.flatMap(({ extensions: each }) =>
    isJsonObject(each) ? Object.entries(each).filter(([name]) => passedExtensions.has(name)) : [],
  );
  return Object.fromEntries([
    // Also a list that its upstream never changes is another one after a reload.
    ...lists.map(name => [name, { listChanged: true }]),
    ...plain.map(name => [name, {}]),
    ...(extensions.length === 0 ? [] : [['extensions', Object.fromEntries(extensions)]]),
  ]);
}

/**
 * Returns the server's name. A binding with one upstream appears as that server; one with several uses its own id.
 */
export function serverInfoOf(binding: string, { members }: Pick<Route, 'members'>, gatewayVersion: string): JsonObject {
  const [{ upstream }, ...others] = members;
  const info = others.length === 0 ? upstream.serverInfo?.implementation : undefined;
  return typeof info?.name === 'string' && typeof info.version === 'string'
    ? info
    : { name: binding, version: gatewayVersion };
}

/**
 * Returns the instructions of the upstreams that the caller may use; with several, each under its id and with the prefix
 * of its names.
 */
export function instructionsOf(route: Pick<Route, 'members' | 'access'>): string | undefined {
  const several = route.members.length > 1;
  const texts = reachableMembers(route).flatMap(member => {
    const { id, serverInfo } = member.upstream;
    const text = serverInfo?.instructions;
    if (text === undefined || !several) return text ?? [];
    const prefix = exposedName(route, member, '');
    return `## ${id}\n\nThe names of its tools and prompts begin with \`${prefix}\` here.\n\n${text}`;
  });
  return texts.length === 0 ? undefined : texts.join('\n\n');
}
