import { type ConfigChange, configChanges, type LoadedPlugin } from '../../config/change/config-changes.ts';
import type { Config } from '../../config/config.ts';
import { type Fault, Faults, toFaults } from '../../core/fault.ts';
import { type Log, silentLog } from '../../core/log.ts';
import type { Lock } from '../../lockfile/check-pins.ts';
import type { StartCommand } from '../command.ts';
import { openLock } from '../open-lock.ts';
import { readConfig } from '../read-config.ts';
import { FileWatch } from './file-watch.ts';
import { ReadFiles } from './read-files.ts';

/** A gateway whose configuration can be replaced. */
export interface ReloadableHost {
  readonly config: Config;
  readonly plugins: readonly LoadedPlugin[];
  /** Counts the configurations that were served since the start, which is 1. */
  readonly generation: number;
  /**
   * Serves by another configuration from now on, which is read when the reloads before have ended.
   * @throws Faults, and then nothing changes
   */
  reload(
    read: () => Promise<NextInputs>,
    options: { readonly signal: AbortSignal; readonly cause: ReloadCause },
  ): Promise<Reloaded>;
}

/** Why a reload is made. */
interface ReloadCause {
  readonly triggers: ReadonlySet<Trigger>;
  /** The callers of the management API who asked for it. */
  readonly subjects: ReadonlySet<string>;
}

/** What a gateway is made from next. */
export interface NextInputs {
  readonly config: Config;
  readonly lock: Lock;
  /** The ids of plugins whose tag is resolved again, although their entry is the same. */
  readonly refresh: readonly string[];
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
  /** The caller of the management API who asks for it. */
  readonly subject?: string | undefined;
}

/** What asked for a reload, for the log. */
export type Trigger = 'files' | 'SIGHUP' | 'admin';

export interface ReloaderOptions {
  readonly command: StartCommand;
  readonly host: ReloadableHost;
  /**
   * Loads and verifies everything that the next configuration names, and opens nothing that stays.
   * @throws Faults: all that a reload would refuse
   */
  check(before: Config, next: Config, lock: Lock, signal: AbortSignal): Promise<readonly LoadedPlugin[]>;
  /** The files that the configuration of the start was read from. */
  readonly files: ReadFiles;
  /** Whether a change of a file reloads the configuration. */
  readonly watches: boolean;
  /** How often files are looked at, in milliseconds. */
  readonly everyMs?: number | undefined;
  readonly log: Log;
}

/** A reload that has not begun to read. */
interface Waiting {
  readonly done: Promise<Reloaded>;
  readonly triggers: Set<Trigger>;
  readonly subjects: Set<string>;
}

/**
 * Replaces the configuration of a running gateway by what its files say now: when one of them changes, and when it is
 * asked to. One reload runs at a time. Requests that come meanwhile share one more, which reads the files after it. A
 * configuration that cannot be used is reported, and the running one stays.
 */
export class Reloader implements AsyncDisposable {
  readonly #options: ReloaderOptions;
  readonly #watch: FileWatch | undefined;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  #waiting: Waiting | undefined;
  /** The problems of the last attempt, to report them once. */
  #reported = '';

  constructor(options: ReloaderOptions) {
    this.#options = options;
    if (!options.watches) return;
    this.#watch = new FileWatch(() => this.trigger('files'), options.everyMs);
    this.#watch.start(options.files);
  }

  /** Reloads the configuration; the log has the result. */
  trigger(trigger: Trigger): void {
    this.#reload(trigger).catch(() => {});
  }

  /** Reloads the configuration, or returns what would change. @throws Faults, and then the running configuration stays */
  reload({ dryRun = false, subject }: ReloadRequest = {}): Promise<Reloaded> {
    return dryRun ? this.#whileOpen(this.#dryRun()) : this.#reload('admin', subject);
  }

  /** Ends the watching, and what runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch?.stop();
    this.#closing.abort(new Error('the gateway is shutting down'));
    await Promise.all(this.#running);
  }

  #reload(trigger: Trigger, subject?: string): Promise<Reloaded> {
    if (this.#waiting !== undefined) {
      this.#waiting.triggers.add(trigger);
      if (subject !== undefined) this.#waiting.subjects.add(subject);
      return this.#waiting.done;
    }
    const cause = { triggers: new Set([trigger]), subjects: new Set(subject === undefined ? [] : [subject]) };
    const done = this.#whileOpen(Promise.resolve().then(() => this.#run(cause)));
    this.#waiting = { done, ...cause };
    return done;
  }

  /** Waits for this when the gateway is closed. */
  #whileOpen<T>(work: Promise<T>): Promise<T> {
    const settled = work.then(
      () => {},
      () => {},
    );
    this.#running.add(settled);
    void settled.then(() => this.#running.delete(settled));
    return work;
  }

  async #run(cause: ReloadCause): Promise<Reloaded> {
    const { triggers } = cause;
    const { host, log } = this.#options;
    const { signal } = this.#closing;
    const files = new ReadFiles();
    let began: number | undefined;
    const read = () => {
      began = performance.now();
      // What comes from here on may have changed what is being read.
      this.#waiting = undefined;
      this.#watch?.stop();
      return this.#read(files, triggers);
    };
    try {
      signal.throwIfAborted();
      const { generation, changes } = await host.reload(read, { signal, cause });
      this.#reported = '';
      const about = { triggers: [...triggers], generation, changes: changes.map(({ text }) => text) };
      const ms = Math.round(performance.now() - (began ?? 0));
      log.info({ ...about, ms }, 'configuration reloaded');
      return { generation, changes };
    } catch (error) {
      if (!signal.aborted) this.#report([...triggers], toFaults(error));
      throw error;
    } finally {
      if (!signal.aborted && began !== undefined) this.#watch?.start(files);
    }
  }

  async #read(files: ReadFiles, triggers: ReadonlySet<Trigger>): Promise<NextInputs> {
    const { command, log } = this.#options;
    const config = await readConfig(command.config, { files, warn: each => log.warn(each, 'configuration') });
    const lock = await openLock(command, config, log);
    // A file that changed says nothing about tags in registries.
    const isAsked = triggers.has('SIGHUP') || triggers.has('admin');
    return { config, lock, refresh: isAsked ? config.plugins.map(({ id }) => id) : [] };
  }

  async #dryRun(): Promise<Reloaded> {
    const { host, check, command } = this.#options;
    const config = await readConfig(command.config, { warn: () => {} });
    const lock = await openLock(command, config, silentLog());
    const plugins = await check(host.config, config, lock, this.#closing.signal);
    return { generation: host.generation, changes: configChanges(host, { config, plugins }) };
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
