import { type ConfigChange, configChanges } from '../../config/change/config-changes.ts';
import { configDigest } from '../../config/change/shown-config.ts';
import type { Config } from '../../config/config.ts';
import { Fault, toFaults } from '../../core/fault.ts';
import { masked } from '../../core/masked.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { RequestHandlers } from '../../gateway/request-handlers.ts';
import type { HttpServer } from '../../http/server.ts';
import type { Lock } from '../../lockfile/check-pins.ts';
import type { Revision } from '../../mcp/revision/revision.ts';
import type { MemorySessions } from '../../state/memory/sessions.ts';
import { checkExposure } from '../check-exposure.ts';
import type { Generation, GenerationOpener, SharedParts } from '../generation.ts';
import type { Registrant } from '../joining-server.ts';
import { loadAll } from '../load-all.ts';
import { facilityOptions } from '../load-beside.ts';
import { bindingsOf, reportJoined, servedSettings } from '../served.ts';
import { forgetRemoved } from './forget-removed.ts';
import type { Generations } from './generations.ts';
import { KnownPlugins } from './known-plugins.ts';
import { refuseChanges } from './refuse-changes.ts';
import { causeOf, type ReloadCause, reloadEvent } from './reload-event.ts';
import { ReloadMetrics } from './reload-metrics.ts';

export interface ReloadOptions {
  /** Checks what was accepted of the plugins; the one of the start or of the last reload unless stated. */
  readonly lock?: Lock | undefined;
  /** Ends a reload that has not finished. */
  readonly signal?: AbortSignal | undefined;
  /** Called when everything is open and before anything changes. What it throws ends the reload. */
  readonly beforeSwap?: (() => Promise<void>) | undefined;
  /** The ids of plugins whose tag is resolved again, although their entry is the same. */
  readonly refresh?: readonly string[] | undefined;
  /** Who registers the upstreams that are new; as at the start unless stated. */
  readonly registrant?: Registrant | undefined;
  /** The management API if that is the registrant, otherwise the program, unless stated. */
  readonly cause?: ReloadCause | undefined;
}

/** What a reload did. */
export interface Reloaded {
  /** Counts the configurations that were served since the start, which is 1. */
  readonly generation: number;
  /** What is different, in words. */
  readonly changes: readonly ConfigChange[];
}

interface ReloadRun extends Omit<ReloadOptions, 'signal' | 'registrant' | 'cause'> {
  readonly signal: AbortSignal;
  readonly registrant: Registrant;
}

const loadedConfig = ({ config, plugins: { plugins } }: Generation) => ({ config, plugins });

/** The next configuration, with what was read together with it, instead of the options of the reload. */
export interface NextInputs extends Pick<ReloadOptions, 'lock' | 'refresh'> {
  readonly config: Config;
}

/** Returns the next configuration, made from the one that is running when its turn comes. */
export type NextConfig = (current: Config) => Config | NextInputs | Promise<Config | NextInputs>;

export interface ReloadsOptions {
  readonly shared: SharedParts;
  readonly opener: GenerationOpener;
  readonly generations: Generations;
  readonly gateway: Gateway;
  readonly server: HttpServer;
  readonly handlers: RequestHandlers;
  readonly sessions: MemorySessions;
  readonly revisions: readonly Revision[];
  /** Who registered the upstreams of the start. */
  readonly registrant: Registrant;
  /** Gets the ids of the plugins that requests still use: what is kept about others can be forgotten. */
  readonly keepPlugins: ((plugins: ReadonlySet<string>) => void) | undefined;
}

