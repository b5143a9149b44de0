import type { HeaderError } from '../../contract/generated/upstream-headers.js';
import type { RefusalReason } from '../../contract/hook-call.ts';
import { cut } from '../../core/cut.ts';
import { isHeaderName, isHeaderValue } from '../../core/http-header.ts';
import { DeclaredError, type LaneContext, type LaneSide } from '../lane/lane-side.ts';
import { isReservedHeader } from './lane/reserved-header.ts';

/** What the lane needs of a grant. */
interface UpstreamHeadersGrant {
  readonly names: readonly string[];
  readonly max_bytes: number;
  /** Allows every header that can be granted, for `plugin test`. No grant of an operator has it. */
  readonly any?: true;
}

/** A header that a plugin set; the name in lower case, the value with its placeholders. */
export interface UpstreamHeader {
  readonly name: string;
  readonly value: string;
}

const wit = 'sallyport:plugin/upstream-headers';
const longestName = 256;

const refuse = (tag: HeaderError['tag'], why: string): never => {
  throw new DeclaredError({ tag, val: why } satisfies HeaderError);
};
const notGranted = () => refuse('denied', 'upstream_headers was not granted');

/** What guests get of `upstream_headers`. */
export const upstreamHeadersInLane = {
  name: 'upstream_headers',
  wit: [`${wit}@0.1.0`],
  imports: (grant, lane) => ({ [wit]: { set: (name: string, value: string) => setHeader(grant, lane, name, value) } }),
  denied: { [wit]: { set: notGranted } },
  learning: {
    imports: tell => ({
      [wit]: {
        set: (name: string) => {
          tell({ name: cut(name, longestName).toLowerCase() });
          notGranted();
        },
      },
    }),
  },
} satisfies LaneSide<UpstreamHeadersGrant>;

function setHeader(grant: UpstreamHeadersGrant, lane: LaneContext, given: string, value: string): void {
  const name = given.toLowerCase();
  const shown = cut(name, 64);
  const refuseUse = (tag: HeaderError['tag'], why: string, reason: RefusalReason) => {
    lane.refused(`set: ${why}`, reason);
    refuse(tag, why);
  };
  if (!isHeaderName(name) || !isHeaderValue(value)) {
    refuseUse('invalid', `the header ${shown} is not well-formed`, 'invalid');
  }
  if (isReservedHeader(name)) refuseUse('denied', `the header ${shown} can only be set by the gateway`, 'not_allowed');
  if (grant.any !== true && !grant.names.includes(name)) {
    refuseUse('denied', `the header ${shown} is not named by the grant`, 'not_allowed');
  }
  if (value.length > grant.max_bytes) {
    refuseUse('invalid', `the value of ${shown} has more than ${grant.max_bytes} bytes`, 'over_limit');
  }
  if (lane.caller.upstreamTakesHeaders !== true) {
    refuse('unavailable', 'there is no HTTP request to an upstream whose headers could be set');
  }
  if (!lane.tell({ name, value } satisfies UpstreamHeader)) {
    refuse('invalid', 'this hook call has set more headers than one call may');
  }
}
