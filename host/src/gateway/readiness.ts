import { bounded } from '../core/bounded.ts';
import { toFault } from '../core/fault.ts';
import type { PluginTrouble } from '../hook/plugin-health.ts';
import type { ConnectFailure, UpstreamPool } from '../upstream/upstream.ts';
import type { Binding, OpenBinding } from './binding.ts';
import type { Missing } from './notices.ts';

/** What works and what does not, for an operator. */
export interface ReadinessReport {
  readonly ok: boolean;
  readonly draining: boolean;
  readonly upstreams: readonly UpstreamReport[];
  /** Plugins that are not called at present. */
  readonly plugins: readonly (Omit<PluginTrouble, 'since'> & { readonly binding: string; readonly since: string })[];
  /** Lists in which an upstream is missing, or stands with an old list. */
  readonly missing: readonly (Omit<Missing, 'since'> & { readonly binding: string; readonly since: string })[];
}

interface UpstreamReport {
  readonly id: string;
  readonly required: boolean;
  readonly reachable: boolean;
  /** Why the last attempt to connect failed, where none has succeeded since. */
  readonly last_failure?: { readonly at: string; readonly code: string; readonly hint: unknown };
}

export interface Readiness {
  /** Whether all required upstreams of the bindings can be reached. Asking makes the gateway try those that cannot. */
  isReady(): boolean;
  report(draining: boolean): ReadinessReport;
}

/** @param optional ids of upstreams that may be down while the gateway is ready */
export function createReadiness(
  bindings: readonly Binding[],
  open: ReadonlyMap<string, OpenBinding>,
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
  // A list is known to be whole when it is read again; `initialize` would work as soon as its upstream can be reached.
  const isOver = ({ upstream, method, code }: Missing) =>
    method === 'initialize' && code !== 'overloaded' && upstreams.some(({ id, ready }) => id === upstream && ready);
  return {
    isReady,
    report: draining => ({
      ok: isReady() && !draining,
      draining,
      upstreams: upstreams.map(each => ({
        ...{ id: each.id, required: isRequired(each), reachable: each.ready },
        ...(each.lastFailure && { last_failure: failureReport(each.lastFailure) }),
      })),
      plugins: bindings.flatMap(({ id, chain }) =>
        chain.chain.troubles().map(({ since, ...each }) => ({ binding: id, ...each, since: dateOf(since) })),
      ),
      missing: [...open.values()].flatMap(({ id, notices }) =>
        notices
          .missing()
          .filter(each => !isOver(each))
          .map(({ since, ...each }) => ({ binding: id, ...each, since: dateOf(since) })),
      ),
    }),
  };
}

function failureReport({ at, reason }: ConnectFailure) {
  const { code, hint } = toFault(reason);
  return { at: dateOf(at), code, hint: bounded(hint) };
}

const dateOf = (ms: number) => new Date(ms).toISOString();
