import { closeSync, fdatasync, fstatSync, fsync, ftruncateSync, openSync, write, writeSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { lockFile } from '../core/file-lock.ts';
import type { LineOutput } from '../core/line-output.ts';
import { type Opened, openForAppending } from '../core/opened-file.ts';
import { findPlace } from './find-place.ts';
import { writeHead } from './head.ts';
import { type CheckpointInterval, type CheckpointReason, type Continued, Ledger, type Written } from './ledger.ts';
import { moveAway, type Rotation, removeOldest, rotatedName } from './rotation.ts';
import type { Place } from './sealed-line.ts';
import type { SigningKey } from './signing-key.ts';

export interface LedgerFileOptions {
  /** The file, absolute. */
  readonly file: string;
  readonly key: SigningKey;
  readonly checkpoint: CheckpointInterval;
  readonly rotate?: Rotation | undefined;
  /** Is called each time that lines cannot be written, or the file cannot be rotated or locked. */
  onProblem(error: unknown): void;
  /** Is called with what a start found at the end of the file and could not verify. */
  onUnverified?(found: string): void;
}

/** What the next batch begins with: the first line of a file, or of a process that continues one. */
interface Opening extends Omit<Continued, 'place'> {
  readonly event: 'audit.opened' | 'audit.resumed';
}

/** Lines that are being written. */
interface Batch {
  readonly lines: readonly Written[];
  readonly bytes: Buffer;
  /** The size of the file before them. */
  readonly begin: number;
  done: number;
}

const writeSome = promisify(write);
const syncData = promisify(fdatasync);
const sync = promisify(fsync);

/** Milliseconds until a write that failed is tried again, and until a rotation is. */
const retryMs = { write: 1_000, rotation: 60_000 };
/** How long the end of the process waits for a write that is on its way, in milliseconds. */
const exitMs = 500;

/**
 * Appends lines to a ledger in a file that only its owner can read: chained by hash, signed now and then, and moved away
 * when it is large or old. Lines that were appended are on the disk. While the disk refuses, an append waits and tries
 * again; no line is torn or written twice, and numbers are given only to lines that are written.
 */
export class LedgerFile implements LineOutput {
  readonly #options: LedgerFileOptions;
  readonly #ledger: Ledger;
  /** The locks of the files that were opened, by their paths. */
  readonly #locks = new Map<string, Disposable>();
  #opened: Opened;
  /** Replaces `#opened` between two lines. */
  #next: Opened | undefined;
  #opening: Opening | undefined;
  /** Set while the first line is in the file without the signature that follows it. */
  #isOpeningUnsigned = false;
  /** The name that the file has since it was moved away, while no other file could be begun. */
  #keptAs: string | undefined;
  /** The files that were removed and are to be recorded. */
  #removed: string[] = [];
  /** What is to be appended and was not sealed yet. */
  readonly #left: (readonly string[])[] = [];
  #batch: Batch | undefined;
  /** Set when half a line is left that cannot be taken back. */
  #broken: unknown;
  #rotationMs = 0;
  #signedMs = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void> = Promise.resolve();
  readonly #closing = new AbortController();

  /**
   * Opens the file, and creates it if it is missing. The first line names the place from which it continues.
   * @throws the system's error; an Error if another process writes to it
   */
  constructor(options: LedgerFileOptions) {
    const { file, key, checkpoint } = options;
    this.#options = options;
    this.#opened = openForAppending(file);
    try {
      this.#lock(this.#opened);
      const { event, place, found } = findPlace(this.#opened, key, options.onUnverified);
      this.#ledger = new Ledger(key, checkpoint, place);
      this.#opening = { event, ...found };
    } catch (error) {
      this.#unlock();
      closeSync(this.#opened.descriptor);
      throw error;
    }
    this.append([]).catch(options.onProblem);
  }

  reopen(): void {
    const opened = openForAppending(this.#options.file);
    if (this.#next !== undefined) closeSync(this.#next.descriptor);
    this.#next = undefined;
    if (opened.isRegular && opened.inode === this.#opened.inode) closeSync(opened.descriptor);
    else {
      try {
        this.#lock(opened);
      } catch (error) {
        closeSync(opened.descriptor);
        throw error;
      }
      this.#next = opened;
      // The old file gets its last line now, so that it can be packed.
      this.append([]).catch(this.#options.onProblem);
    }
  }

  append(lines: readonly string[]): Promise<void> {
    this.#left.push(lines);
    return this.#inTurn(() => this.#append());
  }

  appendNow(lines: readonly string[]): void {
    if (this.#broken !== undefined) throw this.#broken;
    this.#finishBatch();
    if (this.#next !== undefined) this.#replace(this.#next);
    this.#next = undefined;
    const left = this.#left.splice(0).flat();
    const written = this.#seal([...left, ...lines], 'closed');
    writeAll(this.#opened.descriptor, bytesOf(this.#opened, written));
  }

  stopWaiting(): void {
    this.#closing.abort();
  }

  /** Signs the end, and closes the file. */
  async close(): Promise<void> {
    this.stopWaiting();
    clearTimeout(this.#timer);
    await this.#inTurn(() => this.#append('closed')).catch(() => {});
    clearTimeout(this.#timer);
    if (this.#next !== undefined) closeSync(this.#next.descriptor);
    closeSync(this.#opened.descriptor);
    this.#unlock();
  }

  /** Does one piece of work after the other. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  /** @param reason signs where the chain is, without further lines */
  async #append(reason?: CheckpointReason): Promise<void> {
    if (this.#broken !== undefined) {
      this.#left.shift();
      throw this.#broken;
    }
    await this.#rotate();
    for (;;) {
      await this.#changeFile();
      const before = this.#ledger.place;
      const lines = reason === undefined ? this.#left.shift() : undefined;
      const batch = this.#seal(lines ?? [], reason);
      if (batch.length === 0) return;
      const count = await this.#write(batch, before);
      if (count === batch.length) {
        await this.#written(batch);
        return;
      }
      this.#left.unshift(batch.slice(count).flatMap(({ object }) => object ?? []));
    }
  }

  /** Seals the first line of a file, lines of events, and a checkpoint if it is time for one. */
  #seal(objects: readonly string[], reason?: CheckpointReason): readonly Written[] {
    const ledger = this.#ledger;
    const batch: Written[] = [];
    if (this.#opening !== undefined) {
      const { event, ...rest } = this.#opening;
      const { place } = ledger;
      batch.push(ledger.opening(event, { place: place.seq === 0 ? undefined : place, ...rest }));
    }
    if (this.#removed.length > 0) batch.push(ledger.note('audit.removed', { files: this.#removed }));
    if (this.#opening !== undefined || this.#isOpeningUnsigned) batch.push(ledger.checkpoint('opened'));
    for (const object of objects) {
      batch.push(ledger.event(object));
      if (ledger.isDue) batch.push(ledger.checkpoint('interval'));
    }
    const isLate = performance.now() - this.#signedMs >= this.#options.checkpoint.seconds * 1000;
    if (reason === 'closed' || (ledger.isUnsigned && (reason !== undefined || isLate))) {
      batch.push(ledger.checkpoint(reason ?? 'interval'));
    }
    return batch;
  }

  /**
   * Writes lines, and waits while the disk refuses. Returns their number, which is less if the file was replaced
   * meanwhile.
   * @throws the system's error if the disk refuses while the file is closing
   */
  async #write(lines: readonly Written[], before: Place): Promise<number> {
    const batch = this.#begin(lines);
    for (;;) {
      try {
        await this.#writeRest(batch);
        this.#opened.isInLine = false;
        return lines.length;
      } catch (error) {
        this.#options.onProblem(error);
        if (this.#closing.signal.aborted || this.#next !== undefined) {
          const count = this.#takeBack(batch, lines, before, error);
          if (this.#closing.signal.aborted) throw error;
          return count;
        }
        await delay(retryMs.write, undefined, { signal: this.#closing.signal, ref: false }).catch(() => {});
      }
    }
  }

  #begin(lines: readonly Written[]): Batch {
    const opened = this.#opened;
    // Another program may have cut the file after it copied it.
    if (opened.isRegular) opened.size = fstatSync(opened.descriptor).size;
    const batch = { lines, bytes: bytesOf(opened, lines), begin: opened.size, done: 0 };
    this.#batch = batch;
    return batch;
  }

  async #writeRest(batch: Batch): Promise<void> {
    const { descriptor, isRegular } = this.#opened;
    while (batch.done < batch.bytes.length) {
      const left = batch.bytes.length - batch.done;
      const { bytesWritten } = await writeSome(descriptor, batch.bytes, batch.done, left, null);
      batch.done += bytesWritten;
      this.#opened.size += bytesWritten;
    }
    if (isRegular) await syncData(descriptor);
  }

  /** Removes half a line that was written. Returns the number of whole lines; the others were not written. */
  #takeBack(batch: Batch, lines: readonly Written[], before: Place, error: unknown): number {
    this.#batch = undefined;
    const prefix = this.#opened.isInLine ? 1 : 0;
    if (batch.done > 0) this.#opened.isInLine = false;
    let count = 0;
    let whole = prefix;
    for (const { line } of lines) {
      const end = whole + Buffer.byteLength(line) + 1;
      if (end > batch.done) break;
      whole = end;
      count += 1;
    }
    this.#ledger.goBack(lines[count - 1]?.place ?? before);
    this.#begun(lines.slice(0, count));
    const rest = batch.done - whole;
    if (rest <= 0) return count;
    try {
      const { descriptor } = this.#opened;
      this.#opened.size = fstatSync(descriptor).size - rest;
      ftruncateSync(descriptor, this.#opened.size);
    } catch {
      // In another file the line is written whole.
      if (this.#next === undefined) this.#broken = error;
    }
    return count;
  }

  async #written(batch: readonly Written[]): Promise<void> {
    this.#batch = undefined;
    this.#begun(batch);
    const checkpoint = batch.findLast(isCheckpoint);
    if (checkpoint !== undefined) this.#signedMs = performance.now();
    if (checkpoint !== undefined && this.#locks.has(this.#opened.path)) {
      await writeHead(this.#opened.path, checkpoint.line).catch(this.#options.onProblem);
    }
    if (!this.#ledger.isUnsigned || this.#timer !== undefined || this.#closing.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#inTurn(() => this.#append('interval')).catch(() => {});
    }, this.#options.checkpoint.seconds * 1000).unref();
  }

  /** Learns which lines about the ledger itself are in the file. */
  #begun(written: readonly Written[]): void {
    if (written.length === 0) return;
    const isSigned = written.some(isCheckpoint);
    this.#isOpeningUnsigned = !isSigned && (this.#opening !== undefined || this.#isOpeningUnsigned);
    this.#opening = undefined;
    if (isSigned || written.some(isRemoval)) this.#removed = [];
  }

  /** Continues in the file that was opened again, if there is one. */
  async #changeFile(): Promise<void> {
    if (this.#next === undefined) return;
    if (this.#opening === undefined) await this.#signEnd();
    const next = this.#next;
    this.#next = undefined;
    this.#replace(next);
  }

  #replace(next: Opened, file?: string): void {
    closeSync(this.#opened.descriptor);
    this.#opened = next;
    this.#opening = { event: 'audit.opened', file };
    this.#keptAs = undefined;
  }

  /** Signs the end of a file, if the disk lets it. */
  async #signEnd(): Promise<boolean> {
    const before = this.#ledger.place;
    const end = [this.#ledger.checkpoint('rotated')];
    const batch = this.#begin(end);
    try {
      await this.#writeRest(batch);
      await this.#written(end);
      return true;
    } catch (error) {
      this.#options.onProblem(error);
      this.#takeBack(batch, end, before, error);
      return false;
    }
  }

  /** Moves the file away and begins another one, if it is large or old enough. */
  async #rotate(): Promise<void> {
    const { rotate, onProblem } = this.#options;
    const { bytes = Infinity, hours = Infinity, keep } = rotate ?? {};
    const { path: file, size, beganMs, isRegular, inode } = this.#opened;
    const isDue = size >= bytes || (size > 0 && Date.now() - beganMs >= hours * 3_600_000);
    if (!isDue || !isRegular || this.#opening !== undefined || this.#next !== undefined) return;
    if (performance.now() < this.#rotationMs || !(await this.#signEnd())) return;
    try {
      if (this.#keptAs === undefined) {
        const kept = rotatedName(file, this.#ledger.place.seq);
        if (moveAway(file, kept, inode)) this.#keptAs = kept;
      }
      const keptAs = this.#keptAs;
      this.#replace(openForAppending(file), keptAs === undefined ? undefined : basename(keptAs));
      if (keep !== undefined) removeOldest(file, keep, name => this.#removed.push(name));
      await syncFolder(dirname(file));
    } catch (error) {
      onProblem(error);
      this.#rotationMs = performance.now() + retryMs.rotation;
    }
  }

  /** Writes the rest of the lines that are on their way, because the process is ending. */
  #finishBatch(): void {
    const batch = this.#batch;
    if (batch === undefined || !this.#opened.isRegular) return;
    const { descriptor } = this.#opened;
    // A write that is on its way in another thread continues while this one waits.
    const waits = new Int32Array(new SharedArrayBuffer(4));
    const end = performance.now() + exitMs;
    const written = () => fstatSync(descriptor).size - batch.begin;
    while (written() < batch.bytes.length && performance.now() < end) Atomics.wait(waits, 0, 0, 5);
    writeAll(descriptor, batch.bytes.subarray(written()));
    this.#opened.isInLine = false;
    this.#batch = undefined;
    this.#begun(batch.lines);
  }

  #lock({ path, isRegular }: Opened): void {
    if (!isRegular || this.#locks.has(path)) return;
    const { rotate, onProblem } = this.#options;
    try {
      this.#locks.set(path, lockFile(path));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const isReadOnly = code === 'EACCES' || code === 'EROFS' || code === 'EPERM';
      // A file may be all that the gateway may write to in its folder.
      if (!isReadOnly || rotate !== undefined) throw error;
      onProblem(error);
    }
  }

  #unlock(): void {
    for (const lock of this.#locks.values()) lock[Symbol.dispose]();
    this.#locks.clear();
  }
}

const isOwn = ({ object, line }: Written, event: string) => object === undefined && line.includes(`"event":"${event}"`);
const isCheckpoint = (written: Written) => isOwn(written, 'audit.checkpoint');
const isRemoval = (written: Written) => isOwn(written, 'audit.removed');

const bytesOf = ({ isInLine }: Opened, lines: readonly Written[]): Buffer =>
  Buffer.from(`${isInLine ? '\n' : ''}${lines.map(({ line }) => `${line}\n`).join('')}`);

function writeAll(descriptor: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
}

async function syncFolder(folder: string): Promise<void> {
  const descriptor = openSync(folder, 'r');
  try {
    await sync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
