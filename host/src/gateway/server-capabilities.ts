import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Route } from './binding.ts';
import { exposedName } from './name-routing.ts';

/**
 * Extensions that need nothing but tools, resources and their `_meta`. Others, and what is `experimental`, come with
 * methods and notifications of their own, which the gateway does not pass on.
 */
const passedExtensions = new Set(['io.modelcontextprotocol/ui']);

/**
 * What a binding offers: what its upstreams offer and the gateway passes on. Subscriptions to single resources and
 * tasks are not among it.
 */
export function capabilitiesOf(route: Pick<Route, 'members'>): JsonObject {
  const offered = route.members.flatMap(({ upstream }) =>
    upstream.serverInfo === undefined ? [] : [upstream.serverInfo.capabilities],
  );
  // Where an upstream is still to come, it may offer anything, and its lists will be new ones.
  const isComplete = offered.length === route.members.length;
  const found = (name: string) =>
    (!isComplete && name !== 'logging') || offered.some(capabilities => capabilities[name] !== undefined);
  // Of several, one may be late with a list, which is announced when it comes.
  const announced = (name: string) =>
    route.members.length > 1 ||
    offered.some(({ [name]: capability }) => isJsonObject(capability) && capability.listChanged === true);
  const lists = ['tools', 'prompts', 'resources'].filter(found);
  const plain = ['completions', 'logging'].filter(found);
  const extensions = offered.flatMap(({ extensions: each }) =>
    isJsonObject(each) ? Object.entries(each).filter(([name]) => passedExtensions.has(name)) : [],
  );
  return Object.fromEntries([
    ...lists.map(name => [name, announced(name) ? { listChanged: true } : {}]),
    ...plain.map(name => [name, {}]),
    ...(extensions.length === 0 ? [] : [['extensions', Object.fromEntries(extensions)]]),
  ]);
}

/**
 * What the server is called. A binding of one upstream is that server to its clients; of several, it goes by its own id.
 */
export function serverInfoOf(binding: string, { members }: Pick<Route, 'members'>, gatewayVersion: string): JsonObject {
  const [{ upstream }, ...others] = members;
  const info = others.length === 0 ? upstream.serverInfo?.implementation : undefined;
  return typeof info?.name === 'string' && typeof info.version === 'string'
    ? info
    : { name: binding, version: gatewayVersion };
}

/** The instructions of the upstreams; of several, each under its id, with what its names are here. */
export function instructionsOf(route: Pick<Route, 'members'>): string | undefined {
  const several = route.members.length > 1;
  const texts = route.members.flatMap(member => {
    const { id, serverInfo } = member.upstream;
    const text = serverInfo?.instructions;
    if (text === undefined || !several) return text ?? [];
    const prefix = exposedName(route, member, '');
    return `## ${id}\n\nThe names of its tools and prompts begin with \`${prefix}\` here.\n\n${text}`;
  });
  return texts.length === 0 ? undefined : texts.join('\n\n');
}
