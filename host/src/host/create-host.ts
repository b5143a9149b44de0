import type { RequestListener } from 'node:http';
import type { SwitchRequest } from '../admin/plugin-switches.ts';
import { openFacilitiesWithKv } from '../capability/open-facilities.ts';
import type { Config } from '../config/config.ts';
import { type ListenAddress, parseListen } from '../config/listen.ts';
import type { ConfigWarning } from '../config/load-config.ts';
import type { ConfigObject, UpstreamObject } from '../config/schema.ts';
import { fail } from '../core/fault.ts';
import { createLog, type Log, silentLog } from '../core/log.ts';
import { masked } from '../core/masked.ts';
import type { Metrics } from '../core/metrics.ts';
import type { PluginUsage } from '../core/plugin-usage.ts';
import { SecretMask } from '../core/secret-mask.ts';
import { Gateway } from '../gateway/gateway.ts';
import { type HandlerTypes, RequestHandlers } from '../gateway/request-handlers.ts';
import { HttpServer } from '../http/server.ts';
import { type WebFetch, WebFetchServer } from '../http/web-fetch.ts';
import type { Authenticate } from '../identity/scheme.ts';
import type { Lock } from '../lockfile/check-pins.ts';
import { openRevisions } from '../mcp/revision/revisions.ts';
import { createLearner } from '../plugin/learned-grants.ts';
import type { Plugin } from '../plugin/plugin.ts';
import { ReadyThreads } from '../runtime/wasm/pool/ready-threads.ts';
import { MemorySessions } from '../state/memory/sessions.ts';
import { createManagedHost } from './admin/managed-host.ts';
import { openAdmin } from './admin/open-admin.ts';
import { AuditedLifetime } from './audited-lifetime.ts';
import { checkAll } from './check-all.ts';
import { checkExposure } from './check-exposure.ts';
import { Federation } from './federation.ts';
import { GenerationOpener, type SharedParts } from './generation.ts';
import { observeHost } from './host-metrics.ts';
import type { Registrant } from './joining-server.ts';
import { loadAll, runtimeOf } from './load-all.ts';
import { facilityOptions, loadBeside } from './load-beside.ts';
import { loadConfig, readConfigObject } from './load-config.ts';
import { openReceipts } from './open-receipt-log.ts';
import { openTelemetry } from './open-telemetry.ts';
import type { Watch } from './plugin-generation.ts';
import { withUpstream } from './register-upstream.ts';
import { type Changed, OverlayChanges } from './registration/overlay-changes.ts';
import { Generations } from './reload/generations.ts';
import { KnownPlugins } from './reload/known-plugins.ts';
import { type NextConfig, type Reloaded, type ReloadOptions, Reloads } from './reload/reloads.ts';
import { bindingsOf, reportJoined, servedSettings } from './served.ts';

/** A gateway with everything behind it. Disposing closes all of it at once, in reverse order of opening. */
export interface Host extends AsyncDisposable {
  readonly server: HttpServer;
  /** The configuration by which new requests are served. */
  readonly config: Config;
  /** Counts the configurations that were served since the start, which is 1. */
  readonly generation: number;
  /**
   * Starts listening on an address such as `127.0.0.1:0`, or on that of the configuration.
   * @throws Fault `usage`, `listen_failed`, `tls_unusable`
   */
  listen(address?: string): Promise<{ readonly url: string }>;
  /** Serves requests of the Fetch standard, instead of a listener or in addition to one. */
  readonly fetch: WebFetch;
  /** Serves requests that a server of Node received, whose bodies nothing has read yet. */
  readonly handle: RequestListener;
  /** Calls a handler for each request from now on; see `HandlerTypes`. Returns a function that removes it. */
  on<Event extends keyof HandlerTypes>(event: Event, handler: HandlerTypes[Event]): () => void;
  /**
   * Serves by another configuration from now on: what `loadConfig` returned, or what is made of the one that is running
   * when the reloads before have ended. Everything new is opened and verified first, beside what runs. Requests that began
   * before finish with what they began with, and the sessions of clients continue.
   * @throws Faults: every problem, `reload_refused` for what cannot change; then nothing changes
   */
  reload(next: Config | NextConfig, options?: ReloadOptions): Promise<Reloaded>;
  /**
   * Adds an upstream to bindings, the default one unless others are named. It is written as in `upstreams` of the
   * configuration. Clients see it from then on.
   * @throws Faults `config_invalid` with every problem, `upstream_…` if it is required and cannot be reached; then
   *   nothing changes
   */
  registerUpstream(upstream: UpstreamObject, options?: RegisterOptions): Promise<void>;
  /** Refuses new requests, waits for running ones as long as `limits.drain_ms` says, and closes everything. */
  close(): Promise<void>;
  readonly plugins: readonly Plugin[];
  /** Returns what each plugin has used, by id: the numbers that `/metrics` shows as `sallyport_plugin_*`. */
  usage(): ReadonlyMap<string, PluginUsage>;
  /**
   * Loads these plugins and gives them to every request that begins from then on; requests that began before keep the
   * earlier ones to their end. Bindings, upstreams, and what plugins have stored stay. If the start had a lock, it
   * applies to these plugins too.
   * @throws Faults: every plugin that does not load or start, and then nothing changes
   */
  replacePlugins(entries: Config['plugins']): Promise<void>;
  /** Says how the configuration is read again when the management API is asked to. */
  reloadWith(reload: ReloadFromFile): void;
  /** Reopens files that grow under their names, after they were moved away. @throws Fault `audit_unusable`, `receipts_unusable` */
  reopenFiles(): void;
}

