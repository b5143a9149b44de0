import { join } from 'node:path';
import { type FacilityOptions, openFacilities, tryFacilities } from '../capability/open-facilities.ts';
import { capabilities } from '../capability/registry.ts';
import type { Config, UpstreamConfig } from '../config/config.ts';
import { Fault, Faults, toFaults } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import { masked } from '../core/masked.ts';
import type { Metrics } from '../core/metrics.ts';
import type { PluginUsage } from '../core/plugin-usage.ts';
import { proxyFromEnvironment } from '../core/proxy.ts';
import type { SecretMask } from '../core/secret-mask.ts';
import { Gateway } from '../gateway/gateway.ts';
import { ChainPlace } from '../hook/chain-place.ts';
import { HttpServer } from '../http/server.ts';
import type { Authenticate } from '../http/step/authenticate.ts';
import type { Lock } from '../lockfile/check-pins.ts';
import { openRevisions } from '../mcp/revision/revisions.ts';
import { createLearner, type Learner } from '../plugin/learned-grants.ts';
import { loadPlugins } from '../plugin/load.ts';
import type { Plugin } from '../plugin/plugin.ts';
import { ReadyThreads } from '../runtime/wasm/pool/ready-threads.ts';
import { createWasmRuntime } from '../runtime/wasm/wasm-runtime.ts';
import { createSource } from '../source/create-source.ts';
import { MemorySessions } from '../state/memory/sessions.ts';
import { commandProblem } from '../upstream/mcp/command-problem.ts';
import { createUpstreamPool } from '../upstream/mcp/create-upstream.ts';
import { reachUpstream } from '../upstream/reach-upstream.ts';
import type { UpstreamPool } from '../upstream/upstream.ts';
import { createVerifier } from '../verify/verifier.ts';
import { runPlugins, type Watch } from './running-plugins.ts';

/** A gateway with everything behind it. Disposing closes all of it, in reverse order of opening. */
export interface Host extends AsyncDisposable {
  readonly server: HttpServer;
  readonly plugins: readonly Plugin[];
  /** What each plugin has used, by id: the numbers that `/metrics` shows as `sallyport_plugin_*`. */
  usage(): ReadonlyMap<string, PluginUsage>;
  /**
   * Loads these plugins beside those that run, and gives them to every request that begins from then on; requests that
   * began before keep theirs to the end. Bindings, upstreams, and what plugins have stored stay. The lock of the start, if
   * there is one, applies to these plugins too.
   * @throws Faults: every plugin that does not load or start, and then all is as it was
   */
  replacePlugins(entries: Config['plugins']): Promise<void>;
  /** Goes on in new files of the same names, after those that grow were moved away. @throws Fault `audit_unusable` */
  reopenFiles(): void;
}

/**
 * Plugins of a config, loaded as start would, with nothing running; `lock` says what of them was accepted before.
 * `signal` ends it.
 * @throws Faults: every problem at once
 */
export function loadAll(config: Config, log: Log, lock?: Lock, signal?: AbortSignal): Promise<readonly Plugin[]> {
  const plainHttp = config.registries.filter(each => each.plain_http).map(each => each.host);
  const verifier = createVerifier({ trust: config.trust, requireSigned: config.require_signed_plugins, log });
  const loading = () =>
    loadPlugins(config.plugins, {
      source: (source, entry) =>
        createSource(source, {
          cacheDir: join(config.cache_dir, 'oci'),
          log,
          plainHttp,
          tokenHosts: tokenHostsOf(entry.source.oci, config),
          baseDir: process.cwd(),
        }),
      verifier,
      runtime: runtimeOf(config, log),
      capabilities,
      limits: config.limits.plugin,
      lock,
      signal,
    });
  return masked(config.mask, loading);
}

/**
 * Does what start does up to the point where something runs: loads all plugins, opens or tries to open what their
 * capabilities need, and looks for the commands of upstreams. Nothing is left behind. `signal` ends it.
 * @throws Faults: every problem at once
 */
export async function checkAll(
  config: Config,
  log: Log,
  lock?: Lock,
  signal?: AbortSignal,
): Promise<readonly Plugin[]> {
  return masked(config.mask, async () => {
    const missing = await commandFaults(config.upstreams.filter(({ required }) => required));
    const plugins = checkPlugins(config, log, lock, signal);
    const [checked, proxy] = await Promise.allSettled([plugins, (async () => proxyFromEnvironment())()]);
    const refused = [checked, proxy].flatMap(each => (each.status === 'rejected' ? toFaults(each.reason) : []));
    if (checked.status === 'fulfilled' && missing.length + refused.length === 0) return checked.value;
    throw new Faults([...missing, ...refused]);
  });
}

