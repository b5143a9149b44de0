import type { Config, UpstreamConfig } from '../config/config.ts';
import { type Fault, Faults, toFaults } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import { createUpstreamPool } from '../upstream/mcp/create-upstream.ts';
import { reachUpstream } from '../upstream/reach-upstream.ts';
import type { UpstreamPool } from '../upstream/upstream.ts';

/** The upstreams of a configuration, by id. Disposing closes their connections and ends the attempts to connect. */
export interface Upstreams extends AsyncDisposable {
  /** Returns those with these ids, in this order. loadConfig has checked that all exist. */
  pick(ids: readonly string[]): readonly UpstreamPool[];
}

export interface UpstreamsContext {
  readonly log: Log;
  readonly metrics: Metrics;
  /** Reads a secret of the configuration now; undefined when it cannot be read. */
  readonly secret: (name: string) => string | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Connects the required upstreams, and starts to connect the others, which continues until they are closed.
 * @throws Faults of every required upstream that cannot be reached; then none is left open
 */
export async function openUpstreams(
  { upstreams: entries, limits }: Config,
  { log, metrics, secret, signal }: UpstreamsContext,
): Promise<Upstreams> {
  await using opened = new AsyncDisposableStack();
  metrics.declare(connectionsMetric, { type: 'gauge', help: 'Connections with each upstream.' });
  const pools = new Map(entries.map(entry => [entry.id, opened.use(poolOf(entry, limits, { log, metrics, secret }))]));
  const closing = new AbortController();
  opened.defer(() => closing.abort());
  const faults: Fault[] = [];
  await Promise.all(
    entries.map(async ({ id, required }) => {
      const pool = pools.get(id);
      if (!required && pool !== undefined) return void reachUpstream(pool, log, closing.signal);
      try {
        await pool?.start(signal);
      } catch (error) {
        faults.push(...toFaults(error).map(fault => fault.with({ upstream: id })));
      }
    }),
  );
  if (faults.length > 0) throw new Faults(faults);
  const stack = opened.move();
  return {
    pick: ids => ids.flatMap(id => pools.get(id) ?? []),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const connectionsMetric = 'sallyport_upstream_connections';

function poolOf(
  entry: UpstreamConfig,
  limits: Config['limits'],
  { log, metrics, secret }: Omit<UpstreamsContext, 'signal'>,
): UpstreamPool {
  const connections = metrics.series(connectionsMetric, { upstream: entry.id });
  return createUpstreamPool(entry, {
    log,
    secret,
    startTimeoutMs: limits.upstream_start_ms,
    maxAnswerBytes: limits.answer_bytes,
    requestTimeoutMs: limits.request_timeout_ms,
    maxRequestTimeoutMs: limits.max_request_timeout_ms,
    onCount: count => connections.set(count),
  });
}
