import { bounded } from '../core/bounded.ts';
import { toFault } from '../core/fault.ts';
import type { PluginTrouble } from '../hook/plugin-health.ts';
import type { ConnectFailure, UpstreamPool } from '../upstream/upstream.ts';
import type { OpenBinding } from './binding.ts';
import type { Missing } from './list-warnings.ts';

/** The state of the gateway, for an operator. */
export interface ReadinessReport {
  readonly ok: boolean;
  readonly draining: boolean;
  readonly upstreams: readonly UpstreamReport[];
  /** Plugins that are currently not called. */
  readonly plugins: readonly (Omit<PluginTrouble, 'since'> & { readonly binding: string; readonly since: string })[];
  /** Calls of plugins in shadow that were not made, because too many were under way or the plugin keeps failing. */
  readonly shadow_dropped: readonly { readonly plugin: string; readonly calls: number }[];
  /** Lists in which an upstream is missing, or has an outdated list. */
  readonly missing: readonly (Omit<Missing, 'since'> & { readonly binding: string; readonly since: string })[];
}

interface UpstreamReport {
  readonly id: string;
  readonly required: boolean;
  readonly reachable: boolean;
  /** Why the last attempt to connect failed, if none has succeeded since. */
  readonly last_failure?: { readonly at: string; readonly code: string; readonly hint: unknown };
}

export interface Readiness {
  /** Returns whether all required upstreams can be reached, and retries those that cannot. */
  isReady(): boolean;
  report(draining: boolean): ReadinessReport;
}

/** @param optional ids of upstreams that may be down while the gateway is ready */
export function createReadiness(open: ReadonlyMap<string, OpenBinding>, optional: ReadonlySet<string>): Readiness {
  const chains = () => [...open.values()].map(({ id, current: { chain } }) => ({ id, chain }));
  const inUse = () => [...new Set([...open.values()].flatMap(binding => binding.upstreams))];
  const isRequired = ({ id }: UpstreamPool) => !optional.has(id);
  const isReady = () => {
    const missing = inUse().filter(upstream => isRequired(upstream) && !upstream.ready);
    // A gateway that is not ready gets no requests, so it must recover by itself.
    for (const upstream of missing) upstream.start().catch(() => {});
    return missing.length === 0;
  };
  // A list is known to be complete when it is read again; `initialize` works as soon as its upstream can be reached.
  const isOver = ({ upstream, method, code }: Missing) =>
    method === 'initialize' && code !== 'overloaded' && inUse().some(({ id, ready }) => id === upstream && ready);
  return {
    isReady,
    report: draining => ({
      ok: isReady() && !draining,
      draining,
      upstreams: inUse().map(each => ({
        ...{ id: each.id, required: isRequired(each), reachable: each.ready },
        ...(each.lastFailure && { last_failure: failureReport(each.lastFailure) }),
      })),
      plugins: chains().flatMap(({ id, chain }) =>
        chain.troubles().map(({ since, ...each }) => ({ binding: id, ...each, since: dateOf(since) })),
      ),
      shadow_dropped: [
        ...new Map(
          chains()
            .flatMap(({ chain }) => chain.dropped())
            .map(each => [each.plugin, each]),
        ).values(),
      ],
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