/** Reads the configuration of a gateway again and uses it, or finds out what would change. @throws Faults */
export type ReloadFromFile = (request: SwitchRequest) => Promise<Changed>;

export interface RegisterOptions {
  /** The ids of bindings. */
  readonly bindings?: readonly string[];
}

export interface HostOptions {
  /** Gets the lines of the log; they go to stderr by default, from the configuration's `log.level` on. */
  readonly log?: Log | undefined;
  /** The folder of relative paths in a configuration that is an object; the working directory by default. */
  readonly folder?: string | undefined;
  /** Checks what was accepted of the plugins before. */
  readonly lock?: Lock | undefined;
  /** Aborts a start that has not finished. */
  readonly signal?: AbortSignal | undefined;
  readonly watch?: Watch | undefined;
  /** Ways to authenticate callers, asked before those of the configuration. */
  readonly schemes?: readonly Authenticate[] | undefined;
}

/**
 * Creates a gateway from a configuration: an object with the members of sallyport.yaml, the path of such a file, or what
 * `loadConfig` returned. This is the one place that puts all parts together. It opens all or closes all, also when the
 * signal aborts it. It does not wait for upstreams that are not required.
 * @throws Faults: every problem of the configuration, every plugin that does not load or start, or every required upstream
 *   that cannot be reached
 */
export async function createHost(stated: ConfigObject | string | Config, options: HostOptions = {}): Promise<Host> {
  const config = await configOf(stated, options);
  const log = options.log ?? createLog(config.log.level);
  const registrant = { origin: typeof stated === 'string' || isConfig(stated) ? 'file' : 'program' } as const;
  return masked(config.mask, () => openHost(config, log, options, registrant));
}

async function configOf(
  stated: ConfigObject | string | Config,
  { log, folder = process.cwd() }: HostOptions,
): Promise<Config> {
  if (isConfig(stated)) return stated;
  const warnings: ConfigWarning[] = [];
  const warn = (warning: ConfigWarning) => void warnings.push(warning);
  const config = await (typeof stated === 'string'
    ? loadConfig(stated, { warn })
    : readConfigObject(stated, folder, { warn }));
  for (const warning of warnings) (log ?? createLog(config.log.level)).warn(warning, 'configuration');
  return config;
}

const isConfig = (stated: ConfigObject | string | Config): stated is Config =>
  typeof stated === 'object' && 'mask' in stated && stated.mask instanceof SecretMask;

