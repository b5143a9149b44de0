import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Log } from '../core/log.ts';
import { isLoopback } from '../core/loopback.ts';
import { Metrics } from '../core/metrics.ts';
import type { SecretMask } from '../core/secret-mask.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { HookCounts } from '../hook/hook-counts.ts';
import { type ClientAddress, peerAddress } from '../identity/client-address.ts';
import type { Principal } from '../identity/principal.ts';
import type { Revision } from '../mcp/revision/revision.ts';
import { createAccessAudit, type RefusedAccess } from './access-audit.ts';
import { AdminEndpoint, type AdminEndpointOptions } from './admin/admin-endpoint.ts';
import { type AdminAddress, AdminListener } from './admin/admin-listener.ts';
import { type AuditedCall, createCallAudit } from './call-audit.ts';
import { CallerRecheck } from './caller-recheck.ts';
import { createChallenge } from './challenge.ts';
import { ConnectEndpoint, type ConnectEndpointOptions } from './connect/connect-endpoint.ts';
import { Health } from './health.ts';
import { listenFault } from './listen-fault.ts';
import { createNodeServer } from './listener.ts';
import { observeLoad } from './load-gauges.ts';
import { McpEndpoint } from './mcp-endpoint.ts';
import { type MetricsAudience, MetricsEndpoint } from './metrics-endpoint.ts';
import type { OpenRequest, Tracing, WatchRequests } from './open-request.ts';
import { PluginsEndpoint } from './plugins-endpoint.ts';
import { createRequestLog } from './request-log.ts';
import { createCutOffCount, createMeasure } from './request-metrics.ts';
import { ResourceMetadata } from './resource-metadata.ts';
import { type RouteEntry, RouteMap } from './route-map.ts';
import { createListener } from './routes.ts';
import { type Authentication, createAuthenticate } from './step/authenticate.ts';
import { HostAndOrigin, type HostAndOriginOptions } from './step/host-and-origin.ts';
import { RunningRequests } from './step/running-requests.ts';
import { createSteps } from './step/steps.ts';
import { TlsCertificates, type TlsFiles } from './tls.ts';
import { Outbox } from './unread-answers.ts';

/** The limits of the server, from `limits` in sallyport.yaml. */
export interface HttpLimits {
  /** The maximum size of a request's body. */
  readonly body_bytes: number;
  readonly concurrent_requests: number;
  /** The maximum number of answer bytes that wait for clients to read them. */
  readonly waiting_bytes: number;
}

export interface AdminOptions extends AdminEndpointOptions {
  /** Absent if it is served at `/admin`. */
  readonly address?: AdminAddress | undefined;
  /** Gets each request to a binding when it has ended. */
  readonly watch: WatchRequests;
}

export interface HttpServerOptions extends HostAndOriginOptions {
  readonly gateway: Gateway;
  /** The revisions of MCP that are served. The server disposes of them. */
  readonly revisions: readonly Revision[];
  readonly limits: HttpLimits;
  readonly log: Log;
  /** The metrics for `/metrics`; the server adds its own. */
  readonly metrics?: Metrics;
  /** `loopback` by default. */
  readonly metricsFor?: MetricsAudience;
  /** Describes the plugins for `/plugins`, which is not served without it. */
  readonly plugins?: () => readonly object[];
  /** Follows requests for telemetry. */
  readonly tracing?: Tracing | undefined;
  /** Gets the requests that no rule of their binding allows, and those that a policy denies. */
  readonly audit?: (refusal: RefusedAccess) => void;
  /** Gets each request that reaches upstreams; without it, nothing is made of them. */
  readonly auditCall?: ((call: AuditedCall) => void) | undefined;
  /** Masks secrets in text of upstreams that `/readyz?verbose` quotes. */
  readonly mask?: SecretMask;
  /** Serves https with these certificates. */
  readonly tls?: TlsFiles | undefined;
  /** Finds the address of a client. Without it, it is the one at the other end of the connection. */
  readonly addressOf?: ClientAddress;
  /** At which URLs bindings are served; by default at the usual ones. */
  readonly routes?: readonly RouteEntry[] | undefined;
  /** How callers are authenticated. Without it, all are anonymous. */
  readonly authentication?: Authentication | undefined;
  /** How users connect accounts at upstreams, with a browser. */
  readonly connect?: ConnectEndpointOptions | undefined;
  /** The management API, at an address of its own or at `/admin`. Off without it. */
  readonly admin?: AdminOptions | undefined;
}

