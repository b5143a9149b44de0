import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openRegularFile } from '../core/regular-file.ts';
import { undefinedIfNotFound } from '../core/system-error.ts';
import { readLines } from './read-lines.ts';
import { rotatedFiles } from './rotation.ts';
import { readSealed } from './sealed-line.ts';

export interface FollowOptions {
  /** Ends the reading. */
  readonly signal: AbortSignal;
  /** How often the file is looked at, in milliseconds. */
  readonly everyMs?: number;
}

const newline = 0x0a;
const chunkBytes = 2 ** 18;
/** Longer lines are left out: nothing of the gateway writes one. */
const longest = 2 ** 26;

/**
 * Reads the lines of a file, and then those that are appended, until the signal aborts. When the file is moved away, the
 * one that gets its name is continued with, after all that were rotated meanwhile; a file that was truncated is read from
 * its beginning. Half a line is returned when it has its end.
 * @throws the system's error
 */
export async function* followLines(file: string, { signal, everyMs = 300 }: FollowOptions): AsyncGenerator<Buffer> {
  let current = await Followed.open(file);
  try {
    for (let last = 0; !signal.aborted; ) {
      // Opened before the rest of the old one is read, which the gateway finishes before it writes to another.
      const next = await openNext(file, current);
      for await (const line of current.lines()) {
        last = readSealed(line)?.seq ?? last;
        yield line;
      }
      if (next === undefined) await delay(everyMs, undefined, { signal }).catch(() => {});
      else {
        await current.close();
        current = next;
        for (const between of await rotatedBefore(file, last, next)) {
          for await (const { bytes } of readLines(between)) yield bytes;
        }
      }
    }
  } finally {
    await current.close();
  }
}

/** Opens the file that has the name now, if it is another one and has a line. */
async function openNext(file: string, current: Followed): Promise<Followed | undefined> {
  const next = await Followed.open(file).catch(undefinedIfNotFound);
  if (next === undefined) return undefined;
  if (next.inode !== current.inode && (await next.size()) > 0) return next;
  await next.close();
  return undefined;
}

/** Returns the paths of the files that were rotated after the line with this number, and before this one. */
async function rotatedBefore(file: string, last: number, next: Followed): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const { name, seq } of rotatedFiles(file)) {
    if (seq <= last) continue;
    const path = join(dirname(file), name);
    const found = await Followed.open(path).catch(undefinedIfNotFound);
    await found?.close();
    if (found?.inode === next.inode) break;
    if (found !== undefined) paths.push(path);
  }
  return paths;
}

/** A file that is read as it grows. */
class Followed {
  readonly inode: bigint;
  readonly #handle: FileHandle;
  #position = 0;
  /** The beginning of a line that has no end yet. */
  #rest: Buffer[] = [];
  #length = 0;

  private constructor(handle: FileHandle, inode: bigint) {
    this.#handle = handle;
    this.inode = inode;
  }

  static async open(file: string): Promise<Followed> {
    const handle = await openRegularFile(file);
    return new Followed(handle, (await handle.stat({ bigint: true })).ino);
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  /** Reads the whole lines that were appended since the last time. */
  async *lines(): AsyncGenerator<Buffer> {
    if ((await this.size()) < this.#position) {
      this.#position = 0;
      this.#takeRest();
    }
    for (;;) {
      const { bytesRead, buffer } = await this.#handle.read(
        Buffer.allocUnsafe(chunkBytes),
        0,
        chunkBytes,
        this.#position,
      );
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      let begin = 0;
      for (let end = buffer.indexOf(newline); end !== -1 && end < bytesRead; end = buffer.indexOf(newline, begin)) {
        const line = this.#takeRest(buffer.subarray(begin, end));
        if (line !== undefined) yield line;
        begin = end + 1;
      }
      this.#length += bytesRead - begin;
      if (this.#length <= longest) this.#rest.push(buffer.subarray(begin, bytesRead));
    }
  }

  /** Returns the line that ends with these bytes, unless it is too long. */
  #takeRest(end: Buffer = Buffer.alloc(0)): Buffer | undefined {
    const line = this.#length > longest ? undefined : Buffer.concat([...this.#rest, end]);
    this.#rest = [];
    this.#length = 0;
    return line;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
