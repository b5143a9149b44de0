import type { UpstreamReport } from '../../admin/answer/upstream.ts';
import type { Config, UpstreamConfig } from '../../config/config.ts';
import { toFault } from '../../core/fault.ts';
import type { Metrics } from '../../core/metrics.ts';
import type { ServerInfo } from '../../mcp/server-info.ts';
import type { UpstreamPool } from '../../upstream/upstream.ts';

export interface UpstreamReportOptions {
  readonly entry: UpstreamConfig;
  /** Absent while it is being opened. */
  readonly pool: UpstreamPool | undefined;
  readonly bindings: Config['bindings'];
  readonly metrics: Metrics;
}

/** Describes an upstream as it is now. */
export function upstreamReport({ entry, pool, bindings, metrics }: UpstreamReportOptions): UpstreamReport {
  const { id, required } = entry;
  const url = urlOf(entry);
  const instances = metrics.read('sallyport_upstream_instance_healthy', { upstream: id });
  const failure = pool?.lastFailure;
  return {
    ...{ id, kind: entry.http ? 'http' : entry.openapi ? 'openapi' : 'stdio', required },
    ...(url !== undefined && { url }),
    reachable: pool?.ready ?? false,
    bindings: bindings.filter(each => each.upstreams.includes(id)).map(binding => binding.id),
    ...serverOf(pool?.serverInfo),
    connections: metrics.read('sallyport_upstream_connections', { upstream: id })[0]?.value ?? 0,
    requests: requestsOf(id, metrics),
    ...(instances.length > 0 && {
      instances: instances.map(({ labels: { instance = '' }, value }) => ({ id: instance, healthy: value === 1 })),
    }),
    ...(failure !== undefined && { last_failure: failureReport(failure) }),
  };
}

/** Returns a URL without user, query and fragment. */
function urlOf({ http, openapi }: UpstreamConfig): string | undefined {
  const stated = http?.url ?? openapi?.base_url;
  const url = stated === undefined ? null : URL.parse(stated);
  return url === null ? undefined : `${url.origin}${url.pathname}`;
}

function serverOf(info: ServerInfo | undefined): Pick<UpstreamReport, 'server' | 'revision'> {
  if (info === undefined) return {};
  const { name, version } = info.implementation;
  return {
    revision: info.revision,
    ...(typeof name === 'string' && { server: { name, version: typeof version === 'string' ? version : '' } }),
  };
}

function requestsOf(upstream: string, metrics: Metrics): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { labels, value } of metrics.read('sallyport_upstream_requests_total', { upstream })) {
    const { outcome = '' } = labels;
    counts[outcome] = (counts[outcome] ?? 0) + value;
  }
  return counts;
}

function failureReport({ at, reason }: NonNullable<UpstreamPool['lastFailure']>) {
  const { code, hint } = toFault(reason);
  return { at: new Date(at).toISOString(), code, hint };
}
