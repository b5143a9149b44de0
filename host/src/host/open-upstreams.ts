import type { Secrets } from '../capability/secret-store/secrets.ts';
import type { Config, UpstreamConfig } from '../config/config.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import { Faults, toFaults } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import type { AccountConnection, Accounts } from '../upstream/auth/account-connection.ts';
import { createUpstreamPool } from '../upstream/mcp/create-upstream.ts';
import { checkOpenapi, createOpenapiPool } from '../upstream/openapi/create-openapi-pool.ts';
import { reachUpstream } from '../upstream/reach-upstream.ts';
import { RequestCounts } from '../upstream/request-counts.ts';
import type { UpstreamPool } from '../upstream/upstream.ts';
import type { Federation } from './federation.ts';
import type { OpenAccounts } from './open-accounts.ts';
import type { HeldPart, PartPool } from './reload/part-pool.ts';

/** The upstreams of a generation, by id. Disposing closes the connections of those that no other generation has. */
export interface Upstreams extends AsyncDisposable {
  all(): readonly UpstreamPool[];
  /** Returns those with these ids, in this order. loadConfig has checked that all exist. */
  pick(ids: readonly string[]): readonly UpstreamPool[];
  /** Must be called when requests begin to use them. */
  use(): void;
}

export interface UpstreamsContext {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly secrets: Pick<Secrets, 'read' | 'isPerTenant' | 'fingerprint'>;
  /** Where users connect accounts, if they can. */
  readonly accounts?: OpenAccounts | undefined;
  /** Checks lists, until connections are closed. */
  readonly federation: Pick<Federation, 'release'>;
  /** The upstreams that are open, of all generations. */
  readonly pool: PartPool<OpenUpstream>;
  readonly signal: AbortSignal | undefined;
}

/**
 * Opens the upstreams of a configuration, unless they are open with the same settings. Connects the new ones that are
 * required, and starts to connect the others, which continues until they are closed.
 * @throws Faults of every required upstream that cannot be reached; then none is left open that was not open before
 */
