import { Worker } from 'node:worker_threads';
import { Fault, Faults } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import type { FromLane, LaneData, LanePlugin, LogLine, StartFailure, ToLane } from './lane/message.ts';
import { Progress, startingJob } from './lane/progress.ts';

/** What a lane tells its pool. `ended` comes once, whether the lane was ended or ended itself. */
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
    const failures = await lane.#started(plugins, log);
    if (failures.length > 0) {
      await thread.terminate();
      throw new Faults(failures);
    }
    let reason = 'the thread ended';
    thread.on('message', (message: FromLane) => {
      if (message.type !== 'started') events.message(lane, message);
    });
    thread.on('error', error => {
      reason = error instanceof Error ? error.message : String(error);
    });
    thread.on('exit', () => events.ended(lane, reason));
    return lane;
  }

  send(message: ToLane): void {
    this.#worker.postMessage(message);
  }

  /** Ends the thread wherever it is, in about 3 ms. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  async #started(plugins: readonly LanePlugin[], log: Log): Promise<Fault[]> {
    const thread = this.#worker;
    let watch: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Fault[]>(resolve => {
        thread.once('message', (message: FromLane) => {
          if (message.type !== 'started') return;
          writeLogs(log, message.logs);
          resolve(message.failures.map(startFault));
        });
        thread.once('error', error => {
          const plugin = plugins[this.progress.read()?.call ?? 0]?.id ?? '';
          resolve([
            new Fault('plugin_start_failed', {
              plugin,
              reason: error instanceof Error ? error.message : String(error),
            }),
          ]);
        });
        watch = setInterval(() => {
          const at = this.progress.read();
          const plugin = at?.job === startingJob ? plugins[at.call] : undefined;
          if (at === undefined || plugin === undefined || Progress.now() - at.since < plugin.limits.startMs) return;
          resolve([new Fault('plugin_start_timeout', { plugin: plugin.id, limit_ms: plugin.limits.startMs })]);
        }, 50);
      });
    } finally {
      clearInterval(watch);
      thread.removeAllListeners('message');
      thread.removeAllListeners('error');
    }
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
