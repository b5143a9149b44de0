import type { Note } from '../../../contract/hook-call.ts';
import type { CallRecords, LogLine } from './message.ts';

const { timeOrigin } = performance;

/** Returns milliseconds since the epoch. The clocks of two threads have different origins, but the same epoch. */
export const epochMs = (nowMs = performance.now()): number => timeOrigin + nowMs;

/** The call that a lane's thread works for. */
export interface CurrentCall {
  /** When it began or went on, in milliseconds since the epoch. */
  readonly since: number;
  readonly job: number;
  /** The place of the call in its job; while the lane starts, the place of the plugin. */
  readonly call: number;
  /** What it had used of the thread's CPU before `since`. */
  readonly usedMs: number;
}

/** The job number while a lane starts its instances. */
export const startingJob = -1;

/** A number that no job has. */
export const noJob = 0;

/**
 * The call that a lane's thread works for, in shared memory: the lane writes it, and the gateway's thread reads it
 * while the lane does not answer.
 */
export class Progress {
  static readonly bytes = 32;
  readonly #cells: Float64Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#cells = new Float64Array(buffer);
  }

  /** @param nowMs the reading of `performance.now`, if there is one */
  enter(job: number, call: number, usedMs = 0, nowMs?: number): void {
    this.#cells[1] = job;
    this.#cells[2] = call;
    this.#cells[3] = usedMs;
    this.#cells[0] = epochMs(nowMs);
  }

  leave(): void {
    this.#cells[0] = 0;
  }

  /** Returns the current call, or undefined while the lane is between calls. */
  read(): CurrentCall | undefined {
    const [since = 0, job = 0, call = 0, usedMs = 0] = this.#cells;
    return since === 0 ? undefined : { since, job, call, usedMs };
  }
}

/**
 * The number of messages that a lane was sent, in shared memory. A lane that has nothing else to do waits for the next
 * one here: a thread that waits in its event loop takes twice as long to wake up. The gateway's thread only counts.
 */
export class MessageCount {
  static readonly bytes = 4;
  readonly #cells: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#cells = new Int32Array(buffer);
  }

  /** Counts a message, and wakes the lane if it waits. */
  add(): void {
    Atomics.add(this.#cells, 0, 1);
    Atomics.notify(this.#cells, 0);
  }

  read(): number {
    return Atomics.load(this.#cells, 0);
  }

  /** Blocks the lane's thread until more were sent than were `read`, or until the time is over. */
  waitForMore(read: number, ms: number): void {
    Atomics.wait(this.#cells, 0, read, ms);
  }
}

const headerBytes = 24;

/**
 * The log lines and notes of the current call that were not sent yet, in shared memory: the gateway's thread reads them
 * when the lane ends without an answer. So a plugin that never returns hides neither what it was refused nor what it
 * logged last.
 */
export class RecordBuffer {
  static readonly bytes = 64 * 1024;
  /** Job and call. */
  readonly #owner: Float64Array;
  /** Bytes of text, and the number of records that had no room. */
  readonly #count: Int32Array;
  readonly #text: Uint8Array;
  readonly #encoder = new TextEncoder();

  constructor(buffer: SharedArrayBuffer) {
    this.#owner = new Float64Array(buffer, 0, 2);
    this.#count = new Int32Array(buffer, 16, 2);
    this.#text = new Uint8Array(buffer, headerBytes);
  }

  /** The job whose records it holds. */
  get job(): number {
    return this.#owner[0] ?? 0;
  }

  /** The call of that job. */
  get call(): number {
    return this.#owner[1] ?? 0;
  }

  /** Drops the records and belongs to this call from now on. */
  begin(job: number, call: number): void {
    Atomics.store(this.#count, 0, 0);
    this.#count[1] = 0;
    this.#owner[0] = job;
    this.#owner[1] = call;
  }

  add(record: LogLine | Note): void {
    const text = `${JSON.stringify(record)}\n`;
    const [start = 0, lost = 0] = this.#count;
    const { read, written } = this.#encoder.encodeInto(text, this.#text.subarray(start));
    // The length is written last, so that no reader sees half a record.
    if (read === text.length) Atomics.store(this.#count, 0, start + written);
    else this.#count[1] = lost + 1;
  }

  /** Returns the records. A lane may write anything: invalid lines are left out. */
  read(): CallRecords {
    const [end = 0, lost = 0] = this.#count;
    const text = new TextDecoder().decode(this.#text.slice(0, Math.max(0, end)));
    const records = text.split('\n').flatMap(parsed);
    const logs = records.flatMap(each => ('level' in each ? each : []));
    const notes = records.flatMap(each => ('level' in each ? [] : each));
    const [first] = records;
    if (lost > 0 && first !== undefined) {
      const message = `${lost} more log lines and notes were lost with their lane`;
      logs.push({ plugin: first.plugin, level: 'warn', message });
    }
    return { logs, notes };
  }
}

function parsed(line: string): (LogLine | Note)[] {
  try {
    const record: unknown = JSON.parse(line);
    return typeof record === 'object' && record !== null ? [record as LogLine | Note] : [];
  } catch {
    return [];
  }
}
