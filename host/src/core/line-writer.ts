import { write, writeSync } from 'node:fs';

/** Lines are collected up to this many bytes or milliseconds, because one write per line would cost too much. */
const together = { bytes: 65_536, ms: 250 };
/** The most bytes of lines that wait to be written. Beyond it the newest lines are lost. */
const mostWaiting = 16 * 1024 * 1024;

/**
 * Writes lines to a file descriptor in batches. A full disk or a slow reader does not end the gateway: lines wait, and
 * lost lines are counted in a line of their own. After the reader has closed its end, nothing is written.
 */
export class LineWriter {
  readonly #descriptor: number;
  #waiting = '';
  #lost = 0;
  /** The lines that are being written. */
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

  /** Calls back once all lines so far are written or lost. */
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
      // Wait for a slow reader.
      if (error.code !== 'EAGAIN') for (const done of this.#onIdle.splice(0)) done();
    });
  }

  #take(): void {
    const lost = this.#lost === 0 ? '' : lostLine(this.#lost);
    this.#chunk = Buffer.from(this.#waiting + lost);
    this.#waiting = '';
    this.#lost = 0;
  }

  /** Tries once more to write, without waiting, because the process is ending. */
  #writeLast(): void {
    if (this.#isClosed) return;
    // Node has the batch that is being written already.
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
