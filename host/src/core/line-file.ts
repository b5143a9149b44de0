import { closeSync, fdatasync, write, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { LineOutput } from './line-output.ts';
import { type Opened, openForAppending as open } from './opened-file.ts';

const writeSome = promisify(write);
const sync = promisify(fdatasync);

/** Milliseconds until a write that failed is tried again. */
const retryMs = 1_000;
const newline = 0x0a;

/**
 * Appends lines to a file that only this user can read. Lines that were appended are on the disk: each append ends with
 * one sync, however many lines it has. While the disk refuses, an append waits and tries again; no line is torn or
 * written twice.
 */
export class LineFile implements LineOutput {
  readonly #file: string;
  readonly #onProblem: (error: unknown) => void;
  #opened: Opened;
  /** Replaces `#opened` between two lines. */
  #next: Opened | undefined;
  readonly #closing = new AbortController();

  /**
   * Opens the file, and creates it if it is missing.
   * @param onProblem is called each time that lines cannot be written
   * @throws the system's error
   */
  constructor(file: string, onProblem: (error: unknown) => void) {
    this.#file = file;
    this.#onProblem = onProblem;
    this.#opened = open(file);
  }

  reopen(): void {
    const opened = open(this.#file);
    if (this.#next !== undefined) closeSync(this.#next.descriptor);
    this.#next = opened;
  }

  async append(lines: readonly string[]): Promise<void> {
    let rest = Buffer.from(textOf(lines));
    let done = 0;
    for (;;) {
      // The rest of a line that was begun goes with its beginning, into the new file.
      if (this.#replace() && done > 0) rest = rest.subarray(rest.lastIndexOf(newline, done - 1) + 1);
      else rest = rest.subarray(done);
      done = 0;
      const { descriptor, isRegular } = this.#opened;
      try {
        if (this.#opened.isInLine) await writeSome(descriptor, '\n');
        this.#opened.isInLine = false;
        while (done < rest.length) {
          done += (await writeSome(descriptor, rest, done, rest.length - done, null)).bytesWritten;
        }
        if (isRegular) await sync(descriptor);
        return;
      } catch (error) {
        this.#onProblem(error);
        if (this.#closing.signal.aborted) throw error;
        await delay(retryMs, undefined, { signal: this.#closing.signal, ref: false }).catch(() => {});
      }
    }
  }

  appendNow(lines: readonly string[]): void {
    this.#replace();
    const { descriptor, isInLine } = this.#opened;
    const bytes = Buffer.from(`${isInLine ? '\n' : ''}${textOf(lines)}`);
    for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
  }

  stopWaiting(): void {
    this.#closing.abort();
  }

  close(): void {
    this.stopWaiting();
    this.#replace();
    closeSync(this.#opened.descriptor);
  }

  #replace(): boolean {
    if (this.#next === undefined) return false;
    closeSync(this.#opened.descriptor);
    this.#opened = this.#next;
    this.#next = undefined;
    return true;
  }
}

const textOf = (lines: readonly string[]): string => lines.map(line => `${line}\n`).join('');
