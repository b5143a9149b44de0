import type { Config, UpstreamConfig } from '../config/config.ts';
import { Faults, toFaults } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import type { Accounts } from '../upstream/auth/account-connection.ts';
import { createUpstreamPool } from '../upstream/mcp/create-upstream.ts';
import { checkOpenapi, createOpenapiPool } from '../upstream/openapi/create-openapi-pool.ts';
import { reachUpstream } from '../upstream/reach-upstream.ts';
import { RequestCounts } from '../upstream/request-counts.ts';
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
  readonly secret: (name: string, tenant?: string) => string | undefined;
  /** Whether tenants have values of their own of a secret. */
  readonly isPerTenant: (name: string) => boolean;
  /** Where users connect accounts, if they can. */
  readonly accounts?: Accounts | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Connects the required upstreams, and starts to connect the others, which continues until they are closed.
 * @throws Faults of every required upstream that cannot be reached; then none is left open
 */
export async function openUpstreams(
  { upstreams: entries, limits, bindings }: Config,
  { signal, ...context }: UpstreamsContext,
): Promise<Upstreams> {
  await using opened = new AsyncDisposableStack();
  const { log, metrics } = context;
  metrics.declare(connectionsMetric, { type: 'gauge', help: 'Connections with each upstream.' });
  const closing = new AbortController();
  const pools = new Map<string, UpstreamPool>();
  const all = opened.use(new AsyncDisposableStack());
  opened.defer(() => closing.abort());
  const open = async (entry: UpstreamConfig, aborted: AbortSignal | undefined, isPrefixed: boolean) => {
    const pool = poolOf(entry, { limits, isPrefixed }, context);
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
  const results = await Promise.allSettled(entries.map(entry => open(entry, signal, hasPrefix(entry.id, bindings))));
  const faults = results.flatMap(each => (each.status === 'rejected' ? toFaults(each.reason) : []));
  if (faults.length > 0) throw new Faults(faults);
  opened.defer(
    metrics.observe(upMetric, { type: 'gauge', help: 'Whether an upstream can be reached.' }, () =>
      [...pools].map(([upstream, { ready }]) => [{ upstream }, Number(ready)]),
    ),
  );
  const stack = opened.move();
  return {
    pick: ids => ids.flatMap(id => pools.get(id) ?? []),
    // It may be added to bindings with others.
    add: entry => open(entry, closing.signal, true),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Reads the OpenAPI documents of required upstreams as a start does. @returns for each what rejects with its Faults */
export const checkDocuments = (
  { upstreams, limits, bindings }: Config,
  log: Log,
  signal: AbortSignal | undefined,
): readonly Promise<void>[] =>
  upstreams.flatMap(entry =>
    entry.openapi === undefined || !entry.required
      ? []
      : checkOpenapi(
          entry,
          {
            ...{ log, startTimeoutMs: limits.upstream_start_ms },
            longestName: longestNameOf(entry.id, hasPrefix(entry.id, bindings)),
          },
          signal,
        ),
  );

const connectionsMetric = 'sallyport_upstream_connections';
const upMetric = 'sallyport_upstream_up';

function poolOf(
  entry: UpstreamConfig,
  { limits, isPrefixed }: Pick<Config, 'limits'> & { readonly isPrefixed: boolean },
  { log, metrics, secret, isPerTenant, accounts }: Omit<UpstreamsContext, 'signal'>,
): UpstreamPool {
  const connections = metrics.series(connectionsMetric, { upstream: entry.id });
  const context = {
    log,
    secret,
    isPerTenant,
    accounts,
    startTimeoutMs: limits.upstream_start_ms,
    maxAnswerBytes: limits.answer_bytes,
    requestTimeoutMs: limits.request_timeout_ms,
    maxRequestTimeoutMs: limits.max_request_timeout_ms,
    onCount: (count: number) => connections.set(count),
    counts: new RequestCounts(metrics, entry.id),
    metrics,
  };
  if (entry.openapi === undefined) return createUpstreamPool(entry, context);
  return createOpenapiPool(entry, { ...context, longestName: longestNameOf(entry.id, isPrefixed) });
}

/** Characters that many models allow in the name of a tool, and those that an upstream with a long id has left. */
const mostCharacters = 64;
const fewestCharacters = 16;

const longestNameOf = (id: string, isPrefixed: boolean): number =>
  Math.max(isPrefixed ? mostCharacters - `${id}__`.length : mostCharacters, fewestCharacters);

/** Whether the names of an upstream's tools get its id as a prefix in some binding. */
const hasPrefix = (id: string, bindings: Config['bindings']): boolean =>
  bindings.some(({ upstreams }) => upstreams.length > 1 && upstreams.includes(id));
