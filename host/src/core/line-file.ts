import { closeSync, constants, fdatasync, fstatSync, openSync, readSync, write, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

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
export class LineFile {
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

  /** Opens the file again by its name, after log rotation moved the old one away. @throws the system's error */
  reopen(): void {
    const opened = open(this.#file);
    if (this.#next !== undefined) closeSync(this.#next.descriptor);
    this.#next = opened;
  }

  /**
   * Appends whole lines. Only one append may run at a time.
   * @throws the system's error if the disk refuses while the file is closing
   */
  async append(lines: string): Promise<void> {
    let rest = Buffer.from(lines);
    let done = 0;
    for (;;) {
      // The rest of a line that was begun goes with its beginning, into the new file.
      if (this.#replace() && done > 0) rest = rest.subarray(rest.lastIndexOf(newline, done - 1) + 1);
      else rest = rest.subarray(done);
      done = 0;
      const { descriptor, isSynced } = this.#opened;
      try {
        if (this.#opened.isInLine) await writeSome(descriptor, '\n');
        this.#opened.isInLine = false;
        while (done < rest.length) {
          done += (await writeSome(descriptor, rest, done, rest.length - done, null)).bytesWritten;
        }
        if (isSynced) await sync(descriptor);
        return;
      } catch (error) {
        this.#onProblem(error);
        if (this.#closing.signal.aborted) throw error;
        await delay(retryMs, undefined, { signal: this.#closing.signal, ref: false }).catch(() => {});
      }
    }
  }

  /** Appends lines without waiting, because the process is ending. @throws the system's error */
  appendNow(lines: string): void {
    this.#replace();
    const { descriptor, isInLine } = this.#opened;
    const bytes = Buffer.from(isInLine ? `\n${lines}` : lines);
    for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
  }

  /** Makes an append that waits for the disk try once more, and then fail. */
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

interface Opened {
  readonly descriptor: number;
  /** Whether the file is on a disk. A pipe or a terminal cannot be synced. */
  readonly isSynced: boolean;
  /** Whether a process that was killed has left half a line, so that the next one begins a line of its own. */
  isInLine: boolean;
}

function open(file: string): Opened {
  // Opening a pipe without a reader would wait forever.
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;
  const descriptor = openSync(file, flags, 0o600);
  const status = fstatSync(descriptor);
  return { descriptor, isSynced: status.isFile(), isInLine: status.isFile() && endsInLine(file, status.size) };
}

/** Whether the last line of a file has no end. */
function endsInLine(file: string, size: number): boolean {
  if (size === 0) return false;
  let reader: number | undefined;
  try {
    reader = openSync(file, constants.O_RDONLY);
    const last = Buffer.alloc(1);
    return readSync(reader, last, 0, 1, size - 1) === 1 && last[0] !== newline;
  } catch {
    // A file that may only be appended to is left as it is.
    return false;
  } finally {
    if (reader !== undefined) closeSync(reader);
  }
}
