import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Log } from '../core/log.ts';
import { isLoopback } from '../core/loopback.ts';
import { Metrics } from '../core/metrics.ts';
import type { SecretMask } from '../core/secret-mask.ts';
import type { ServedBindings } from '../gateway/gateway.ts';
import { HookCounts } from '../hook/hook-counts.ts';
import { type ClientAddress, peerAddress } from '../identity/client-address.ts';
import type { Principal } from '../identity/principal.ts';
import type { Revision } from '../mcp/revision/revision.ts';
import { createAccessAudit, type RefusedAccess } from './access-audit.ts';
import { AdminAuthentication } from './admin/admin-authentication.ts';
import { AdminEndpoint, type AdminEndpointOptions } from './admin/admin-endpoint.ts';
import { type AdminAddress, AdminListener, type AdminListenerSettings } from './admin/admin-listener.ts';
import { createCallAudit } from './call-audit.ts';
import { CallerRecheck, type RecheckSettings } from './caller-recheck.ts';
import { createChallenge } from './challenge.ts';
import { ConnectEndpoint, type ConnectEndpointOptions } from './connect/connect-endpoint.ts';
import { Health } from './health.ts';
import { listenFault } from './listen-fault.ts';
import { createNodeServer } from './listener.ts';
import { observeLoad } from './load-gauges.ts';
import { McpEndpoint } from './mcp-endpoint.ts';
import { type MetricsAudience, MetricsEndpoint } from './metrics-endpoint.ts';
import type { OpenRequest, RequestContext, Tracing, WatchRequests } from './open-request.ts';
import { PluginsEndpoint } from './plugins-endpoint.ts';
import { createRequestLog, type LogRequest } from './request-log.ts';
import { createCutOffCount, createMeasure } from './request-metrics.ts';
import { ResourceMetadata } from './resource-metadata.ts';
import { type RouteEntry, RouteMap } from './route-map.ts';
import { createListener } from './routes.ts';
import type { AuditRoom } from './step/audit-room.ts';
import { type Authentication, createAuthenticate } from './step/authenticate.ts';
import { HostAndOrigin, type HostAndOriginOptions } from './step/host-and-origin.ts';
import { createRequiredScopes } from './step/required-scopes.ts';
import { RunningRequests } from './step/running-requests.ts';
import { passSteps, type Step } from './step/step.ts';
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

/** What is served, and to whom. */
export interface ServedSettings extends HostAndOriginOptions {
  readonly gateway: ServedBindings;
  readonly limits: HttpLimits;
  /** `loopback` by default. */
  readonly metricsFor?: MetricsAudience;
  /** Describes the plugins for `/plugins`, which is not served without it. */
  readonly plugins?: (() => readonly object[]) | undefined;
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
}

export interface AdminOptions extends AdminEndpointOptions {
  /** Absent if it is served at `/admin`. */
  readonly address?: AdminAddress | undefined;
  /** Gets each request to a binding when it has ended. */
  readonly watch: WatchRequests;
}

export interface HttpServerOptions extends ServedSettings {
  /** The revisions of MCP that are served. The server disposes of them. */
  readonly revisions: readonly Revision[];
  readonly log: Log;
  /** The metrics for `/metrics`; the server adds its own. */
  readonly metrics?: Metrics;
  /** Follows requests for telemetry. */
  readonly tracing?: Tracing | undefined;
  /** The management API, at an address of its own or at `/admin`. Off without it. */
  readonly admin?: AdminOptions | undefined;
  /** Gets the requests that no rule of their binding allows, and those that a policy denies. */
  readonly audit?: (refusal: RefusedAccess) => void;
  /** Gets each request that reaches upstreams; without it, nothing is made of them. */
  readonly auditCall?: ((members: string) => void) | undefined;
  /** What requests wait for while that has no room for them. */
  readonly auditRoom?: AuditRoom | undefined;
  /** Masks secrets in text of upstreams that `/readyz?verbose` quotes. */
  readonly mask?: SecretMask;
}

const unauthenticated: Authentication = { schemes: [], servesAnonymous: true };

/** See `Authentication.expiredCallsMs`. */
const usualExpiredCallsMs = 600_000;

/** The milliseconds that clients have to read that their request was aborted. */
const lastWordsMs = 500;

/** One state of what the server serves. */
interface Served {
  readonly settings: ServedSettings;
  readonly hostAndOrigin: HostAndOrigin;
  readonly listener: RequestListener;
  /** Serves what another server of the program received. */
  readonly embedded: () => RequestListener;
}

/** Where the server listens. */
interface Address {
  readonly host: string;
  readonly port: number;
  readonly url: string;
}

