import type { Config, UpstreamConfig } from '../config/config.ts';
import { Faults, toFaults } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import { createUpstreamPool } from '../upstream/mcp/create-upstream.ts';
import { reachUpstream } from '../upstream/reach-upstream.ts';
import type { UpstreamPool } from '../upstream/upstream.ts';

/** The upstreams of a configuration, by id. Disposing closes their connections and ends the attempts to connect. */
export interface Upstreams extends AsyncDisposable {
  /** Returns those with these ids, in this order. loadConfig has checked that all exist. */
  pick(ids: readonly string[]): readonly UpstreamPool[];
  /**
   * Opens one more, and connects it first if it is required.
   * @throws Faults if it is required and cannot be reached; then it is closed again
   */
  add(entry: UpstreamConfig): Promise<UpstreamPool>;
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
  const closing = new AbortController();
  const pools = new Map<string, UpstreamPool>();
  const all = opened.use(new AsyncDisposableStack());
  opened.defer(() => closing.abort());
  const open = async (entry: UpstreamConfig, aborted: AbortSignal | undefined) => {
    const pool = poolOf(entry, limits, { log, metrics, secret });
    const { id, required } = entry;
    try {
      if (required) await pool.start(aborted);
      else void reachUpstream(pool, log, closing.signal);
    } catch (error) {
      await pool[Symbol.asyncDispose]();
      throw new Faults(toFaults(error).map(fault => fault.with({ upstream: id })));
    }
    pools.set(id, all.use(pool));
    return pool;
  };
  const results = await Promise.allSettled(entries.map(entry => open(entry, signal)));
  const faults = results.flatMap(each => (each.status === 'rejected' ? toFaults(each.reason) : []));
  if (faults.length > 0) throw new Faults(faults);
  const stack = opened.move();
  return {
    pick: ids => ids.flatMap(id => pools.get(id) ?? []),
    add: entry => open(entry, closing.signal),
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