const unauthenticated: Authentication = { schemes: [], servesAnonymous: true };

/** See `Authentication.expiredCallsMs`. */
const usualExpiredCallsMs = 600_000;

/** The milliseconds that clients have to read that their request was aborted. */
const lastWordsMs = 500;

/** Serves a gateway over HTTP. Disposing of it disposes of the revisions that it serves, but not of the gateway. */
export class HttpServer implements AsyncDisposable {
  readonly #options: HttpServerOptions;
  readonly #hostAndOrigin: HostAndOrigin;
  readonly #running: RunningRequests<OpenRequest>;
  readonly #outbox: Outbox;
  readonly #endGauges: () => void;
  readonly #listener: RequestListener;
  readonly #listenerWith: (hostAndOrigin: HostAndOrigin) => RequestListener;
  #embedded: RequestListener | undefined;
  readonly #certificates: TlsCertificates | undefined;
  readonly #recheck: CallerRecheck | undefined;
  readonly #admin: AdminListener | undefined;
  #server: Server | undefined;

  constructor(options: HttpServerOptions) {
    const {
      gateway,
      limits,
      revisions,
      log,
      metrics = new Metrics(),
      mask,
      authentication = unauthenticated,
      addressOf = peerAddress,
    } = options;
    this.#options = options;
    this.#certificates = options.tls && new TlsCertificates(options.tls, log);
    const hostAndOrigin = new HostAndOrigin(options);
    const running = new RunningRequests<OpenRequest>(limits.concurrent_requests);
    const outbox = new Outbox(limits.waiting_bytes);
    this.#endGauges = observeLoad(metrics, { running, outbox, revisions });
    const hooks = new HookCounts(metrics, mask && (text => mask.text(text)));
    const count = createMeasure(metrics, gateway.tenantLabel, hooks);
    const auditAccess = options.audit && createAccessAudit(options.audit);
    const auditCall = options.auditCall && createCallAudit(options.auditCall);
    const measure: typeof count = (line, failed) => {
      count(line, failed);
      if (line.access !== undefined || line.calls !== undefined || line.blocked !== undefined) auditAccess?.(line);
      auditCall?.(line, failed);
    };
    const measuring = { measure, countCutOff: createCutOffCount(metrics) };
    const logging = { log, logRequest: createRequestLog(log), addressOf };
    const { resources } = authentication;
    const { tracing, admin } = options;
    const watch = admin?.watch;
    const context = {
      running,
      outbox,
      tracing,
      watch,
      ...logging,
      challenge: createChallenge(resources),
      ...measuring,
    };
    const isUnverified = ({ incoming }: Pick<OpenRequest, 'incoming'>) =>
      this.#certificates?.isUnverified(incoming.socket) === true;
    const asksClients = this.#certificates?.asksClients === true;
    const { expiredCallsMs = usualExpiredCallsMs } = authentication;
    this.#recheck =
      authentication.schemes.length === 0
        ? undefined
        : new CallerRecheck({
            // A request that is checked again is not another one, so it is not counted.
            authenticate: createAuthenticate({ ...authentication, record: undefined }),
            ...{ running, expiredMs: expiredCallsMs, isUnverified, log },
          });
    const routes = new RouteMap(options.routes, gateway.bindings, gateway.standard);
    const isByTenant = options.routes?.some(({ binding }) => binding === undefined) === true;
    const defaultFor = isByTenant ? (caller: Principal) => gateway.defaultFor(caller)?.id : undefined;
    const audience = options.metricsFor ?? 'loopback';
    const { allowedHosts } = options;
    const bodyBytes = limits.body_bytes;
    this.#admin = admin?.address && new AdminListener(admin, admin.address, { context, bodyBytes, allowedHosts, log });
    this.#listenerWith = checks => {
      const metricsEndpoint = new MetricsEndpoint({ metrics, audience, hostAndOrigin: checks, outbox });
      return createListener({
        routes,
        mcp: new McpEndpoint({
          defaultFor: caller => gateway.defaultFor(caller),
          ...{ revisions, context, recheck: this.#recheck },
          steps: createSteps({
            ...{ hostAndOrigin: checks, running, authentication, defaultFor },
            isUnverified: asksClients ? isUnverified : undefined,
          }),
          ...{ settings: gateway.settings, bodyBytes },
        }),
        metrics: metricsEndpoint,
        health: new Health({
          readiness: gateway.readiness,
          metrics: metricsEndpoint,
          isDraining: () => running.isDraining,
          mask,
        }),
        plugins: options.plugins && new PluginsEndpoint({ list: options.plugins, metrics: metricsEndpoint, outbox }),
        resources,
        resourceMetadata: resources && new ResourceMetadata({ resources, hostAndOrigin: checks, outbox }),
        connect: options.connect && new ConnectEndpoint(options.connect, { hostAndOrigin: checks, context }),
        admin:
          admin?.address === undefined
            ? admin && new AdminEndpoint(admin, { hostAndOrigin: checks, context, bodyBytes })
            : undefined,
        hostAndOrigin: checks,
        context,
      });
    };
    this.#listener = this.#listenerWith(hostAndOrigin);
    this.#hostAndOrigin = hostAndOrigin;
    this.#running = running;
    this.#outbox = outbox;
  }

