import { type Moment, Progress } from '../lane/progress.ts';
import type { Lane } from './lane-handle.ts';

/** A call that ends sooner is not looked at: finding out what a thread uses costs more than most calls. */
const lookAfterMs = 10;

interface Look {
  readonly since: number;
  readonly job: number;
  /** The thread's clock when it was looked at first. */
  baseMs?: number;
  next: number;
  isAsking: boolean;
}

/**
 * Finds calls that use more CPU than they may, by the clock of the lane's thread, so that a call that waits, or whose
 * thread has to wait for a busy machine, is not charged for it. Its pool asks it every few milliseconds.
 */
export class CpuWatch {
  readonly #looks = new WeakMap<Lane, Look>();

  /** Calls `over` when the call that `read` tells of has used more than `limitMs`, some 20 ms late. */
  look(lane: Lane, limitMs: number, read: () => Moment | undefined, over: (at: Moment) => void): void {
    const at = read();
    const now = Progress.now();
    if (at === undefined || now - at.since < lookAfterMs) return;
    let look = this.#looks.get(lane);
    if (look?.since !== at.since || look.job !== at.job) {
      look = { since: at.since, job: at.job, next: 0, isAsking: false };
      this.#looks.set(lane, look);
    }
    if (!look.isAsking && now >= look.next) void measure(lane, look, at, { limitMs, read, over });
  }
}

interface Ask {
  readonly limitMs: number;
  readonly read: () => Moment | undefined;
  readonly over: (at: Moment) => void;
}

async function measure(lane: Lane, look: Look, at: Moment, { limitMs, read, over }: Ask): Promise<void> {
  look.isAsking = true;
  const cpuMs = await lane.cpuMs();
  look.isAsking = false;
  // Where it cannot be known, the deadline is what bounds the call.
  if (cpuMs === undefined) {
    look.next = Number.POSITIVE_INFINITY;
    return;
  }
  look.baseMs ??= cpuMs;
  const left = limitMs - at.usedMs - (cpuMs - look.baseMs);
  const here = read();
  if (left <= 0 && here?.since === at.since && here.job === at.job) over(at);
  // A thread uses no more of the CPU than time passes.
  look.next = Progress.now() + left;
}
