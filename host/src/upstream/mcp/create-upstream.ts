import { type Log, silentLog } from '../../core/log.ts';
import type { Metrics } from '../../core/metrics.ts';
import { createAddressCheck } from '../../core/public-address.ts';
import { createPinnedLookup, type ResolveName, resolveBySystem } from '../../egress/resolve-name.ts';
import { anonymous, type Principal } from '../../identity/principal.ts';
import type { Accounts } from '../auth/account-connection.ts';
import type { AuthEntry } from '../auth/auth-entry.ts';
import { ConnectionAuth } from '../auth/connection-auth.ts';
import { createUpstreamAuth } from '../auth/create-auth.ts';
import type { CallerAuth, UpstreamAuth } from '../auth/credential.ts';
import type { TokenContext } from '../auth/token-endpoint.ts';
import { createInstances, type InstancesEntry } from '../instance/create-instances.ts';
import type { RequestCounts } from '../request-counts.ts';
import type { UpstreamPool } from '../upstream.ts';
import { CallerPools } from './caller-pools.ts';
import type { Command } from './child-process.ts';
import type { ConnectionContext, RequestTimes, UpstreamLimits } from './connection.ts';
import { initialize } from './handshake/initialize.ts';
import type { HttpAddress } from './http-client.ts';
import { connectHttp } from './http-connection.ts';
import type { ConnectionGroup } from './open-connections.ts';
import { createServerAnswers } from './server-request.ts';
import { connectStdio } from './stdio-connection.ts';
import { ConnectionPool, type DialEvents, type PoolOptions } from './upstream-pool.ts';

/** One entry of `upstreams` in sallyport.yaml. */
export type UpstreamEntry = {
  readonly id: string;
  /** Milliseconds that a request may take without progress; the gateway's own limit when absent. */
  readonly timeout_ms?: number | undefined;
  /** Milliseconds that a request may take however much progress it shows; the gateway's own limit when absent. */
  readonly max_timeout_ms?: number | undefined;
  /** Whether each client session has its own connection; `per_session` when absent. */
  readonly connections?: 'per_session' | 'shared' | undefined;
  /** Connections at one time; 16 over stdio and 256 over HTTP when absent. */
  readonly max_connections?: number | undefined;
  /** Milliseconds without a request after which a connection ends; half an hour when absent. */
  readonly idle_ms?: number | undefined;
  /** The credentials that the gateway sends; none of its own when absent. */
  readonly auth?: AuthEntry | undefined;
  /** Where it may be; everywhere when absent. */
  readonly confined?: Confinement | undefined;
} & (
  | { readonly stdio: Command; readonly http?: undefined; readonly openapi?: undefined }
  | {
      readonly http: HttpAddress & { readonly [name in keyof InstancesEntry]?: InstancesEntry[name] | undefined };
      readonly stdio?: undefined;
      readonly openapi?: undefined;
    }
);

/** Confines an upstream to public addresses and to networks that are named. */
export interface Confinement {
  /** Networks, in CIDR form, that may be reached although they are not public. */
  readonly allow_private: readonly string[];
}

export interface UpstreamContext {
  readonly log?: Log;
  /** Milliseconds that starting and the handshake may take; 60,000 when absent (npx may have to download). */
  readonly startTimeoutMs?: number;
  /** Bytes of one answer; 32 MiB when absent. */
  readonly maxAnswerBytes?: number;
  /** Milliseconds that a request may take without progress; 60,000 when absent. */
  readonly requestTimeoutMs?: number | undefined;
  /** Milliseconds that a request may take in all; 600,000 when absent. */
  readonly maxRequestTimeoutMs?: number | undefined;
  /** Reads a secret that `auth` names; there are none when absent. */
  readonly secret?: TokenContext['secret'] | undefined;
  /** Whether tenants have values of their own of a secret; none when absent. */
  readonly isPerTenant?: TokenContext['isPerTenant'];
  /** Milliseconds that an authorization server may take to answer; 10,000 when absent. */
  readonly tokenTimeoutMs?: number | undefined;
  /** Where users connect accounts, if they can. */
  readonly accounts?: Accounts | undefined;
  /** Called with the number of connections whenever it changes. */
  readonly onCount?: (connections: number) => void;
  /** Counts the requests. */
  readonly counts?: RequestCounts | undefined;
  /** Gets numbers of each instance, where the upstream has several. */
  readonly metrics?: Metrics | undefined;
  /** Replaces how the names of confined upstreams become addresses. */
  readonly resolve?: ResolveName | undefined;
}

/** A child process uses this machine's memory, a session another machine's. */
const mostConnections = { stdio: 16, http: 256 };