export async function openUpstreams(
  { upstreams: entries, limits, bindings }: Config,
  context: UpstreamsContext,
): Promise<Upstreams> {
  await using opened = new AsyncDisposableStack();
  const { metrics, log, signal, pool } = context;
  metrics.declare(connectionsMetric, { type: 'gauge', help: 'Connections with each upstream.' });
  const open = async (entry: UpstreamConfig): Promise<HeldPart<OpenUpstream>> => {
    const settings = { limits, isPrefixed: hasPrefix(entry.id, bindings) };
    const key = keyOf(entry, settings, context);
    const held = opened.use(await pool.hold(key, () => new OpenUpstream(entry, settings, context)));
    const { part } = held;
    if (entry.required && !part.isStarted) await part.start(signal);
    else if (!held.isReused) part.reach(log);
    return held;
  };
  const results = await Promise.allSettled(entries.map(open));
  const faults = results.flatMap(each => (each.status === 'rejected' ? toFaults(each.reason) : []));
  if (faults.length > 0) throw new Faults(faults);
  const parts = new Map(
    results.flatMap(each => (each.status === 'fulfilled' ? [[each.value.part.id, each.value.part] as const] : [])),
  );
  const stack = opened.move();
  return {
    all: () => [...parts.values()].map(({ pool: each }) => each),
    pick: ids => ids.flatMap(id => parts.get(id)?.pool ?? []),
    use() {
      for (const part of parts.values()) part.use();
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

interface UpstreamSettings {
  readonly limits: Config['limits'];
  /** Whether the names of its tools get its id as a prefix in some binding. */
  readonly isPrefixed: boolean;
}

/** Returns everything that an upstream is opened with, as text. Whether it is required is not part of it. */
function keyOf(
  { required: _, ...entry }: UpstreamConfig,
  { limits, isPrefixed }: UpstreamSettings,
  { secrets, accounts }: Pick<UpstreamsContext, 'secrets' | 'accounts'>,
): string {
  const { upstream_start_ms, answer_bytes, request_timeout_ms, max_request_timeout_ms } = limits;
  return canonicalJson({
    entry,
    limits: { upstream_start_ms, answer_bytes, request_timeout_ms, max_request_timeout_ms },
    isPrefixed: entry.openapi !== undefined && isPrefixed,
    // Any text of the entry may be the name of a secret.
    secrets: secrets.fingerprint(textsIn(entry)),
    accounts: entry.auth?.authorization_code === undefined ? undefined : accounts?.key,
  });
}

const textsIn = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
};

/** One upstream of the configuration, with its connections. */
export class OpenUpstream implements AsyncDisposable {
  readonly id: string;
  readonly pool: UpstreamPool;
  readonly #reaching = new AbortController();
  readonly #federation: UpstreamsContext['federation'];
  readonly #metrics: Metrics;
  readonly #accounts: OpenAccounts | undefined;
  /** Where users connect accounts; set while the upstream is being created. */
  #connection: AccountConnection | undefined;
  #isStarted = false;

  constructor(entry: UpstreamConfig, settings: UpstreamSettings, context: UpstreamsContext) {
    const { accounts } = context;
    this.id = entry.id;
    this.#metrics = context.metrics;
    this.#federation = context.federation;
    this.#accounts = accounts;
    const offering = accounts && {
      ...accounts.accounts,
      // No account can be connected before requests use the upstream.
      offer: (_upstream: string, connection: AccountConnection) => {
        this.#connection = connection;
      },
    };
    const onCount = (count: number) => countConnections(context.metrics, this, count);
    this.pool = poolOf(entry, settings, { ...context, accounts: offering, onCount });
  }

  /** Whether it has been reached when it was opened. */
  get isStarted(): boolean {
    return this.#isStarted;
  }

  /** Connects now. @throws Faults */
  async start(signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.pool.start(signal);
      this.#isStarted = true;
    } catch (error) {
      throw new Faults(toFaults(error).map(fault => fault.with({ upstream: this.id })));
    }
  }

  /** Connects beside everything else, until that succeeds or the upstream is closed. */
  reach(log: Log): void {
    void reachUpstream(this.pool, log, this.#reaching.signal);
  }

  /** Must be called when requests begin to use it. */
  use(): void {
    if (this.#connection !== undefined) this.#accounts?.connect.flows.offer(this.id, this.#connection);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#reaching.abort();
    if (this.#connection !== undefined) this.#accounts?.connect.flows.withdraw(this.id, this.#connection);
    await this.#federation.release(this.pool);
    await this.pool[Symbol.asyncDispose]();
    countConnections(this.#metrics, this, undefined);
  }
}

/** The connections of each upstream that is open, by the metrics that count them. Two of an id are open during a change. */
const counted = new WeakMap<Metrics, Map<OpenUpstream, number>>();

/** @param count undefined if the upstream is closed */
function countConnections(metrics: Metrics, upstream: OpenUpstream, count: number | undefined): void {
  const counts = counted.get(metrics) ?? new Map<OpenUpstream, number>();
  counted.set(metrics, counts);
  if (count === undefined) counts.delete(upstream);
  else counts.set(upstream, count);
  const labels = { upstream: upstream.id };
  const ofId = [...counts].filter(([{ id }]) => id === upstream.id);
  if (ofId.length === 0) metrics.remove(connectionsMetric, labels);
  else metrics.series(connectionsMetric, labels).set(ofId.reduce((sum, [, each]) => sum + each, 0));
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

function poolOf(
  entry: UpstreamConfig,
  { limits, isPrefixed }: UpstreamSettings,
  {
    log,
    metrics,
    secrets,
    accounts,
    onCount,
  }: Pick<UpstreamsContext, 'log' | 'metrics' | 'secrets'> & {
    readonly accounts: Accounts | undefined;
    readonly onCount: (count: number) => void;
  },
): UpstreamPool {
  metrics.series(connectionsMetric, { upstream: entry.id });
  const context = {
    log,
    secret: (name: string, tenant?: string) => secrets.read(name, tenant),
    isPerTenant: (name: string) => secrets.isPerTenant(name),
    accounts,
    startTimeoutMs: limits.upstream_start_ms,
    maxAnswerBytes: limits.answer_bytes,
    requestTimeoutMs: limits.request_timeout_ms,
    maxRequestTimeoutMs: limits.max_request_timeout_ms,
    onCount,
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