/** Replaces the configuration of a running gateway. One reload runs at a time. Disposing ends the one that runs. */
export class Reloads implements AsyncDisposable {
  readonly #options: ReloadsOptions;
  readonly #metrics: ReloadMetrics;
  readonly #closing = new AbortController();
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: ReloadsOptions) {
    this.#options = options;
    this.#metrics = new ReloadMetrics(options.shared.facilities.metrics);
  }

  /**
   * Serves by another configuration from now on, after the reloads that were asked for before.
   * @throws Faults: every problem; then nothing changes
   */
  run(next: NextConfig, options: ReloadOptions = {}): Promise<Reloaded> {
    const done = this.#last.then(() => this.#run(next, options));
    this.#last = done.catch(() => {});
    return done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Fault('draining', { hint: 'the gateway is closing' }));
    await this.#last;
  }

  async #run(
    next: NextConfig,
    { registrant = this.#options.registrant, cause, ...stated }: ReloadOptions,
  ): Promise<Reloaded> {
    const { generations, shared } = this.#options;
    const audit = (event: string, details: object) =>
      shared.facilities.audit.write(reloadEvent(event, details, cause ?? causeOf(registrant)));
    const closing = this.#closing.signal;
    const signal = stated.signal === undefined ? closing : AbortSignal.any([closing, stated.signal]);
    // A change over the management API was made of the file as it was read last, and its caller learns why it is refused.
    const isChange = registrant.origin === 'admin';
    try {
      signal.throwIfAborted();
      const found = await next(generations.current.config);
      const { config, ...read } = 'mask' in found ? { config: found } : found;
      const options: ReloadRun = { ...stated, ...read, signal, registrant };
      shared.mask.learnFrom(config.mask);
      const opened = await masked(shared.mask, () => this.#open(config, options));
      const changes = await this.#replace(opened, options);
      const { number: generation } = generations;
      if (isChange) this.#metrics.changed(generation);
      else this.#metrics.succeeded(generation);
      audit('config.reloaded', {
        ...{ generation, config: configDigest(config), changes: changes.map(({ text }) => text) },
      });
      return { generation, changes };
    } catch (error) {
      if (!isChange) this.#metrics.failed();
      const codes = toFaults(error).map(({ code }) => code);
      audit('config.refused', { codes: [...new Set(codes)] });
      throw signal.aborted ? signal.reason : error;
    } finally {
      this.#forget();
    }
  }

  /** Removes what is kept about parts that no generation has, also about what a failed reload had opened. */
  #forget(): void {
    const { generations, shared, keepPlugins } = this.#options;
    const all = generations.all();
    forgetRemoved(shared.facilities.metrics, all);
    keepPlugins?.(new Set(all.flatMap(({ config }) => config.plugins.map(({ id }) => id))));
  }

  /** Waits for the reload that runs, because the generation that it opens counts already. */
  #forgetLater(): void {
    this.#last = this.#last.then(() => this.#forget());
  }

  /** Opens the next generation. @throws Faults */
  async #open(config: Config, { signal, refresh, lock: stated, registrant }: ReloadRun): Promise<Generation> {
    const { generations, opener, server, shared } = this.#options;
    const { current: before } = generations;
    const lock = stated ?? before.lock;
    refuseChanges(before.config, config);
    if (server.host !== undefined) checkExposure(server.host, config, shared.schemes);
    const known = new KnownPlugins({ config, lock, refresh });
    const loading = loadAll(config, shared.log, lock, signal, ({ id }) => known.findIn(before.known, id));
    const next = await opener.open({ config, lock, known, loading, signal, before, registrant });
    known.learn(next.plugins.plugins);
    return next;
  }

  /** Prepares to serve by an opened generation. Closes it if `beforeSwap` throws. */
  async #prepare(next: Generation, { signal, beforeSwap }: ReloadRun) {
    const { shared, gateway, server, handlers } = this.#options;
    try {
      const bindings = gateway.prepare(bindingsOf(next, shared, handlers));
      const serve = server.prepare(servedSettings(next, bindings));
      await beforeSwap?.();
      signal.throwIfAborted();
      return { bindings, serve };
    } catch (error) {
      await next[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Serves by an opened generation, unless `beforeSwap` throws. */
  async #replace(next: Generation, run: ReloadRun): Promise<readonly ConfigChange[]> {
    const { generations, shared, gateway, server } = this.#options;
    const { current: before } = generations;
    const { bindings, serve } = await this.#prepare(next, run);
    const calls = [before.plugins.identity.idle(), before.federation.chain.idle()];
    const ended = Promise.all([server.requestsEnded(), ...calls]);
    serve();
    this.#use(next);
    generations.replace(next, { ended, retire: gateway.use(bindings), closed: () => this.#forgetLater() });
    if (before.federation.decider !== next.federation.decider) shared.federation.checkAgain();
    reportJoined(next, shared, run.registrant);
    return configChanges(loadedConfig(before), loadedConfig(next));
  }

  /** Applies what is not replaced but changed in place. */
  #use({ config, plugins, upstreams }: Generation): void {
    const { shared, handlers, sessions, revisions } = this.#options;
    const { limits } = config;
    plugins.use();
    upstreams.use();
    handlers.timeoutMs = limits.request_timeout_ms;
    sessions.idleMs = limits.session_idle_ms;
    for (const revision of revisions) revision.changeLimits?.(limits);
    shared.facilities.changeTenants(facilityOptions(config, shared.log, shared.mask));
  }
}
