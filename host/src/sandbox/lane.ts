import { Worker } from 'node:worker_threads';
import { Fault, Faults } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import type { FromLane, LaneData, LanePlugin, LogLine, StartFailure, ToLane } from './lane/message.ts';
import { Progress, startingJob } from './lane/progress.ts';

/** What a lane tells its pool. `ended` comes once, also when the lane ended while it was starting. */
export interface LaneEvents {
  message(lane: Lane, message: Exclude<FromLane, { type: 'started' }>): void;
  ended(lane: Lane, reason: string): void;
}

const worker = new URL('./lane/worker.ts', import.meta.url);
/** Bounds of the thread itself. A guest's memory is bounded by its modules; this bounds what glue makes of it. */
const resourceLimits = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 };

/** The gateway's side of one worker thread that holds instances. */
export class Lane {
  readonly progress: Progress;
  readonly #worker: Worker;

  private constructor(thread: Worker, progress: Progress) {
    this.#worker = thread;
    this.progress = progress;
  }

  /**
   * Starts a thread with one configured instance of each plugin.
   * @throws Faults of `plugin_refused_config`, `plugin_start_failed`, `plugin_start_timeout`: one for each plugin that fails
   */
  static async start(plugins: readonly LanePlugin[], events: LaneEvents, log: Log): Promise<Lane> {
    const buffer = new SharedArrayBuffer(Progress.bytes);
    const data: LaneData = { plugins, progress: buffer };
    const thread = new Worker(worker, {
      workerData: data,
      resourceLimits,
      env: {},
      stdin: false,
      stdout: true,
      stderr: true,
    });
    const lane = new Lane(thread, new Progress(buffer));
    const started = Promise.withResolvers<readonly Fault[]>();
    let reason = 'the thread ended';
    thread.on('message', (message: FromLane) => {
      if (message.type !== 'started') return events.message(lane, message);
      writeLogs(log, message.logs);
      started.resolve(message.failures.map(startFault));
    });
    thread.on('error', error => {
      reason = error instanceof Error ? error.message : String(error);
    });
    thread.on('exit', () => {
      const plugin = plugins[lane.progress.read()?.call ?? 0]?.id ?? '';
      started.resolve([new Fault('plugin_start_failed', { plugin, reason })]);
      events.ended(lane, reason);
    });
    const watch = setInterval(() => {
      const late = lane.#late(plugins);
      if (late !== undefined) started.resolve([late]);
    }, 50);
    const failures = await started.promise;
    clearInterval(watch);
    if (failures.length === 0) return lane;
    await thread.terminate();
    throw new Faults(failures);
  }

  send(message: ToLane): void {
    this.#worker.postMessage(message);
  }

  /** Ends the thread wherever it is, in about 3 ms. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  /** The fault of the plugin that takes too long to start, if one does. */
  #late(plugins: readonly LanePlugin[]): Fault | undefined {
    const at = this.progress.read();
    const plugin = at?.job === startingJob ? plugins[at.call] : undefined;
    if (at === undefined || plugin === undefined || Progress.now() - at.since < plugin.limits.startMs) return undefined;
    return new Fault('plugin_start_timeout', { plugin: plugin.id, limit_ms: plugin.limits.startMs });
  }
}

function startFault({ plugin, cause, message }: StartFailure): Fault {
  if (cause === 'refused') return new Fault('plugin_refused_config', { plugin, reason: message });
  return new Fault('plugin_start_failed', { plugin, cause, reason: message });
}

/** Log lines of plugins, under their ids. */
export function writeLogs(log: Log, lines: readonly LogLine[], requestId?: string): void {
  for (const { plugin, level, message } of lines)
    log[level]({ plugin, ...(requestId === undefined ? {} : { request: requestId }) }, message);
}
