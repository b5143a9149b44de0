import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Route } from './binding.ts';
import { exposedName } from './owner.ts';

/**
 * What a binding offers: what its upstreams offer and the gateway passes on. Subscriptions to single resources and
 * tasks are not among it.
 */
export function capabilitiesOf(route: Pick<Route, 'members'>): JsonObject {
  const offered = route.members.flatMap(({ upstream }) =>
    upstream.initialized === undefined ? [] : [upstream.initialized.capabilities],
  );
  // Where an upstream is still to come, it may offer anything, and its lists will be new ones.
  const isComplete = offered.length === route.members.length;
  const found = (name: string) =>
    (!isComplete && name !== 'logging') || offered.some(capabilities => capabilities[name] !== undefined);
  const announced = (name: string) =>
    !isComplete ||
    offered.some(({ [name]: capability }) => isJsonObject(capability) && capability.listChanged === true);
  const lists = ['tools', 'prompts', 'resources'].filter(found);
  const plain = ['completions', 'logging'].filter(found);
  return Object.fromEntries([
    ...lists.map(name => [name, announced(name) ? { listChanged: true } : {}]),
    ...plain.map(name => [name, {}]),
  ]);
}

/** The instructions of the upstreams; of several, each under its id, with what its names are here. */
export function instructionsOf(route: Pick<Route, 'members'>): string | undefined {
  const several = route.members.length > 1;
  const texts = route.members.flatMap(member => {
    const { id, initialized } = member.upstream;
    const text = initialized?.instructions;
    if (text === undefined || !several) return text ?? [];
    const prefix = exposedName(route, member, '');
    return `## ${id}\n\nThe names of its tools and prompts begin with \`${prefix}\` here.\n\n${text}`;
  });
  return texts.length === 0 ? undefined : texts.join('\n\n');
}
