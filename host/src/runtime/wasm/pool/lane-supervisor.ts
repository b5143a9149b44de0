import type { Worker } from 'node:worker_threads';
import type { FailureCause } from '../../../contract/hook-call.ts';
import { overCpu, type PluginLimits } from '../../limits.ts';
import type { PooledPlugin } from '../lane/message.ts';
import type { CurrentCall } from '../lane/shared-memory.ts';
import { CpuWatch } from './cpu-limit.ts';
import type { FairQueue } from './fair-queue.ts';
import { Lane, type LaneEvents, type PoolOptions } from './lane-handle.ts';

const watchEveryMs = 10;
const firstDelayMs = 100;
const longestDelayMs = 10_000;

/** What a pool of lanes does when something happens to one of them. */
interface SupervisedPool extends Pick<LaneEvents, 'message' | 'ended'> {
  /** Takes over a lane that replaces another one. */
  restarted(lane: Lane): void;
  /** Whether any lane can run the waiting jobs. */
  hasLane(): boolean;
  /** Looks for calls that exceed a limit. It runs every few milliseconds between `watch` and `unwatch`. */
  look(): void;
}

interface SupervisorOptions {
  readonly plugins: readonly PooledPlugin[];
  readonly lanes: Omit<PoolOptions, 'backlog'>;
  /** The waiting jobs. They fail when no lane can be started. */
  readonly queue: FairQueue;
  /** The failure that these jobs then report. */
  readonly unavailable: string;
  /** Names the plugin in the log where the pool serves only one. */
  readonly logFields: { readonly plugin?: string };
}

/** Starts and restarts the lanes of one pool, and watches the CPU limits of the calls in them. */
export class LaneSupervisor {
  readonly #pool: SupervisedPool;
  readonly #options: SupervisorOptions;
  readonly #cpuWatch = new CpuWatch();
  readonly #restarts = new Set<Promise<void>>();
  readonly #closing = Promise.withResolvers<void>();
  #watch: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(pool: SupervisedPool, options: SupervisorOptions) {
    this.#pool = pool;
    this.#options = options;
  }

  /** Starts a lane, in `thread` if one is given. @throws Faults as Lane.start does */
  start(thread?: Worker): Promise<Lane> {
    const { plugins, lanes } = this.#options;
    const events: LaneEvents = {
      message: (lane, message) => this.#pool.message(lane, message),
      ended: (lane, reason) => this.#pool.ended(lane, reason),
      ...lanes,
    };
    return Lane.start(plugins, events, thread);
  }

  /** Starts a lane instead of one that ended, as `restart` does. */
  replace(): void {
    this.#options.lanes.onReplace?.();
    this.restart();
  }

  /** Starts a lane for the pool in the background, and tries again with growing delays while that fails. */
  restart(): void {
    const restart = this.#restart().finally(() => this.#restarts.delete(restart));
    this.#restarts.add(restart);
  }

  /** Calls the pool's `look` every few milliseconds until `unwatch`. */
  watch(): void {
    this.#watch ??= setInterval(() => this.#pool.look(), watchEveryMs).unref();
  }

  unwatch(): void {
    clearInterval(this.#watch);
    this.#watch = undefined;
  }

  /**
   * Calls `over` if the call that `read` returns has used more CPU than its plugin may.
   * A limit that is not below the deadline is not checked, because the deadline comes first.
   */
  checkCpu(
    lane: Lane,
    { cpuMs, timeoutMs }: Pick<PluginLimits, 'cpuMs' | 'timeoutMs'>,
    read: () => CurrentCall | undefined,
    over: (at: CurrentCall, cause: FailureCause, message: string) => void,
  ): void {
    if (cpuMs >= timeoutMs) return;
    this.#cpuWatch.check(lane, cpuMs, read, at => over(at, 'limit', overCpu(cpuMs)));
  }

  /** Starts no more lanes. Resolves when none is being started; one that had begun to start is ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.unwatch();
    this.#closing.resolve();
    await Promise.all(this.#restarts);
  }

  async #restart(): Promise<void> {
    for (let delayMs = firstDelayMs; !this.#closed; delayMs = Math.min(delayMs * 2, longestDelayMs)) {
      const lane = await this.start().catch((error: unknown) => this.#failed(error));
      if (lane === undefined) await this.#pause(delayMs);
      else if (this.#closed) return await lane.terminate();
      else return this.#pool.restarted(lane);
    }
  }

  #failed(error: unknown): undefined {
    if (this.#closed) return;
    const { lanes, logFields, queue, unavailable } = this.#options;
    const reason = error instanceof Error ? error.message : String(error);
    lanes.log.error({ ...logFields, reason }, 'a lane did not start');
    if (this.#pool.hasLane()) return;
    for (const job of queue.takeAll()) {
      while (!job.isSettled) job.failCall(0, 'unavailable', unavailable, { wallMs: 0 });
    }
  }

  /** Waits for this time, or until the pool closes. */
  async #pause(delayMs: number): Promise<void> {
    const elapsed = Promise.withResolvers<void>();
    const timer = setTimeout(elapsed.resolve, delayMs).unref();
    await Promise.race([elapsed.promise, this.#closing.promise]);
    clearTimeout(timer);
  }
}