/** Creates an upstream of either transport. Nothing is connected before `start` or the first request. */
export function createUpstreamPool(entry: UpstreamEntry, context: UpstreamContext = {}): UpstreamPool {
  const { secret = () => undefined, isPerTenant, tokenTimeoutMs: timeoutMs = 10_000 } = context;
  const tokens = { upstream: entry.id, secret, isPerTenant, timeoutMs };
  const auth = entry.auth && createUpstreamAuth(entry.auth, tokens, context.accounts);
  const { instances, health, session_lost } = entry.http ?? {};
  if (entry.http === undefined || instances === undefined) return openPool(entry, context, auth);
  const { http } = entry;
  const counts = new Map<string, number>();
  return createInstances(
    entry.id,
    { instances, health, session_lost },
    {
      ...{ log: context.log ?? silentLog(), metrics: context.metrics },
      credentialHeader: auth?.place,
      isPerCaller: auth?.isPerCaller === true,
      closes: auth,
      open({ url, max_connections = entry.max_connections }) {
        const onCount = (count: number) => {
          counts.set(url, count);
          context.onCount?.([...counts.values()].reduce((sum, each) => sum + each, 0));
        };
        // The instances share the credentials, which are closed after all of them.
        const shared: UpstreamAuth | undefined = auth && withoutClosing(auth);
        return openPool(
          { ...entry, http: { url, headers: http.headers }, max_connections },
          { ...context, onCount },
          shared,
        );
      },
    },
  );
}

/** Creates what finds the addresses of a confined upstream, each time that it is connected. */
const createConfinedLookup = ({ allow_private }: Confinement, resolve: ResolveName = resolveBySystem) =>
  createPinnedLookup(resolve, createAddressCheck(allow_private));

const withoutClosing = (auth: UpstreamAuth): UpstreamAuth => ({
  isPerCaller: auth.isPerCaller,
  keyOf: auth.keyOf,
  place: auth.place,
  check: () => auth.check(),
  for: caller => auth.for(caller),
  async [Symbol.asyncDispose]() {},
});

/** Opens the connections with one server. */
function openPool(entry: UpstreamEntry, context: UpstreamContext, auth: UpstreamAuth | undefined): UpstreamPool {
  const { id } = entry;
  const log = context.log ?? silentLog();
  const limits: UpstreamLimits = {
    ...timesOf(entry, context),
    startTimeoutMs: context.startTimeoutMs ?? 60_000,
    maxAnswerBytes: context.maxAnswerBytes ?? 32 * 1024 * 1024,
  };
  const answerServer = createServerAnswers(id, log);
  const isShared = entry.connections === 'shared';
  if (isShared) {
    const warning =
      'all clients can see and change what the server keeps for one client (a login, a browser, stored values)';
    log.warn({ upstream: id, connections: 'shared' }, warning);
  }
  const base: Omit<PoolOptions, 'dial'> = {
    id,
    url: entry.http && new URL(entry.http.url),
    isShared,
    maxConnections: entry.max_connections ?? mostConnections[entry.stdio ? 'stdio' : 'http'],
    idleMs: entry.idle_ms ?? 30 * 60_000,
    times: limits,
    log,
    onCount: context.onCount,
    counts: context.counts,
  };
  const lookup = entry.confined && createConfinedLookup(entry.confined, context.resolve);
  const dial = (events: DialEvents, own?: Pick<ConnectionContext, 'auth'>) => {
    const whole: ConnectionContext = { ...events, ...own, handshake: initialize, log, limits, answerServer };
    const hiding = whole.auth?.hiding(whole) ?? whole;
    return entry.stdio ? connectStdio(id, entry.stdio, hiding) : connectHttp(id, { ...entry.http, lookup }, hiding);
  };
  if (auth === undefined) return new ConnectionPool({ ...base, dial });
  const together: ConnectionGroup = new Set();
  const optionsFor = (caller: Principal) => ({ ...base, ...authorized(auth.for(caller), dial, entry) });
  if (!auth.isPerCaller) return new ConnectionPool({ ...optionsFor(anonymous), closes: auth });
  const open = (caller: Principal) => new ConnectionPool({ ...optionsFor(caller), together });
  return new CallerPools({ id, auth, open });
}

/** Returns the part of a pool's options by which its connections have the credentials of one caller. */
function authorized(
  credentials: CallerAuth,
  dial: (events: DialEvents, own: Pick<ConnectionContext, 'auth'>) => ReturnType<PoolOptions['dial']>,
  { http }: UpstreamEntry,
): Pick<PoolOptions, 'credentialHeader' | 'prepare' | 'dial' | 'credentials'> {
  return {
    credentialHeader: http && credentials.place,
    credentials,
    prepare: async () => void (await credentials.current()),
    dial: events => dial(events, { auth: new ConnectionAuth(credentials) }),
  };
}

/** Returns the time limits of the requests of an upstream: its own, or those of the gateway. */
export function timesOf(
  entry: Pick<UpstreamEntry, 'id' | 'timeout_ms' | 'max_timeout_ms'>,
  context: Pick<UpstreamContext, 'requestTimeoutMs' | 'maxRequestTimeoutMs'>,
): RequestTimes {
  const { id, timeout_ms, max_timeout_ms } = entry;
  const idle =
    timeout_ms === undefined
      ? { ms: context.requestTimeoutMs ?? 60_000, setting: 'limits.request_timeout_ms' }
      : { ms: timeout_ms, setting: `upstreams.${id}.timeout_ms` };
  const whole =
    max_timeout_ms === undefined
      ? { ms: context.maxRequestTimeoutMs ?? 600_000, setting: 'limits.max_request_timeout_ms' }
      : { ms: max_timeout_ms, setting: `upstreams.${id}.max_timeout_ms` };
  if (whole.ms >= idle.ms) return { idle, whole };
  // The upstream's own setting wins; the config refuses an entry that contradicts itself.
  return max_timeout_ms === undefined ? { idle, whole: idle } : { idle: whole, whole };
}
