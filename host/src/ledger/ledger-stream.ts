import { writeSync } from 'node:fs';
import type { LineOutput } from '../core/line-output.ts';
import { type CheckpointInterval, type CheckpointReason, Ledger } from './ledger.ts';
import type { SigningKey } from './signing-key.ts';

export interface LedgerStreamOptions {
  readonly stream: NodeJS.WritableStream & { readonly fd?: number };
  readonly key: SigningKey;
  readonly checkpoint: CheckpointInterval;
  /** Is called when lines cannot be written. */
  onProblem(error: unknown): void;
}

/** Writes a ledger to a stream, such as the standard output. Each process begins a chain of its own. */
export class LedgerStream implements LineOutput {
  readonly #options: LedgerStreamOptions;
  readonly #ledger: Ledger;
  #isOpened = false;
  #signedMs = performance.now();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LedgerStreamOptions) {
    this.#options = options;
    this.#ledger = new Ledger(options.key, options.checkpoint);
    // A reader that has gone away must not end the gateway.
    options.stream.on('error', options.onProblem);
  }

  async append(objects: readonly string[]): Promise<void> {
    const text = this.#seal(objects);
    await this.#write(text);
    if (this.#ledger.isUnsigned && this.#timer === undefined) this.#signLater();
  }

  appendNow(objects: readonly string[]): void {
    const bytes = Buffer.from(this.#seal(objects, 'closed'));
    const { fd } = this.#options.stream;
    if (fd === undefined) return;
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
  }

  reopen(): void {}

  stopWaiting(): void {}

  /** Signs the end. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#write(this.#seal([], 'closed')).catch(() => {});
  }

  #seal(objects: readonly string[], reason?: CheckpointReason): string {
    const ledger = this.#ledger;
    const lines: string[] = [];
    if (!this.#isOpened) lines.push(ledger.opening('audit.opened', {}).line, ledger.checkpoint('opened').line);
    this.#isOpened = true;
    for (const object of objects) {
      lines.push(ledger.event(object).line);
      if (ledger.isDue) lines.push(ledger.checkpoint('interval').line);
    }
    const isLate = performance.now() - this.#signedMs >= this.#options.checkpoint.seconds * 1000;
    if (reason !== undefined || (ledger.isUnsigned && isLate)) {
      lines.push(ledger.checkpoint(reason ?? 'interval').line);
      this.#signedMs = performance.now();
    }
    return lines.map(line => `${line}\n`).join('');
  }

  #write(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#options.stream.write(text, error => (error ? reject(error) : resolve()));
    });
  }

  #signLater(): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#ledger.isUnsigned) this.#write(this.#seal([], 'interval')).catch(this.#options.onProblem);
    }, this.#options.checkpoint.seconds * 1000).unref();
  }
}