/** What is known beforehand to keep these upstreams from being started, or reached. */
export async function commandFaults(upstreams: readonly UpstreamConfig[]): Promise<readonly Fault[]> {
  const problems = await Promise.all(
    upstreams.map(async ({ id, stdio }) => {
      const hint = stdio && (await commandProblem(stdio));
      return hint === undefined ? [] : [new Fault('upstream_unavailable', { upstream: id, hint })];
    }),
  );
  return problems.flat();
}

/** @throws Faults */
async function checkPlugins(config: Config, log: Log, lock?: Lock, signal?: AbortSignal): Promise<readonly Plugin[]> {
  const options = facilityOptions(config, log, config.mask);
  const { plugins, facilities } = await loadBeside(() => tryFacilities(options), loadAll(config, log, lock, signal));
  await using _facilities = facilities;
  await runtimeOf(config, log).check(
    plugins.map(plugin => plugin.prepared),
    facilities,
  );
  return plugins;
}

export interface HostOptions {
  /** What of the plugins was accepted before. */
  readonly lock?: Lock | undefined;
  /** Ends a start that is not done. */
  readonly signal?: AbortSignal | undefined;
  readonly watch?: Watch | undefined;
  /** Ways to authenticate callers, asked in order. Without any, all callers are anonymous. */
  readonly schemes?: readonly Authenticate[] | undefined;
}

/**
 * The one composition root: from a config to a gateway that can listen. Creates all or closes all; a signal ends it
 * wherever it is, and then all is closed. Upstreams that are not required are not waited for.
 * @throws Faults: every plugin that does not load or start, or every required upstream that is missing
 */
export const createHost = (config: Config, log: Log, options: HostOptions = {}): Promise<Host> =>
  masked(config.mask, () => openHost(config, log, options));

