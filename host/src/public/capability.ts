/** What host powers there are, what a plugin is granted of them, and how they are opened for one. */

export type { Capability } from '../capability/capability.ts';
export type { Facilities } from '../capability/facilities.ts';
export { decideGrant, type Grant } from '../capability/grant.ts';
export type { HostImports, LaneContext } from '../capability/lane/lane-side.ts';
export { openFacilities } from '../capability/open-facilities.ts';
export { capabilities, grantsSchema } from '../capability/registry.ts';
