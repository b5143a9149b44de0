import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Route } from './binding.ts';

/**
 * What a binding offers: what its upstreams offer and the gateway passes on. Subscriptions to single resources and
 * tasks are not among it, because all clients share one session with an upstream.
 */
export function capabilitiesOf(route: Route): JsonObject {
  const offered = route.members.flatMap(({ upstream }) =>
    upstream.initialized === undefined ? [] : [upstream.initialized.capabilities],
  );
  const found = (name: string) => offered.some(capabilities => capabilities[name] !== undefined);
  // Where an upstream is still to come, its lists will be new ones.
  const isComplete = offered.length === route.members.length;
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

/** The instructions of the upstreams, each under its id when there are several. */
export function instructionsOf(route: Route): string | undefined {
  const several = route.members.length > 1;
  const texts = route.members.flatMap(({ upstream }) => {
    const text = upstream.initialized?.instructions;
    return text === undefined ? [] : [several ? `## ${upstream.id}\n\n${text}` : text];
  });
  return texts.length === 0 ? undefined : texts.join('\n\n');
}
