import type { HeardCall } from './capability.ts';
import type { Facilities } from './facilities.ts';

/** Counts a refused use and writes it down for the audit. */
export function recordRefusal(
  { metrics, audit }: Facilities,
  { plugin, capability, what }: { plugin: string; capability: string; what: string },
  { requestId, tenant, subject }: HeardCall,
): void {
  metrics.series('sallyport_capability_refusals_total', { plugin, capability }).add(1);
  audit.write({
    event: 'capability.refused',
    ...{ plugin, capability, request: requestId, tenant, subject },
    details: { what: what.slice(0, 1000) },
  });
}
