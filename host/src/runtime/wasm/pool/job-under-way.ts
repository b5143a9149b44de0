import type { Serve } from '../../../capability/capability.ts';
import type { CallCost } from '../../../contract/hook-call.ts';
import { epochMs } from '../lane/shared-memory.ts';
import type { PendingJob } from './fair-queue.ts';

/** A job that a dedicated lane runs, and the host calls that it waits for. */
export class JobUnderWay {
  readonly job: PendingJob;
  /** In milliseconds since the epoch. */
  readonly beganMs = epochMs();
  /** The weight of its value when it was sent; `input` may change. */
  readonly weight: number;
  #hostCalls = 0;
  #pending = 0;
  #turnMs = this.beganMs;
  #abort: AbortController | undefined;

  constructor(job: PendingJob) {
    this.job = job;
    this.weight = job.weight;
  }

  /** Whether it has made host calls. Then it must not run a second time. */
  get hasCalledHost(): boolean {
    return this.#hostCalls > 0;
  }

  /** Whether it waits for the answer to a host call. */
  get isWaiting(): boolean {
    return this.#pending > 0;
  }

  /** When it was sent or last answered, in milliseconds since the epoch: since then it is the lane's turn. */
  get turnMs(): number {
    return this.#turnMs;
  }

  /** The cost of the call so far, for a call that its lane does not report. */
  get cost(): CallCost {
    return { wallMs: epochMs() - this.beganMs, cpuMs: 0, hostCalls: this.#hostCalls };
  }

  /** Answers a host call on the gateway's side of its capability. */
  async serve(serve: Serve, request: unknown): Promise<unknown> {
    const { input, tools } = this.job;
    this.#hostCalls += 1;
    this.#pending += 1;
    this.#abort ??= new AbortController();
    try {
      return await serve(request, { ...input.context, signal: this.#abort.signal, tools });
    } finally {
      this.#pending -= 1;
      this.#turnMs = epochMs();
    }
  }

  /** Aborts the host calls that are not answered yet. */
  abort(): void {
    this.#abort?.abort();
  }
}
