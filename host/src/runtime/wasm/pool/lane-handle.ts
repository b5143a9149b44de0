import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import type { HeardCall, Serve } from '../../../capability/capability.ts';
import type { Note } from '../../../contract/hook-call.ts';
import { Fault, Faults } from '../../../core/fault.ts';
import type { Log } from '../../../core/log.ts';
import type { PluginLimits } from '../../limits.ts';
import type { Answered } from '../lane/host-calls.ts';
import type { Ask, CallRecords, FromLane, Job, PooledPlugin, StartFailure, ToLane } from '../lane/message.ts';
import { epochMs, Progress, RecordBuffer, startingJob } from '../lane/shared-memory.ts';
import type { CallLists } from '../lane/wire.ts';
import { deliverRecords, startCall } from './deliver-records.ts';
import { startLaneProcess, startLaneThread, type ThreadOrProcess } from './thread-or-process.ts';
import type { UsageAccounts } from './usage-account.ts';

/** What a lane reports to its pool. */
export interface LaneEvents {
  message(lane: Lane, message: Exclude<FromLane, { type: 'started' | 'refused' | 'memory' }>): void;
  /** Adds up what the plugins use. */
  readonly accounts: UsageAccounts;
  readonly log: Log;
  /** Takes a note that a capability left in a hook call. */
  deliverNote(note: Note, call: HeardCall): void;
  /** Takes what a plugin that is learning was refused. */
  refused?: Refused | undefined;
  /** Returns what a lane with this number uses directly of the capabilities of a plugin. */
  lend(plugin: string, lane: number): ReadonlyMap<string, unknown>;
  /** Finishes what the lane with this number left undone that has ended, or that runs no call now. */
  settle(lane: number): void;
  /** Takes back what a lane was lent, which has ended. */
  takeBack(lane: number): void;
  /** Called once, also when the lane ends while it is starting. */
  ended(lane: Lane, reason: string): void;
}

/** What a pool of lanes needs beside its plugins. */
export interface PoolOptions
  extends Pick<LaneEvents, 'accounts' | 'deliverNote' | 'lend' | 'log' | 'refused' | 'settle' | 'takeBack'> {
  /** Returns the gateway's side of a capability of a plugin, if there is one. */
  serveOf(plugin: string, capability: string): Serve | undefined;
  /** The number of chains that may wait. */
  readonly backlog: number;
  /** Called when a lane ended and another one is started in its place. */
  onReplace?(): void;
}

/**
 * Takes a refusal: plugin, capability, and what would have been needed, as JSON. It comes from a lane and is not
 * trusted.
 */
export type Refused = (plugin: string, capability: string, need: string) => void;

/** Answers a host call that a plugin makes while it starts. */
export const serveStart = (serve: Serve, request: unknown, { startMs }: PluginLimits): Promise<unknown> =>
  serve(request, { ...startCall, signal: AbortSignal.timeout(startMs) });

/** The time for starting Node. */
const processStartMs = 5000;

/** The gateway's side of one lane: a worker thread that holds instances, or a process that does. */
export class Lane {
  /** The gateway's thread has 1. */
  static #lastNumber = 1;
  readonly number: number;
  /** Whether its plugins use something of the gateway's directly, unseen. */
  readonly isLentSomething: boolean;
  readonly progress: Progress;
  readonly #answers: MessagePort;
  readonly #answered = new SharedArrayBuffer(4);
  readonly #program: ThreadOrProcess;
  readonly #records: RecordBuffer;
  readonly #events: LaneEvents;
  readonly #plugins: ReadonlySet<string>;
  #sentLists = 0;

