import type { UpstreamPool } from '../upstream/upstream.ts';
import type { Binding, Entrance } from './binding.ts';
import type { Missing } from './notices.ts';

/** What works and what does not, for an operator. */
export interface ReadinessReport {
  readonly ok: boolean;
  readonly draining: boolean;
  readonly upstreams: readonly { readonly id: string; readonly required: boolean; readonly reachable: boolean }[];
  /** Lists in which an upstream is missing, or stands with an old list. */
  readonly missing: readonly (Omit<Missing, 'since'> & { readonly binding: string; readonly since: string })[];
}

export interface Readiness {
  /** Whether all required upstreams of the bindings can be reached. Asking makes the gateway try those that cannot. */
  isReady(): boolean;
  report(draining: boolean): ReadinessReport;
}

/** @param optional ids of upstreams that may be down while the gateway is ready */
export function createReadiness(
  bindings: readonly Binding[],
  entrances: ReadonlyMap<string, Entrance>,
  optional: ReadonlySet<string>,
): Readiness {
  const upstreams = [...new Set(bindings.flatMap(binding => binding.upstreams))];
  const isRequired = ({ id }: UpstreamPool) => !optional.has(id);
  const isReady = () => {
    const missing = upstreams.filter(upstream => isRequired(upstream) && !upstream.ready);
    // Nobody sends requests to a gateway that is not ready, so it must find its way back by itself.
    for (const upstream of missing) upstream.start().catch(() => {});
    return missing.length === 0;
  };
  return {
    isReady,
    report: draining => ({
      ok: isReady() && !draining,
      draining,
      upstreams: upstreams.map(each => ({ id: each.id, required: isRequired(each), reachable: each.ready })),
      missing: [...entrances.values()].flatMap(({ id, notices }) =>
        notices.missing().map(({ since, ...each }) => ({ binding: id, ...each, since: new Date(since).toISOString() })),
      ),
    }),
  };
}
