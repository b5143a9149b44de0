import { createOverlayKv } from '../state/overlay-kv.ts';
import type { Capability } from './capability.ts';
import type { Facilities } from './facilities.ts';
import type { Grant } from './grant.ts';

/**
 * Reduces a grant to what a plugin in shadow may do: it reads, and nothing that it does has an effect. Capabilities with
 * effects that cannot be discarded become denied, and their uses are refused and recorded.
 */
export function shadowGrant(grant: Grant, capabilities: readonly Capability[]): Grant {
  const works = new Set(
    capabilities.filter(each => each.always === true || each.worksInShadow === true).map(({ name }) => name),
  );
  const granted = new Map([...grant.granted].filter(([name]) => works.has(name)));
  const refusedInShadow = new Set([...grant.granted.keys()].filter(name => !works.has(name)));
  const denied = new Set([...grant.denied, ...refusedInShadow]);
  return { ...grant, granted, denied, isShadow: true, refusedInShadow };
}

/** Returns the facilities for a plugin in shadow: what it stores is kept in memory, and never in the store. */
export const shadowFacilities = (facilities: Facilities): Facilities => ({
  ...facilities,
  kv: () => createOverlayKv(facilities.kv()),
});