async function openHost(
  config: Config,
  ownLog: Log,
  { lock, signal, watch, schemes = [] }: HostOptions,
): Promise<Host> {
  await using opened = new AsyncDisposableStack();
  // They load their code while plugins are loaded and verified.
  await using threads = new ReadyThreads(config.plugins.length === 0 ? 0 : config.limits.lanes);
  const { mask } = config;
  const log = mask.log(ownLog);
  const options = facilityOptions(config, ownLog, mask);
  const { plugins, facilities } = await loadBeside(() => openFacilities(options), loadAll(config, log, lock, signal));
  const { metrics } = opened.use(facilities);
  const learner = opened.use(createLearner(config.cache_dir, log));
  const runtime = runtimeOf(config, log, (plugin, name, need) => learner.refused(plugin, name, mask.text(need)));

  const run = async (entries: Config['plugins'], loaded: readonly Plugin[], ready?: ReadyThreads) => {
    for (const plugin of loaded) log.info(summaryOf(plugin), 'plugin verified');
    for (const { id, digest, prepared } of loaded) {
      if (prepared.grant.learning) await learner.begin(id, digest, [...prepared.grant.denied]);
    }
    const on = { config, runtime, facilities, threads: ready, watch, log, mask };
    return runPlugins(entries, loaded, on);
  };
  let running = await openUnlessAborted(run(config.plugins, plugins, threads), signal);
  /** Those that run, and those that end with the last request that keeps them. */
  const open = new Set([running]);
  opened.defer(async () => void (await Promise.all([...open].map(each => each[Symbol.asyncDispose]()))));

  const upstreams = new Map(
    config.upstreams.map(entry => [entry.id, opened.use(upstreamOf(entry, config.limits, log, metrics))]),
  );
  const closing = new AbortController();
  opened.defer(() => closing.abort());
  await startUpstreams(config.upstreams, upstreams, { log, signal, closing: closing.signal });

  const places = config.bindings.map(binding => ({ binding, place: new ChainPlace(running.chainOf(binding)) }));
  const gateway = opened.use(
    new Gateway({
      bindings: places.map(({ binding, place }) => ({
        id: binding.id,
        isDefault: binding.default,
        upstreams: pick(upstreams, binding.upstreams),
        chain: place,
        unhooked: binding.unhooked,
      })),
      limits: config.limits,
      optionalUpstreams: new Set(config.upstreams.filter(each => !each.required).map(each => each.id)),
      metrics,
      log,
    }),
  );
  const sessions = new MemorySessions(config.limits.session_idle_ms);
  const server = opened.use(
    new HttpServer({
      gateway,
      schemes,
      revisions: openRevisions({ limits: config.limits, store: sessions }),
      limits: config.limits,
      allowedHosts: config.allowed_hosts,
      allowedOrigins: config.allowed_origins,
      metrics,
      metricsFor: config.metrics.serve,
      mask,
      log,
    }),
  );
  const stack = opened.move();
  return {
    server,
    get plugins() {
      return running.plugins;
    },
    usage: () => running.usage(),
    reopenFiles: () => facilities.audit.reopen(),
    async replacePlugins(entries) {
      const loaded = await loadAll({ ...config, plugins: [...entries] }, log, lock);
      const next = await masked(mask, () => run(entries, loaded));
      const before = running;
      running = next;
      open.add(next);
      const left = places.map(({ binding, place }) => place.replace(next.chainOf(binding)));
      void Promise.all(left).then(async () => {
        await before[Symbol.asyncDispose]();
        open.delete(before);
      });
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** What a reviewer wants to read of a plugin in one line of the log. */
export const summaryOf = ({ id, version, origin, digest, signer, imports, granted, hooks }: Plugin) => ({
  plugin: id,
  version,
  reference: origin.reference,
  ...(origin.manifest === undefined ? {} : { manifest: origin.manifest }),
  digest,
  signer,
  imports,
  granted,
  hooks: [...hooks],
});

const connectionsMetric = 'sallyport_upstream_connections';

function upstreamOf(entry: UpstreamConfig, limits: Config['limits'], log: Log, metrics: Metrics): UpstreamPool {
  metrics.declare(connectionsMetric, { type: 'gauge', help: 'Connections with each upstream.' });
  const connections = metrics.series(connectionsMetric, { upstream: entry.id });
  return createUpstreamPool(entry, {
    log,
    startTimeoutMs: limits.upstream_start_ms,
    maxAnswerBytes: limits.answer_bytes,
    requestTimeoutMs: limits.request_timeout_ms,
    maxRequestTimeoutMs: limits.max_request_timeout_ms,
    onCount: count => connections.set(count),
  });
}

/**
 * Connects the required upstreams, and begins to connect the others, which goes on until `closing`.
 * @throws Faults of every required upstream that cannot be reached
 */
async function startUpstreams(
  entries: readonly UpstreamConfig[],
  upstreams: ReadonlyMap<string, UpstreamPool>,
  on: { readonly log: Log; readonly signal: AbortSignal | undefined; readonly closing: AbortSignal },
): Promise<void> {
  const faults: Fault[] = [];
  await Promise.all(
    entries.map(async ({ id, required }) => {
      const upstream = upstreams.get(id);
      if (!required && upstream !== undefined) return void reachUpstream(upstream, on.log, on.closing);
      try {
        await upstream?.start(on.signal);
      } catch (error) {
        faults.push(...toFaults(error).map(fault => fault.with({ upstream: id })));
      }
    }),
  );
  if (faults.length > 0) throw new Faults(faults);
}

/** The members that are named, in the order of the names. loadConfig has checked that all are there. */
const pick = <T>(all: ReadonlyMap<string, T>, names: readonly string[]): T[] =>
  names.flatMap(name => {
    const found = all.get(name);
    return found === undefined ? [] : [found];
  });

/** Hosts that may be sent our login for this reference: those that the operator names for its registry, and no others. */
const tokenHostsOf = (reference: string | undefined, { registries }: Config): readonly string[] =>
  registries.filter(({ host }) => reference?.startsWith(`${host}/`)).flatMap(each => each.token_hosts);

const runtimeOf = (config: Config, log: Log, refused?: Learner['refused']) =>
  createWasmRuntime({ capabilities, cacheDir: join(config.cache_dir, 'compiled'), log, refused });

/** The file for the values of plugins is opened at once where a plugin may have any. */
const facilityOptions = ({ kv, secrets, audit, plugins }: Config, log: Log, mask: SecretMask): FacilityOptions => {
  const usesKv = plugins.some(({ grants }) => typeof grants === 'object' && 'kv_store' in grants);
  return { kv, usesKv, secrets, audit, log, mask };
};

/** What plugins load into, opened while they load. @throws Faults of both, and then nothing is left open */
async function loadBeside<F extends AsyncDisposable>(open: () => F, loading: Promise<readonly Plugin[]>) {
  const [opened, loaded] = await Promise.allSettled([(async () => open())(), loading]);
  if (opened.status === 'fulfilled' && loaded.status === 'fulfilled') {
    return { facilities: opened.value, plugins: loaded.value };
  }
  if (opened.status === 'fulfilled') await opened.value[Symbol.asyncDispose]();
  throw new Faults([opened, loaded].flatMap(each => (each.status === 'rejected' ? toFaults(each.reason) : [])));
}

/** What is opened, unless the start is given up meanwhile: then it is closed as soon as it is open. */
async function openUnlessAborted<T extends AsyncDisposable>(opening: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return opening;
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort);
  try {
    if (signal.aborted) abort();
    return await Promise.race([opening, aborted.promise]);
  } catch (error) {
    if (signal.aborted) opening.then(opened => opened[Symbol.asyncDispose]()).catch(() => {});
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