  private constructor(plugins: readonly PooledPlugin[], events: LaneEvents, thread: Worker | undefined) {
    const progress = new SharedArrayBuffer(Progress.bytes);
    const records = new SharedArrayBuffer(RecordBuffer.bytes);
    this.progress = new Progress(progress);
    this.#records = new RecordBuffer(records);
    Lane.#lastNumber += 1;
    this.number = Lane.#lastNumber;
    const { port1, port2: port } = new MessageChannel();
    this.#answers = port1;
    const answers = { port, answered: this.#answered };
    const lending = plugins.map(plugin => ({ ...plugin, lent: lentTo(this.number, plugin, events) }));
    this.isLentSomething = lending.some(({ lent }) => lent.size > 0);
    this.#program = isProcess(plugins)
      ? startLaneProcess(lending)
      : startLaneThread({ plugins: lending, number: this.number, answers, progress, records }, thread);
    this.#events = events;
    this.#plugins = new Set(plugins.map(({ id }) => id));
  }

  /**
   * Starts a lane with one configured instance of each plugin, in `thread` if one is ready.
   * @throws Faults of `plugin_refused_config`, `plugin_start_failed`, `plugin_start_timeout`: one for each plugin that
   *   fails
   */
  static async start(plugins: readonly PooledPlugin[], events: LaneEvents, thread?: Worker): Promise<Lane> {
    const lane = new Lane(plugins, events, thread);
    const started = Promise.withResolvers<readonly Fault[]>();
    lane.#listen(plugins, started.resolve);
    const beganMs = epochMs();
    const watch = setInterval(() => {
      const late = isProcess(plugins) ? lateProcess(plugins, beganMs) : lane.#latePlugin(plugins);
      if (late !== undefined) started.resolve([late]);
    }, 50);
    const failures = await started.promise;
    clearInterval(watch);
    if (failures.length === 0) return lane;
    await lane.#program.terminate();
    lane.deliver(lane.unsent(startingJob), startCall);
    throw new Faults(failures);
  }

  #listen(plugins: readonly PooledPlugin[], started: (failures: readonly Fault[]) => void): void {
    let reason = 'it ended';
    this.#program.onMessage(message => {
      try {
        if (message.type === 'started') started(message.failures.map(startFault));
        else this.#receive(message);
      } catch (error) {
        // Our own code sends valid messages, so this lane runs code of a guest.
        reason = `it sent an invalid message: ${error instanceof Error ? error.message : String(error)}`;
        void this.#program.terminate();
      }
    });
    this.#program.onError(error => {
      reason = error instanceof Error ? error.message : String(error);
    });
    this.#program.onExit(() => {
      const plugin = plugins[this.progress.read()?.call ?? 0]?.id ?? '';
      started([new Fault('plugin_start_failed', { plugin, reason })]);
      this.#answers.close();
      this.#events.takeBack(this.number);
      this.#events.accounts.ended(this);
      this.#events.ended(this, reason);
    });
  }

  #receive(message: Exclude<FromLane, { type: 'started' }>): void {
    const { accounts, refused } = this.#events;
    if (message.type === 'refused') refused?.(message.plugin, message.capability, message.need);
    else if (message.type === 'memory') accounts.memory(this, message.uses);
    else if (message.type === 'records' && message.job === startingJob) this.deliver(message.records, startCall);
    else this.#events.message(this, message);
  }

  /** Returns the records of the job that has its thread which were not sent: none, if it is another job or call. */
  unsent(job: number, call = this.#records.call): CallRecords {
    const isCurrent = this.#records.job === job && this.#records.call === call;
    return isCurrent ? this.#records.read() : { logs: [], notes: [] };
  }

  /** Writes the log lines of a call and delivers its notes, of the plugins of this lane only. */
  deliver({ logs, notes }: CallRecords, call: HeardCall): void {
    const isOwn = ({ plugin }: { readonly plugin: string }) => this.#plugins.has(plugin);
    deliverRecords({ logs: logs.filter(isOwn), notes: notes.filter(isOwn) }, call, this.#events);
  }

  /** Sends jobs to the lane. `lists` is that of its pool. */
  run(jobs: readonly Job[], lists: CallLists): void {
    this.send({ type: 'run', jobs: lists.pack(jobs, this.#sentLists) });
    this.#sentLists = lists.size;
  }

  send(message: ToLane): void {
    this.#program.send(message);
  }

  /**
   * Answers a request of the lane.
   * @param serve undefined if there is no such capability, or its hook call has ended
   */
  async answer({ ask, capability, now }: Ask, serve: (() => Promise<unknown>) | undefined): Promise<void> {
    const answer = await answerOf(capability, serve);
    if (!now) return this.send({ type: 'answer', ask, ...answer });
    this.#answers.postMessage(answer);
    const word = new Int32Array(this.#answered);
    Atomics.store(word, 0, ask);
    Atomics.notify(word, 0);
  }

  /** Finishes what the lane left undone, which runs no call now. */
  settle(): void {
    this.#events.settle(this.number);
  }

  /** Returns what its thread or process has used of the CPU, in milliseconds; undefined if that cannot be measured. */
  async cpuMs(): Promise<number | undefined> {
    return this.#program.cpuMs().catch(() => undefined);
  }

  /** Ends it whatever it is doing, in about 3 ms. */
  async terminate(): Promise<void> {
    await this.#program.terminate();
  }

  /** Returns the fault of the plugin that takes too long to start, if one does. */
  #latePlugin(plugins: readonly PooledPlugin[]): Fault | undefined {
    const at = this.progress.read();
    const plugin = at?.job === startingJob ? plugins[at.call] : undefined;
    if (at === undefined || plugin === undefined || epochMs() - at.since < plugin.limits.startMs) return undefined;
    return new Fault('plugin_start_timeout', { plugin: plugin.id, limit_ms: plugin.limits.startMs });
  }
}

/** Returns the fault of a process that takes too long. It shares no memory, and starting Node is part of its time. */
function lateProcess(plugins: readonly PooledPlugin[], beganMs: number): Fault | undefined {
  const limit = plugins.reduce((sum, plugin) => sum + plugin.limits.startMs, processStartMs);
  const plugin = plugins[0]?.id ?? '';
  return epochMs() - beganMs < limit ? undefined : new Fault('plugin_start_timeout', { plugin, limit_ms: limit });
}

/** Returns the fault of a plugin that did not start. */
export function startFault({ plugin, cause, message }: StartFailure): Fault {
  if (cause === 'refused') return new Fault('plugin_refused_config', { plugin, reason: message });
  return new Fault('plugin_start_failed', { plugin, cause, reason: message });
}

async function answerOf(capability: string, serve: (() => Promise<unknown>) | undefined): Promise<Answered> {
  if (serve === undefined) return { error: `${capability} is not available now` };
  try {
    return { value: await serve() };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** Returns what a lane is lent for a plugin. A process is lent nothing. */
const lentTo = (lane: number, plugin: PooledPlugin, { lend }: LaneEvents): ReadonlyMap<string, unknown> =>
  plugin.isolation === 'process' ? new Map() : lend(plugin.id, lane);

const isProcess = (plugins: readonly PooledPlugin[]) => plugins.some(plugin => plugin.isolation === 'process');
