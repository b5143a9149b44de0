import type { Refusal } from '../contract/hook-call.ts';
import type { HeardCall } from './capability.ts';
import type { Facilities } from './facilities.ts';

/** Refused uses by plugin, capability and reason. */
export const refusalsMetric = 'sallyport_capability_refusals_total';

const longest = 1000;

/** Counts a refused use and writes it down for the audit. */
export function recordRefusal(
  { metrics, audit, mask }: Facilities,
  { plugin, capability, refused: { what, reason, times } }: { plugin: string; capability: string; refused: Refusal },
  { requestId, tenant, subject }: HeardCall,
): void {
  metrics.series(refusalsMetric, { plugin, capability, reason }).add(times ?? 1);
  audit.write({
    event: 'capability.refused',
    ...{ plugin, capability, request: requestId, tenant, subject },
    // Masked before it is cut: the first half of a value would be nothing that the mask knows.
    details: { what: mask.text(what).slice(0, longest), reason, ...(times === undefined ? {} : { times }) },
  });
}