async function openHost(config: Config, ownLog: Log, options: HostOptions, registrant: Registrant): Promise<Host> {
  const { lock, signal, schemes = [] } = options;
  const { mask, limits } = config;
  const log = mask.log(ownLog);
  await using opened = new AsyncDisposableStack();
  // The threads load their code while plugins are loaded and verified.
  await using threads = new ReadyThreads(config.plugins.length === 0 ? 0 : limits.lanes);
  const known = new KnownPlugins({ config, lock });
  const { plugins, facilities } = await loadBeside(
    () => openFacilitiesWithKv(facilityOptions(config, ownLog, mask)),
    loadAll(config, log, lock, signal),
  );
  known.learn(plugins);
  const { metrics } = opened.use(facilities);
  const lifetime = opened.use(new AuditedLifetime(facilities.audit));
  const receipts = openReceipts(config, { metrics, log, mask }, facilities.audit);
  if (receipts?.file !== undefined) opened.use(receipts.file);
  const learner = opened.use(createLearner(config.cache_dir, log));
  const federation = new Federation({
    plugins: () => generations.current.federation,
    get listMs() {
      return generations.current.config.limits.list_ms;
    },
    ...{ mask, log },
  });
  const shared: SharedParts = {
    runtime: runtimeOf(config, log, (plugin, name, need) => learner.refused(plugin, name, mask.text(need))),
    ...{ facilities, learner, recorder: receipts?.recorder, watch: options.watch, schemes, federation, log, mask },
    identity: () => generations.current.plugins.identity,
  };
  const opener = new GenerationOpener(shared);
  const loading = Promise.resolve(plugins);
  const first = await opener.open({ config, lock, known, loading, signal, threads, registrant });
  const generations = opened.use(new Generations(first, log));
  opened.use(federation);
  reportJoined(first, shared, registrant);
  const secret = (name: string) => generations.current.secrets.read(name);
  const telemetry = await openTelemetry(config, {
    ...{ metrics, log, secret, plugins: () => generations.current.plugins.plugins },
    labelOf: tenant => gateway.tenantLabel(tenant),
  });
  if (telemetry !== undefined) opened.use(telemetry);
  opened.use(observeGenerations(metrics, generations));
  const handlers = new RequestHandlers(limits.request_timeout_ms, log);
  const gateway = opened.use(new Gateway(bindingsOf(first, shared, handlers)));
  const sessions = new MemorySessions(limits.session_idle_ms);
  const revisions = openRevisions({ limits, store: sessions });
  const fromFile: { reload?: ReloadFromFile } = {};
  // Nothing is kept for a management API that is off.
  const managed =
    config.admin &&
    createManagedHost({
      ...{ config: () => generations.current.config, generation: () => generations.number, revisions, metrics },
      plugins: () => generations.current.plugins,
      upstream: id => generations.current.upstreams.pick([id])[0],
      overlay: new OverlayChanges({
        ...{ config: () => generations.current.config, generation: () => generations.number },
        plugins: () => generations.current.plugins.plugins,
        reload: (next, how) => reloads.run(next, how),
        check: next => checkAll(next, silentLog(), generations.current.lock),
        log,
      }),
      reload: request => fromFile.reload?.(request),
      callers: () => server.callers,
      isDraining: () => server.isDraining,
    });
  const server: HttpServer = opened.use(
    new HttpServer({
      ...servedSettings(first, gateway),
      audit: refusal => facilities.audit.write(refusal),
      auditCall: config.audit.calls ? members => facilities.audit.writeMembers(members) : undefined,
      auditRoom: config.audit.calls ? facilities.audit.room : undefined,
      admin: await openAdmin(config, {
        ...{ audit: facilities.audit, secrets: { read: secret }, log, host: managed },
        record: first.authentication.record,
      }),
      ...{ tracing: telemetry, revisions, metrics, mask, log },
    }),
  );
  const inMemory = opened.use(new WebFetchServer((incoming, outgoing) => server.handle(incoming, outgoing)));
  first.upstreams.use();
  const reloads: Reloads = opened.use(
    new Reloads({
      ...{ shared, opener, generations, gateway, server, handlers, sessions, revisions, registrant },
      keepPlugins: managed?.keepPlugins,
    }),
  );
  const reopenFiles = () => {
    try {
      facilities.audit.reopen();
    } finally {
      receipts?.file?.reopen();
    }
  };
  lifetime.start(first);
  const parts = { server, inMemory, handlers, generations, reloads, reopenFiles, fromFile };
  return hostOf({ ...parts, closing: opened.move() }, options);
}

/** Shows in the metrics what is running now. */
const observeGenerations = (metrics: Metrics, generations: Generations) =>
  observeHost(metrics, {
    limits: () => generations.current.config.limits,
    plugins: () => generations.current.plugins.reports(),
    lanes: () => generations.current.plugins.lanes.lanes(),
    upstreams: () => generations.current.upstreams.all(),
  });

interface HostParts {
  readonly server: HttpServer;
  readonly inMemory: WebFetchServer;
  readonly handlers: RequestHandlers;
  readonly generations: Generations;
  readonly reloads: Reloads;
  readonly reopenFiles: () => void;
  readonly fromFile: { reload?: ReloadFromFile };
  /** Closes everything. */
  readonly closing: AsyncDisposableStack;
}

/** Returns what the program gets of the parts. */
function hostOf({ server, generations, reloads, handlers, closing, ...parts }: HostParts, options: HostOptions): Host {
  const { schemes = [], folder } = options;
  const current = () => generations.current;
  return {
    server,
    get config() {
      return current().config;
    },
    get generation() {
      return generations.number;
    },
    listen: async (address = current().config.listen) =>
      server.listen(listenAddress(address, current().config, schemes)),
    fetch: parts.inMemory.fetch,
    handle: (incoming, outgoing) => server.handle(incoming, outgoing),
    on: (event, handler) => handlers.on(event, handler),
    reload: (next, how) => reloads.run(typeof next === 'function' ? next : () => next, how),
    async registerUpstream(upstream, { bindings } = {}) {
      const registrant = { origin: 'program' } as const;
      await reloads.run(config => withUpstream(config, upstream, { bindings, folder }), { registrant });
    },
    async replacePlugins(plugins) {
      await reloads.run(config => withPlugins(config, plugins));
    },
    async close() {
      await reloads[Symbol.asyncDispose]();
      await server.drain(current().config.limits.drain_ms);
      await closing.disposeAsync();
    },
    get plugins() {
      return current().plugins.plugins;
    },
    usage: () => current().plugins.usage(),
    reopenFiles: parts.reopenFiles,
    reloadWith(reload) {
      parts.fromFile.reload = reload;
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

/** Returns the configuration with these plugins, also after later changes at run time. */
const withPlugins = ({ withOverlay, ...config }: Config, plugins: Config['plugins']): Config => ({
  ...config,
  plugins: [...plugins],
  ...(withOverlay && { withOverlay: async read => withPlugins(await withOverlay(read), plugins) }),
});

/** Reads the address to listen on. @throws Fault `usage`, `config_invalid` */
function listenAddress(listen: string, config: Config, schemes: readonly Authenticate[]): ListenAddress {
  const address = parseListen(listen) ?? fail('usage', { listen });
  checkExposure(address.host, config, schemes);
  return address;
}