/** Serves a gateway over HTTP. Disposing of it disposes of the revisions that it serves, but not of the gateway. */
export class HttpServer implements AsyncDisposable {
  readonly #options: HttpServerOptions & { readonly metrics: Metrics };
  readonly #running: RunningRequests<OpenRequest>;
  readonly #outbox: Outbox;
  readonly #certificates: TlsCertificates | undefined;
  readonly #logRequest: LogRequest;
  readonly #hooks: HookCounts;
  readonly #adminAuthentication: AdminAuthentication;
  readonly #admin: AdminListener | undefined;
  readonly #endGauges: () => void;
  readonly #recheck: CallerRecheck;
  #served: Served;
  #server: Server | undefined;
  #address: Address | undefined;

  constructor(options: HttpServerOptions) {
    const { limits, log, metrics = new Metrics(), authentication = unauthenticated, revisions, mask, admin } = options;
    this.#options = { ...options, metrics };
    this.#certificates = options.tls && new TlsCertificates(options.tls, log);
    this.#running = new RunningRequests<OpenRequest>(limits.concurrent_requests);
    this.#outbox = new Outbox(limits.waiting_bytes);
    this.#logRequest = createRequestLog(log);
    this.#hooks = new HookCounts(metrics, mask && (text => mask.text(text)));
    this.#endGauges = observeLoad(metrics, { running: this.#running, outbox: this.#outbox, revisions });
    this.#recheck = new CallerRecheck({
      ...recheckSettings(authentication),
      ...{ running: this.#running, isUnverified: request => this.#isUnverified(request), log },
    });
    this.#adminAuthentication = new AdminAuthentication({ schemes: admin?.schemes ?? [], record: admin?.record });
    this.#admin = admin?.address && new AdminListener(admin, admin.address, { ...this.#adminSettingsOf(options), log });
    this.#served = this.#build(options);
  }

  /** Serves requests that another server of the program received. */
  get handle(): RequestListener {
    return this.#served.embedded();
  }

  get isDraining(): boolean {
    return this.#running.isDraining;
  }

  /** The callers of the requests that are running. */
  get callers(): readonly Principal[] {
    return [...this.#running].map(({ principal }) => principal);
  }

  /** The settings with which new requests are served. */
  get settings(): ServedSettings {
    return this.#served.settings;
  }

  /**
   * Prepares to serve something else at the same address. Running requests continue with what they began with.
   * @returns a function that serves it to every request from then on
   * @throws Fault `tls_unusable`
   */
  prepare(settings: ServedSettings): () => void {
    const { authentication = unauthenticated, limits, tls } = settings;
    if (tls !== undefined) new TlsCertificates(tls, this.#options.log).read();
    const next = this.#build(settings);
    return () => {
      if (this.#address !== undefined) setAddress(next, this.#address);
      this.#served = next;
      this.#running.most = limits.concurrent_requests;
      this.#outbox.limit = limits.waiting_bytes;
      if (tls !== undefined) this.#certificates?.changeTo(tls);
      this.#recheck.changeTo(recheckSettings(authentication));
      this.#admin?.changeTo(this.#adminSettingsOf(settings));
    };
  }

  /** See `RunningRequests.ended`. Notification streams are not waited for. */
  requestsEnded(): Promise<void> {
    return this.#running.ended();
  }

  #build(settings: ServedSettings): Served {
    const hostAndOrigin = new HostAndOrigin(settings);
    let embedded: RequestListener | undefined;
    return {
      ...{ settings, hostAndOrigin, listener: this.#listenerOf(settings, hostAndOrigin) },
      embedded: () => {
        embedded ??= this.#listenerOf(settings, new HostAndOrigin(settings).embed());
        return embedded;
      },
    };
  }

  #listenerOf(settings: ServedSettings, hostAndOrigin: HostAndOrigin): RequestListener {
    const { gateway, limits, authentication = unauthenticated, metricsFor: audience = 'loopback' } = settings;
    const { metrics, revisions, mask, admin } = this.#options;
    const { body_bytes: bodyBytes } = limits;
    const { resources } = authentication;
    const [running, outbox] = [this.#running, this.#outbox];
    const context = this.#contextOf(settings);
    const routes = new RouteMap(settings.routes, gateway.bindings, gateway.standard);
    const isByTenant = settings.routes?.some(({ binding }) => binding === undefined) === true;
    const defaultFor = isByTenant ? (caller: Principal) => gateway.defaultFor(caller)?.id : undefined;
    const asksClients = this.#certificates?.asksClients === true;
    const metricsEndpoint = new MetricsEndpoint({ metrics, audience, hostAndOrigin, outbox });
    const mcp = new McpEndpoint({
      defaultFor: caller => gateway.defaultFor(caller),
      ...{ revisions, context, recheck: this.#recheck },
      steps: createSteps({
        ...{ hostAndOrigin, running, authentication, defaultFor },
        isUnverified: asksClients ? request => this.#isUnverified(request) : undefined,
        auditRoom: this.#options.auditRoom,
      }),
      ...{ settings: gateway.settings, bodyBytes },
    });
    return createListener({
      ...{ routes, mcp, metrics: metricsEndpoint, resources, hostAndOrigin, context },
      health: new Health({
        ...{ readiness: gateway.readiness, metrics: metricsEndpoint, mask },
        isDraining: () => running.isDraining,
      }),
      plugins: settings.plugins && new PluginsEndpoint({ list: settings.plugins, metrics: metricsEndpoint, outbox }),
      resourceMetadata: resources && new ResourceMetadata({ resources, hostAndOrigin, outbox }),
      connect: settings.connect && new ConnectEndpoint(settings.connect, { hostAndOrigin, context }),
      admin:
        admin?.address === undefined
          ? admin && new AdminEndpoint(admin, { ...this.#adminSettingsOf(settings), hostAndOrigin })
          : undefined,
    });
  }

  #contextOf({ gateway, authentication = unauthenticated, addressOf = peerAddress }: ServedSettings): RequestContext {
    const { metrics, audit, log, tracing, admin } = this.#options;
    const auditCall = this.#options.auditCall && createCallAudit(this.#options.auditCall);
    const count = createMeasure(metrics, gateway.tenantLabel, this.#hooks);
    const auditAccess = audit && createAccessAudit(audit);
    return {
      ...{
        running: this.#running,
        outbox: this.#outbox,
        tracing,
        watch: admin?.watch,
        log,
        logRequest: this.#logRequest,
        addressOf,
      },
      challenge: createChallenge(authentication.resources),
      measure(line, failed) {
        count(line, failed);
        if (line.access !== undefined || line.calls !== undefined || line.blocked !== undefined) auditAccess?.(line);
        auditCall?.(line, failed);
      },
      countCutOff: createCutOffCount(metrics),
    };
  }

  #adminSettingsOf(settings: ServedSettings): AdminListenerSettings {
    const { limits, allowedHosts } = settings;
    const authentication = this.#adminAuthentication;
    return { authentication, context: this.#contextOf(settings), bodyBytes: limits.body_bytes, allowedHosts };
  }

  #isUnverified({ incoming }: Pick<OpenRequest, 'incoming'>): boolean {
    return this.#certificates?.isUnverified(incoming.socket) === true;
  }

  /** Starts listening, on a free port if `port` is 0. @throws Fault `listen_failed`, `tls_unusable` */
  async listen({ host, port }: { readonly host: string; readonly port: number }): Promise<{ readonly url: string }> {
    const serve: RequestListener = (incoming, outgoing) => this.#served.listener(incoming, outgoing);
    const server = createNodeServer(serve, this.#certificates, () => {
      for (const request of this.#running) request.closeConnection();
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', cause => reject(listenFault(`${host}:${port}`, cause)));
      server.listen(port, unbracketed(host), resolve);
    });
    this.#server = server;
    const address = server.address() as AddressInfo;
    const scheme = this.#certificates === undefined ? 'http' : 'https';
    const url = `${scheme}://${host.includes(':') ? `[${unbracketed(host)}]` : host}:${address.port}`;
    this.#address = { host, port: address.port, url };
    setAddress(this.#served, this.#address);
    if (!isLoopback(host) && this.settings.allowedHosts.length === 0) {
      this.#options.log.warn({ host }, 'requests from other machines will be refused: allowed_hosts is empty');
    }
    await this.#admin?.listen();
    return { url };
  }

  /** The host that it listens on; undefined until then. */
  get host(): string | undefined {
    return this.#address?.host;
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
    this.#recheck[Symbol.dispose]();
    await this.#admin?.[Symbol.asyncDispose]();
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  }
}

function setAddress({ hostAndOrigin, settings }: Served, { host, port, url }: Address): void {
  hostAndOrigin.listenOn({ host, port });
  settings.authentication?.resources?.listenOn(url);
}

const recheckSettings = (authentication: Authentication): RecheckSettings => ({
  authenticate: authentication.schemes.length === 0 ? undefined : authenticateAgain(authentication),
  expiredMs: authentication.expiredCallsMs ?? usualExpiredCallsMs,
});

function authenticateAgain({ requiredScopes = new Map(), ...authentication }: Authentication): Step {
  // A request that is checked again is not another one, so it is not counted.
  const authenticate = createAuthenticate({ ...authentication, record: undefined });
  // A reload may have changed the scopes.
  const steps = [authenticate, createRequiredScopes(requiredScopes)];
  return { name: authenticate.name, pass: arrival => passSteps(steps, arrival) };
}

const unbracketed = (host: string) => host.replace(/^\[(.*)\]$/, '$1');
