import { write, writeSync } from 'node:fs';

/** A write for each line would cost more than making it: lines wait for each other, this many bytes or milliseconds. */
const together = { bytes: 8_192, ms: 250 };
/** Bytes of lines that cannot be written. Beyond them the newest are lost. */
const mostWaiting = 16 * 1024 * 1024;

/**
 * Writes lines to a file descriptor, several at once. A disk that is full or a reader that is slow ends no gateway: the
 * lines wait for room, and those that are lost meanwhile are counted in a line of their own. A reader that left is
 * written to no more.
 */
export class LineWriter {
  readonly #descriptor: number;
  #waiting = '';
  #lost = 0;
  /** What is being written, and could not be yet. */
  #chunk: Uint8Array = new Uint8Array();
  #isWriting = false;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #onIdle: (() => void)[] = [];

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
    process.on('exit', () => this.#writeLast());
  }

  write(line: string): void {
    if (this.#isClosed) return;
    if (this.#waiting.length > mostWaiting) {
      this.#lost += 1;
      return;
    }
    this.#waiting += line;
    if (this.#waiting.length >= together.bytes) this.#begin();
    else this.#later();
  }

  /** Calls back once all lines so far are written, or cannot be. */
  flush(done: () => void = () => {}): void {
    this.#onIdle.push(done);
    this.#begin();
  }

  #later(): void {
    this.#timer ??= setTimeout(() => this.#begin(), together.ms).unref();
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isWriting) return;
    if (this.#chunk.length === 0) this.#take();
    if (this.#chunk.length === 0 || this.#isClosed) {
      for (const done of this.#onIdle.splice(0)) done();
      return;
    }
    this.#isWriting = true;
    write(this.#descriptor, this.#chunk, (error, written) => {
      this.#isWriting = false;
      if (error === null) {
        this.#chunk = this.#chunk.subarray(written);
        const isDue = this.#chunk.length > 0 || this.#waiting.length >= together.bytes || this.#onIdle.length > 0;
        if (isDue) this.#begin();
        else if (this.#waiting.length > 0) this.#later();
        return;
      }
      this.#isClosed = error.code === 'EPIPE';
      this.#later();
      // A slow reader is waited for.
      if (error.code !== 'EAGAIN') for (const done of this.#onIdle.splice(0)) done();
    });
  }

  #take(): void {
    const lost = this.#lost === 0 ? '' : lostLine(this.#lost);
    this.#chunk = Buffer.from(this.#waiting + lost);
    this.#waiting = '';
    this.#lost = 0;
  }

  /** The process ends: there is one more try, and nobody waits. */
  #writeLast(): void {
    if (this.#isClosed) return;
    // What is being written is Node's already.
    if (this.#isWriting) this.#chunk = new Uint8Array();
    try {
      while (this.#chunk.length > 0 || this.#waiting.length > 0) {
        if (this.#chunk.length === 0) this.#take();
        this.#chunk = this.#chunk.subarray(writeSync(this.#descriptor, this.#chunk));
      }
    } catch {}
  }
}

const lostLine = (lost: number) =>
  `${JSON.stringify({ level: 40, time: new Date().toISOString(), lost, msg: 'log lines could not be written and are lost' })}\n`;
