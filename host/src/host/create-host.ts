import type { RequestListener } from 'node:http';
import { openFacilitiesWithKv } from '../capability/open-facilities.ts';
import type { Config } from '../config/config.ts';
import { type ListenAddress, parseListen } from '../config/listen.ts';
import type { ConfigWarning } from '../config/load-config.ts';
import type { ConfigObject, UpstreamObject } from '../config/schema.ts';
import { identityMissing } from '../config/section/identity.ts';
import { fail } from '../core/fault.ts';
import { createLog, type Log } from '../core/log.ts';
import { isLoopback } from '../core/loopback.ts';
import { masked } from '../core/masked.ts';
import type { PluginUsage } from '../core/plugin-usage.ts';
import { SecretMask } from '../core/secret-mask.ts';
import { unlessAborted } from '../core/unless-aborted.ts';
import { Gateway } from '../gateway/gateway.ts';
import { type HandlerTypes, RequestHandlers } from '../gateway/request-handlers.ts';
import { HttpServer } from '../http/server.ts';
import { type WebFetch, WebFetchServer } from '../http/web-fetch.ts';
import { createClientAddress, peerAddress } from '../identity/client-address.ts';
import type { Authenticate } from '../identity/scheme.ts';
import type { Lock } from '../lockfile/check-pins.ts';
import { openRevisions } from '../mcp/revision/revisions.ts';
import { createLearner } from '../plugin/learned-grants.ts';
import type { Plugin } from '../plugin/plugin.ts';
import { ReadyThreads } from '../runtime/wasm/pool/ready-threads.ts';
import { MemorySessions } from '../state/memory/sessions.ts';
import { createManagedHost } from './admin/managed-host.ts';
import { openAdmin } from './admin/open-admin.ts';
import { Federation } from './federation.ts';
import { openGeneration, type Watch } from './generation.ts';
import { observeHost } from './host-metrics.ts';
import { bindingsWith, type Registrant } from './joining-server.ts';
import { loadAll, runtimeOf } from './load-all.ts';
import { facilityOptions, loadBeside } from './load-beside.ts';
import { loadConfig, readConfigObject } from './load-config.ts';
import { openAccounts } from './open-accounts.ts';
import { openAuthentication } from './open-authentication.ts';
import { openReceipts } from './open-receipt-log.ts';
import { openTelemetry } from './open-telemetry.ts';
import { openUpstreams } from './open-upstreams.ts';
import { Generations } from './plugin-replacement.ts';
import { createRegister } from './register-upstream.ts';

