import { type ConfigChange, configChanges, type LoadedPlugin } from '../../config/change/config-changes.ts';
import type { Config } from '../../config/config.ts';
import { type Fault, Faults, toFaults } from '../../core/fault.ts';
import type { Log } from '../../core/log.ts';
import type { Lock } from '../../lockfile/check-pins.ts';
import type { StartCommand } from '../command.ts';
import { FileWatch } from './file-watch.ts';
import { ReadFiles } from './read-files.ts';
import { type Inputs, readInputs } from './read-inputs.ts';

/** A gateway whose configuration can be replaced. */
export interface ReloadableHost {
  readonly plugins: readonly LoadedPlugin[];
  /** Serves by another configuration from now on. @throws Faults, and then nothing changes */
  reload(next: Config, options: { readonly lock: Lock; readonly signal: AbortSignal }): Promise<unknown>;
}

/** What a reload did, or what it would do. */
export interface Reloaded {
  /** Counts the configurations that were served since the start, which is 1. */
  readonly generation: number;
  readonly changes: readonly ConfigChange[];
}

export interface ReloadRequest {
  /** Only find out what would change: everything is validated, loaded and verified, and nothing is replaced. */
  readonly dryRun?: boolean;
}

/** What asked for a reload, for the log. */
export type Trigger = 'files' | 'SIGHUP' | 'admin';

export interface ReloaderOptions {
  readonly command: StartCommand;
  readonly host: ReloadableHost;
  /** Loads and verifies everything that a configuration names, and opens nothing that stays. @throws Faults */
  check(config: Config, lock: Lock, signal: AbortSignal): Promise<readonly LoadedPlugin[]>;
  /** The configuration of the start, and the files that it was read from. */
  readonly config: Config;
  readonly files: ReadFiles;
  /** Whether a change of a file reloads the configuration. */
  readonly watches: boolean;
  /** How often files are looked at, in milliseconds. */
  readonly everyMs?: number | undefined;
  readonly log: Log;
}

/**
 * Replaces the configuration of a running gateway by what its files say now: when one of them changes, and when it is
 * asked to. One reload runs at a time. Requests that come meanwhile share one more, which begins after it. A
 * configuration that cannot be used is reported, and the running one stays.
 */
export class Reloader implements AsyncDisposable {
  readonly #options: ReloaderOptions;
  readonly #watch: FileWatch | undefined;
  readonly #closing = new AbortController();
  #config: Config;
  #generation = 1;
  /** Ends when everything that was asked for has ended. */
  #last: Promise<unknown> = Promise.resolve();
  /** The reload that has not begun. */
  #next: { readonly done: Promise<Reloaded>; readonly triggers: Set<Trigger> } | undefined;
  /** The problems of the last attempt, to report them once. */
  #reported = '';

  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#config = options.config;
    if (!options.watches) return;
    this.#watch = new FileWatch(() => this.trigger('files'), options.everyMs);
    this.#watch.start(options.files);
  }

  /** Reloads the configuration; the log has the result. */
  trigger(trigger: Trigger): void {
    this.#reload(trigger).catch(() => {});
  }

  /** Reloads the configuration, or returns what would change. @throws Faults, and then the running configuration stays */
  reload({ dryRun = false }: ReloadRequest = {}): Promise<Reloaded> {
    return dryRun ? this.#inTurn(() => this.#dryRun()) : this.#reload('admin');
  }

  /** Ends the watching, and a reload that runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch?.stop();
    this.#closing.abort(new Error('the gateway is shutting down'));
    await this.#last;
  }

  #reload(trigger: Trigger): Promise<Reloaded> {
    if (this.#next !== undefined) {
      this.#next.triggers.add(trigger);
      return this.#next.done;
    }
    const triggers = new Set([trigger]);
    const done = this.#inTurn(() => {
      this.#next = undefined;
      return this.#run([...triggers]);
    });
    this.#next = { done, triggers };
    return done;
  }

  /** Runs this after everything that was asked for before. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(() => {
      this.#closing.signal.throwIfAborted();
      return work();
    });
    this.#last = done.catch(() => {});
    return done;
  }

  async #run(triggers: readonly Trigger[]): Promise<Reloaded> {
    const { host, log } = this.#options;
    const { signal } = this.#closing;
    const files = new ReadFiles();
    this.#watch?.stop();
    const began = performance.now();
    try {
      const { config, lock } = await this.#read(files);
      const before = { config: this.#config, plugins: [...host.plugins] };
      await host.reload(config, { lock, signal });
      this.#config = config;
      this.#generation += 1;
      this.#reported = '';
      const changes = configChanges(before, { config, plugins: host.plugins });
      const ms = Math.round(performance.now() - began);
      const texts = changes.map(({ text }) => text);
      log.info({ triggers, generation: this.#generation, changes: texts, ms }, 'configuration reloaded');
      return { generation: this.#generation, changes };
    } catch (error) {
      if (!signal.aborted) this.#report(triggers, toFaults(error));
      throw error;
    } finally {
      if (!signal.aborted) this.#watch?.start(files);
    }
  }

  async #dryRun(): Promise<Reloaded> {
    const { host, check } = this.#options;
    const { config, lock } = await this.#read(new ReadFiles());
    const plugins = await check(config, lock, this.#closing.signal);
    const changes = configChanges({ config: this.#config, plugins: host.plugins }, { config, plugins });
    return { generation: this.#generation, changes };
  }

  #read(files: ReadFiles): Promise<Inputs> {
    const { command, log } = this.#options;
    return readInputs(command, { files, warn: warning => log.warn(warning, 'configuration'), logOf: () => log });
  }

  /** Reports problems. What files cause is reported once, and not again while it stays the same. */
  #report(triggers: readonly Trigger[], faults: readonly Fault[]): void {
    const problems = faults.map(({ code, message, details, hint }) => ({ code, message, ...details, hint }));
    const text = new Faults(faults).message;
    const isKnown = text === this.#reported && triggers.every(trigger => trigger === 'files');
    this.#reported = text;
    if (!isKnown) this.#options.log.error({ triggers, problems }, 'configuration not reloaded: the running one stays');
  }
}
