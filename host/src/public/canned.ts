/** How `plugin test` answers for each capability, instead of a gateway. */

export type { CannedContext, CannedSide } from '../capability/canned.ts';
export { cannedCapabilities } from '../capability/canned-registry.ts';