  /** Serves requests that another server of the program received. */
  get handle(): RequestListener {
    this.#embedded ??= this.#listenerWith(new HostAndOrigin(this.#options).embed());
    return this.#embedded;
  }

  /** Starts listening, on a free port if `port` is 0. @throws Fault `listen_failed`, `tls_unusable` */
  async listen({ host, port }: { readonly host: string; readonly port: number }): Promise<{ readonly url: string }> {
    const server = createNodeServer(this.#listener, this.#certificates, () => {
      for (const request of this.#running) request.closeConnection();
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', cause => reject(listenFault(`${host}:${port}`, cause)));
      server.listen(port, unbracketed(host), resolve);
    });
    this.#server = server;
    const address = server.address() as AddressInfo;
    this.#hostAndOrigin.listenOn({ host, port: address.port });
    if (!isLoopback(host) && this.#options.allowedHosts.length === 0) {
      this.#options.log.warn({ host }, 'requests from other machines will be refused: allowed_hosts is empty');
    }
    const scheme = this.#certificates === undefined ? 'http' : 'https';
    const url = `${scheme}://${host.includes(':') ? `[${unbracketed(host)}]` : host}:${address.port}`;
    this.#options.authentication?.resources?.listenOn(url);
    await this.#admin?.listen();
    return { url };
  }

  get isDraining(): boolean {
    return this.#running.isDraining;
  }

  /** The callers of the requests that are running. */
  get callers(): readonly Principal[] {
    return [...this.#running].map(({ principal }) => principal);
  }

  /** The URL of the management API, without `/admin`, where it has an address of its own; undefined until it listens. */
  get adminUrl(): string | undefined {
    return this.#admin?.url;
  }

  /**
   * Refuses new requests (503), waits at most `ms` milliseconds for running ones, aborts the rest with an answer, and
   * closes. `/readyz` returns 503 at once.
   */
  async drain(ms: number): Promise<void> {
    const running = this.#running;
    running.startDraining();
    this.#server?.closeIdleConnections();
    await running.idle(ms);
    if (running.count > 0) {
      this.#options.log.warn({ cut: running.count, drain_ms: ms }, 'aborting requests that are still running');
      running.cut();
      await running.idle(lastWordsMs);
    }
    // The last answers are still being written to the socket.
    await new Promise(setImmediate);
    await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const revision of this.#options.revisions) revision[Symbol.dispose]();
    this.#outbox[Symbol.dispose]();
    this.#endGauges();
    this.#certificates?.[Symbol.dispose]();
    this.#recheck?.[Symbol.dispose]();
    await this.#admin?.[Symbol.asyncDispose]();
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  }
}

const unbracketed = (host: string) => host.replace(/^\[(.*)\]$/, '$1');
