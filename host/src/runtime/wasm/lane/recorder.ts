import type { Note } from '../../../contract/hook-call.ts';
import type { LogLine, Said } from './message.ts';

const headerBytes = 24;

/**
 * What the call that has a lane's thread said and the gateway was not sent yet: written by the lane as it is said, and
 * read by the gateway's thread when the lane ends without an answer. So no plugin hides what it was refused, or the
 * last words before a loop, by never coming back.
 */
export class Recorder {
  static readonly bytes = 64 * 1024;
  /** Job and call. */
  readonly #of: Float64Array;
  /** Bytes of text, and how much had no room. */
  readonly #count: Int32Array;
  readonly #text: Uint8Array;
  readonly #encoder = new TextEncoder();

  constructor(buffer: SharedArrayBuffer) {
    this.#of = new Float64Array(buffer, 0, 2);
    this.#count = new Int32Array(buffer, 16, 2);
    this.#text = new Uint8Array(buffer, headerBytes);
  }

  /** The job that it holds words of. */
  get job(): number {
    return this.#of[0] ?? 0;
  }

  /** The call of that job. */
  get call(): number {
    return this.#of[1] ?? 0;
  }

  /** Forgets what it holds. What is recorded from here on is of this call. */
  begin(job: number, call: number): void {
    Atomics.store(this.#count, 0, 0);
    this.#count[1] = 0;
    this.#of[0] = job;
    this.#of[1] = call;
  }

  record(said: LogLine | Note): void {
    const text = `${JSON.stringify(said)}\n`;
    const [start = 0, lost = 0] = this.#count;
    const { read, written } = this.#encoder.encodeInto(text, this.#text.subarray(start));
    // Counted last, so that nobody reads half of it.
    if (read === text.length) Atomics.store(this.#count, 0, start + written);
    else this.#count[1] = lost + 1;
  }

  /** What it holds. Lanes may write anything: what makes no sense is left out. */
  read(): Said {
    const [end = 0, lost = 0] = this.#count;
    const text = new TextDecoder().decode(this.#text.slice(0, Math.max(0, end)));
    const said = text.split('\n').flatMap(parsed);
    const logs = said.flatMap(each => ('level' in each ? each : []));
    const notes = said.flatMap(each => ('level' in each ? [] : each));
    const [first] = said;
    if (lost > 0 && first !== undefined) {
      const message = `${lost} more log lines and notes were lost with their lane`;
      logs.push({ plugin: first.plugin, level: 'warn', message });
    }
    return { logs, notes };
  }
}

function parsed(line: string): (LogLine | Note)[] {
  try {
    const said: unknown = JSON.parse(line);
    return typeof said === 'object' && said !== null ? [said as LogLine | Note] : [];
  } catch {
    return [];
  }
}
