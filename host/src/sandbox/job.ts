import type { CallReport, ChainInput, ChainOutput, FailureCause } from '../core/hook-call.ts';

/** One chain on its way through a pool of lanes, until it settles: once, whatever else happens. */
export class PendingJob {
  readonly id: number;
  input: ChainInput;
  attempts = 0;
  readonly #failures: CallReport[] = [];
  readonly #settled = Promise.withResolvers<ChainOutput>();
  readonly #release: () => void;
  isSettled = false;

  constructor(id: number, input: ChainInput, signal: AbortSignal | undefined) {
    this.id = id;
    this.input = input;
    const abort = () => this.reject(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    this.#release = () => signal?.removeEventListener('abort', abort);
  }

  get output(): Promise<ChainOutput> {
    return this.#settled.promise;
  }

  resolve(output: ChainOutput): void {
    this.#settle();
    this.#settled.resolve(
      this.#failures.length === 0 ? output : { ...output, reports: [...this.#failures, ...output.reports] },
    );
  }

  reject(reason: unknown): void {
    this.#settle();
    this.#settled.reject(reason);
  }

  /**
   * Records that call number `index` failed where the lane could not tell it any more. Settles the job when that ends
   * the chain; otherwise the rest is to be run again, without that call.
   */
  failCall(index: number, cause: FailureCause, message: string, wallMs: number): void {
    const call = this.input.calls[index];
    if (call === undefined) {
      this.resolve({ reports: [] });
      return;
    }
    this.#failures.push({ plugin: call.plugin, wallMs, outcome: 'failed', cause, message });
    const calls = this.input.calls.filter((_, other) => other !== index);
    this.input = { ...this.input, calls };
    if (call.stopOnFailure || calls.length === 0) this.resolve({ reports: [] });
  }

  #settle(): void {
    this.isSettled = true;
    this.#release();
  }
}
