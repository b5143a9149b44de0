import type { Worker } from 'node:worker_threads';
import type { HeardCall } from '../../../capability/capability.ts';
import type { Note } from '../../../contract/hook-call.ts';
import { Fault, Faults } from '../../../core/fault.ts';
import type { Log } from '../../../core/log.ts';
import type { FromLane, Job, LanePlugin, LogLine, Said, StartFailure, ToLane } from '../lane/message.ts';
import { Progress, startingJob } from '../lane/progress.ts';
import { Recorder } from '../lane/recorder.ts';
import type { CallLists } from '../lane/wire.ts';
import { type LaneBody, processBody, threadBody } from './lane-body.ts';
import type { Accounts } from './usage-account.ts';

/** What a lane tells its pool. `ended` comes once, also when the lane ended while it was starting. */
export interface LaneEvents {
  message(lane: Lane, message: Exclude<FromLane, { type: 'started' | 'refused' | 'memory' }>): void;
  /** Where what its instances use is added up. */
  readonly accounts: Accounts;
  readonly log: Log;
  /** Takes what capabilities of its plugins told of a call. */
  hear(note: Note, call: HeardCall): void;
  /** A plugin that is learning was refused something. */
  refused?: Refused | undefined;
  ended(lane: Lane, reason: string): void;
}

/** What a pool of lanes needs beside its plugins. */
export interface PoolOptions extends Pick<LaneEvents, 'accounts' | 'hear' | 'log' | 'refused'> {
  /** Chains that may wait. */
  readonly backlog: number;
}

/** Takes what a plugin was refused: plugin, capability, and as JSON what it would have needed. Lanes may say anything. */
export type Refused = (plugin: string, capability: string, need: string) => void;

/** Who asks while a plugin starts. */
export const nobody: HeardCall = { requestId: '', binding: '', upstream: '' };

/** What starting Node may take. */
const processStartMs = 5000;

/** The gateway's side of one lane: a worker thread that holds instances, or a process that does. */
export class Lane {
  readonly progress: Progress;
  readonly #body: LaneBody;
  readonly #recorder: Recorder;
  readonly #events: LaneEvents;
  readonly #plugins: ReadonlySet<string>;
  #listsTold = 0;

  private constructor(plugins: readonly LanePlugin[], events: LaneEvents, thread: Worker | undefined) {
    const progress = new SharedArrayBuffer(Progress.bytes);
    const recorder = new SharedArrayBuffer(Recorder.bytes);
    this.progress = new Progress(progress);
    this.#recorder = new Recorder(recorder);
    this.#body = isProcess(plugins) ? processBody(plugins) : threadBody({ plugins, progress, recorder }, thread);
    this.#events = events;
    this.#plugins = new Set(plugins.map(({ id }) => id));
  }

  /**
   * Starts a lane with one configured instance of each plugin, in `thread` where one is ready.
   * @throws Faults of `plugin_refused_config`, `plugin_start_failed`, `plugin_start_timeout`: one for each plugin that fails
   */
  static async start(plugins: readonly LanePlugin[], events: LaneEvents, thread?: Worker): Promise<Lane> {
    const lane = new Lane(plugins, events, thread);
    const body = lane.#body;
    const started = Promise.withResolvers<readonly Fault[]>();
    const began = Progress.now();
    let reason = 'it ended';
    const take = (message: FromLane) => {
      if (message.type === 'refused') return events.refused?.(message.plugin, message.capability, message.need);
      if (message.type === 'memory') return events.accounts.uses(lane, message.uses);
      if (message.type === 'said' && message.job === startingJob) return lane.hear(message.said, nobody);
      if (message.type !== 'started') return events.message(lane, message);
      started.resolve(message.failures.map(startFault));
    };
    body.onMessage(message => {
      try {
        take(message);
      } catch (error) {
        // Of a lane as we wrote it everything makes sense: this one is another's now.
        reason = `it sent an invalid message: ${error instanceof Error ? error.message : String(error)}`;
        void body.terminate();
      }
    });
    body.onError(error => {
      reason = error instanceof Error ? error.message : String(error);
    });
    body.onExit(() => {
      const plugin = plugins[lane.progress.read()?.call ?? 0]?.id ?? '';
      started.resolve([new Fault('plugin_start_failed', { plugin, reason })]);
      events.accounts.ended(lane);
      events.ended(lane, reason);
    });
    const watch = setInterval(() => {
      const late = isProcess(plugins) ? lateProcess(plugins, began) : lane.#late(plugins);
      if (late !== undefined) started.resolve([late]);
    }, 50);
    const failures = await started.promise;
    clearInterval(watch);
    if (failures.length === 0) return lane;
    await body.terminate();
    lane.hear(lane.unsent(startingJob), nobody);
    throw new Faults(failures);
  }

