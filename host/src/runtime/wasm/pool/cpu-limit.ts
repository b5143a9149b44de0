import { type CurrentCall, epochMs } from '../lane/shared-memory.ts';
import type { Lane } from './lane-handle.ts';

/** Calls that end sooner are not measured: to measure what a thread uses costs more than most calls. */
const measureAfterMs = 10;

interface Measurement {
  readonly since: number;
  readonly job: number;
  /** The thread's clock at the first measurement. */
  baseMs?: number;
  next: number;
  isRunning: boolean;
}

/**
 * Finds calls that use more CPU than they may, by the clock of the lane's thread, so that a call is not charged for the
 * time in which it waits, or in which its thread waits for a busy machine. Its pool calls it every few milliseconds.
 */
export class CpuWatch {
  readonly #measurements = new WeakMap<Lane, Measurement>();

  /** Calls `over` if the call that `read` returns has used more than `limitMs`, some 20 ms late. */
  check(lane: Lane, limitMs: number, read: () => CurrentCall | undefined, over: (at: CurrentCall) => void): void {
    const at = read();
    const now = epochMs();
    if (at === undefined || now - at.since < measureAfterMs) return;
    let measurement = this.#measurements.get(lane);
    if (measurement?.since !== at.since || measurement.job !== at.job) {
      measurement = { since: at.since, job: at.job, next: 0, isRunning: false };
      this.#measurements.set(lane, measurement);
    }
    if (!measurement.isRunning && now >= measurement.next) {
      void measure(lane, measurement, at, { limitMs, read, over });
    }
  }
}

interface CpuLimit {
  readonly limitMs: number;
  readonly read: () => CurrentCall | undefined;
  readonly over: (at: CurrentCall) => void;
}

async function measure(
  lane: Lane,
  measurement: Measurement,
  at: CurrentCall,
  { limitMs, read, over }: CpuLimit,
): Promise<void> {
  measurement.isRunning = true;
  const cpuMs = await lane.cpuMs();
  measurement.isRunning = false;
  // Where it cannot be measured, only the deadline limits the call.
  if (cpuMs === undefined) {
    measurement.next = Number.POSITIVE_INFINITY;
    return;
  }
  measurement.baseMs ??= cpuMs;
  const left = limitMs - at.usedMs - (cpuMs - measurement.baseMs);
  const here = read();
  if (left <= 0 && here?.since === at.since && here.job === at.job) over(at);
  // A thread uses at most as much CPU as time passes.
  measurement.next = epochMs() + left;
}