/** A gateway with everything behind it. Disposing closes all of it at once, in reverse order of opening. */
export interface Host extends AsyncDisposable {
  readonly server: HttpServer;
  /**
   * Starts listening on an address such as `127.0.0.1:0`, or on that of the configuration.
   * @throws Fault `usage`, `listen_failed`, `tls_unusable`
   */
  listen(address?: string): Promise<{ readonly url: string }>;
  /** Serves requests of the Fetch standard, in place of a listener or beside it. */
  readonly fetch: WebFetch;
  /** Serves requests that a server of Node received, whose bodies nothing has read yet. */
  readonly handle: RequestListener;
  /** Calls a handler for each request from now on; see `HandlerTypes`. Returns a function that removes it. */
  on<Event extends keyof HandlerTypes>(event: Event, handler: HandlerTypes[Event]): () => void;
  /**
   * Adds an upstream to bindings, the default one unless others are named. It is written as in `upstreams` of the
   * configuration. Clients that connect from then on see it.
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
  /** Reopens files that grow under their names, after they were moved away. @throws Fault `audit_unusable`, `receipts_unusable` */
  reopenFiles(): void;
}

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
  const { lock, signal, watch, schemes = [] } = options;
  const { mask, limits, plugin_settings: settings } = config;
  const log = mask.log(ownLog);
  await using opened = new AsyncDisposableStack();
  // The threads load their code while plugins are loaded and verified.
  await using threads = new ReadyThreads(config.plugins.length === 0 ? 0 : limits.lanes);
  const { plugins, facilities } = await loadBeside(
    () => openFacilitiesWithKv(facilityOptions(config, ownLog, mask)),
    loadAll(config, log, lock, signal),
  );
  const { metrics, secrets } = opened.use(facilities);
  const receipts = openReceipts(config, { metrics, log, mask }, facilities.audit);
  if (receipts?.file !== undefined) opened.use(receipts.file);
  const learner = opened.use(createLearner(config.cache_dir, log));
  const runtime = runtimeOf(config, log, (plugin, name, need) => learner.refused(plugin, name, mask.text(need)));
  const context = { limits, settings, runtime, facilities, learner, recorder: receipts?.recorder, watch, log, mask };
  const first = openGeneration(config.plugins, plugins, context, threads);
  const generations = opened.use(new Generations(await openUnlessAborted(first, signal), config));
  const telemetry = await openTelemetry(config, {
    ...{ metrics, log, secret: name => secrets.read(name) },
    plugins: () => generations.current.plugins,
  });
  if (telemetry !== undefined) opened.use(telemetry);
  const listMs = limits.list_ms;
  const federation = new Federation({ plugins: () => generations.federation, listMs, mask, log });
  const joining = config.upstreams.map(entry => ({ entry, bindings: bindingsWith(entry.id, config.bindings) }));
  await unlessAborted(federation.admit(joining, registrant), signal);
  const accounts = await openAccounts(config, { log, metrics, secrets, audit: facilities.audit });
  if (accounts !== undefined) opened.use(accounts);
  const upstreams = opened.use(
    await openUpstreams(config, {
      ...{ log, metrics, signal, accounts: accounts?.accounts },
      secret: (name, tenant) => secrets.read(name, tenant),
      isPerTenant: name => secrets.isPerTenant(name),
    }),
  );
  opened.use(
    observeHost(metrics, {
      limits: () => limits,
      plugins: () => generations.current.reports(),
      lanes: () => generations.current.lanes(),
    }),
  );
  opened.use(federation);
  for (const joined of joining) {
    for (const pool of upstreams.pick([joined.entry.id])) federation.registered(joined, pool, registrant);
  }
  const optionalUpstreams = new Set(config.upstreams.filter(each => !each.required).map(each => each.id));
  const handlers = new RequestHandlers(limits.request_timeout_ms, log);
  const gateway = opened.use(
    new Gateway({
      bindings: [...generations.chains].map(([binding, chain]) => ({
        id: binding.id,
        isDefault: binding.default,
        upstreams: upstreams.pick(binding.upstreams).map(pool => federation.checked(pool)),
        chain,
        unhooked: binding.unhooked,
        allow: binding.allow,
        toolSearch: binding.tool_search,
      })),
      isIdentityConfigured: config.identity === undefined ? schemes.length > 0 : config.identity !== 'none',
      limits,
      tenants: config.tenants,
      optionalUpstreams,
      handlers,
      metrics,
      log,
    }),
  );
  const addressOf = config.trusted_proxies ? createClientAddress(config.trusted_proxies) : peerAddress;
  const { audit, secrets: identitySecrets } = facilities;
  const authentication = opened.use(
    await openAuthentication(config, schemes, {
      ...{ log, metrics, audit, secrets: identitySecrets, addressOf },
      plugins: { calls: () => generations.current.identity, mask, addressOf },
    }),
  );
  const sessions = new MemorySessions(limits.session_idle_ms);
  const revisions = openRevisions({ limits, store: sessions });
  const managed = createManagedHost({
    ...{ config: () => config, generation: () => 1, plugins: () => generations.current, revisions, metrics },
    upstream: id => upstreams.pick([id])[0],
    callers: () => server.callers,
    isDraining: () => server.isDraining,
  });
  const server: HttpServer = opened.use(
    new HttpServer({
      gateway,
      tls: config.tls,
      authentication,
      addressOf,
      connect: accounts?.connect,
      admin: openAdmin(config, { ...{ audit, secrets, log, host: managed }, record: authentication.record }),
      revisions,
      limits,
      allowedHosts: [...config.allowed_hosts, ...hostsOf(config.routes)],
      routes: config.routes,
      allowedOrigins: config.allowed_origins,
      metrics,
      metricsFor: config.metrics.serve,
      tracing: telemetry,
      audit: refusal => facilities.audit.write(refusal),
      auditCall: config.audit.calls ? call => facilities.audit.write(call) : undefined,
      ...(settings.enable_plugin_api && {
        plugins: () =>
          generations.current.reports().map(report => {
            const bindings = config.bindings.filter(each => [...each.transforms, ...each.policies].includes(report.id));
            return { ...report, bindings: bindings.map(({ id }) => id) };
          }),
      }),
      mask,
      log,
    }),
  );
  const inMemory = opened.use(new WebFetchServer((incoming, outgoing) => server.handle(incoming, outgoing)));
  const { folder } = options;
  const register = createRegister({ config, gateway, upstreams, federation, optionalUpstreams, folder });
  const stack = opened.move();
  return {
    server,
    listen: async (address = config.listen) => server.listen(listenAddress(address, config, schemes)),
    fetch: inMemory.fetch,
    handle: (incoming, outgoing) => server.handle(incoming, outgoing),
    on: (event, handler) => handlers.on(event, handler),
    registerUpstream: (upstream, { bindings } = {}) => masked(mask, () => register(upstream, bindings)),
    async close() {
      await server.drain(limits.drain_ms);
      await stack.disposeAsync();
    },
    get plugins() {
      return generations.current.plugins;
    },
    usage: () => generations.current.usage(),
    reopenFiles() {
      try {
        facilities.audit.reopen();
      } finally {
        receipts?.file?.reopen();
      }
    },
    async replacePlugins(entries) {
      const loaded = await loadAll({ ...config, plugins: [...entries] }, log, lock);
      generations.replace(await masked(mask, () => openGeneration(entries, loaded, context)));
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Reads the address to listen on. The configuration was checked for its own, not for one of the program. */
function listenAddress(listen: string, { identity }: Config, schemes: readonly Authenticate[]): ListenAddress {
  const address = parseListen(listen) ?? fail('usage', { listen });
  if (identity !== undefined || schemes.length > 0 || isLoopback(address.host)) return address;
  return fail('config_invalid', { path: 'identity', ...identityMissing });
}

/** Lists the hosts that routes name: requests for them are served. */
const hostsOf = (routes: Config['routes'] = []) => new Set(routes.flatMap(({ host }) => host ?? []));

/** Waits for what opens, unless the signal aborts first: then it is closed as soon as it is open. */
async function openUnlessAborted<T extends AsyncDisposable>(opening: Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await unlessAborted(opening, signal);
  } catch (error) {
    if (signal?.aborted) opening.then(opened => opened[Symbol.asyncDispose]()).catch(() => {});
    throw error;
  }
}