  /** What the job that has its thread said and did not send: nothing, where it is another job, or another call of it. */
  unsent(job: number, call = this.#recorder.call): Said {
    const isOf = this.#recorder.job === job && this.#recorder.call === call;
    return isOf ? this.#recorder.read() : { logs: [], notes: [] };
  }

  /** Takes what was said in a call to those whom it is for. A lane speaks for its own plugins. */
  hear(said: Said | undefined, call: HeardCall): void {
    if (said === undefined) return;
    const isOwn = ({ plugin }: { readonly plugin: string }) => this.#plugins.has(plugin);
    writeLogs(this.#events.log, said.logs.filter(isOwn), call);
    for (const note of said.notes) if (isOwn(note)) this.#events.hear(note, call);
  }

  /** Has it run these jobs. `lists` is that of its pool. */
  run(jobs: readonly Job[], lists: CallLists): void {
    this.send({ type: 'run', jobs: lists.pack(jobs, this.#listsTold) });
    this.#listsTold = lists.size;
  }

  send(message: ToLane): void {
    this.#body.send(message);
  }

  /** What its thread or process has used of the CPU so far, in milliseconds; undefined where that cannot be known. */
  async cpuMs(): Promise<number | undefined> {
    return this.#body.cpuMs().catch(() => undefined);
  }

  /** Ends it wherever it is, in about 3 ms. */
  async terminate(): Promise<void> {
    await this.#body.terminate();
  }

  /** The fault of the plugin that takes too long to start, if one does. */
  #late(plugins: readonly LanePlugin[]): Fault | undefined {
    const at = this.progress.read();
    const plugin = at?.job === startingJob ? plugins[at.call] : undefined;
    if (at === undefined || plugin === undefined || Progress.now() - at.since < plugin.limits.startMs) return undefined;
    return new Fault('plugin_start_timeout', { plugin: plugin.id, limit_ms: plugin.limits.startMs });
  }
}

/** Its progress cannot be seen from here; starting Node is part of its time. */
function lateProcess(plugins: readonly LanePlugin[], began: number): Fault | undefined {
  const limit = plugins.reduce((sum, plugin) => sum + plugin.limits.startMs, processStartMs);
  const plugin = plugins[0]?.id ?? '';
  return Progress.now() - began < limit ? undefined : new Fault('plugin_start_timeout', { plugin, limit_ms: limit });
}

function startFault({ plugin, cause, message }: StartFailure): Fault {
  if (cause === 'refused') return new Fault('plugin_refused_config', { plugin, reason: message });
  return new Fault('plugin_start_failed', { plugin, cause, reason: message });
}

const isProcess = (plugins: readonly LanePlugin[]) => plugins.some(plugin => plugin.isolation === 'process');

/** Log lines of plugins, under their ids. */
function writeLogs(log: Log, lines: readonly LogLine[], call: HeardCall): void {
  const request = call === nobody ? {} : { request: call.requestId };
  // A lane may say anything: what is no level must not call whatever the log has under that name.
  for (const { plugin, level, message } of lines)
    log[logLevels.has(level) ? level : 'warn']({ plugin, ...request }, String(message));
}

const logLevels: ReadonlySet<unknown> = new Set<LogLine['level']>(['debug', 'info', 'warn', 'error']);
