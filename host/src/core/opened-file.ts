import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { realPath } from './file-lock.ts';

/** A file that lines are appended to. */
export interface Opened {
  /** Its path; that of a file on a disk is without symbolic links. */
  readonly path: string;
  readonly descriptor: number;
  /** Whether the file is on a disk. A pipe or a terminal cannot be synced, read or rotated. */
  readonly isRegular: boolean;
  readonly inode: bigint;
  /** When the file was begun, in milliseconds since the epoch. */
  readonly beganMs: number;
  size: number;
  /** Whether a process that was killed has left half a line, so that the next one begins a line of its own. */
  isInLine: boolean;
}

const newline = 0x0a;

/** Opens a file that only its owner can read, and creates it if it is missing. @throws the system's error */
export function openForAppending(file: string): Opened {
  // Opening a pipe without a reader would wait forever.
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;
  const descriptor = openSync(file, flags, 0o600);
  const status = fstatSync(descriptor, { bigint: true });
  const isRegular = status.isFile();
  const size = isRegular ? Number(status.size) : 0;
  return {
    path: isRegular ? realPath(file) : file,
    descriptor,
    isRegular,
    inode: status.ino,
    beganMs: beganMs(status),
    size,
    isInLine: endsInLine(file, size),
  };
}

/**
 * Returns when a file was begun. Some file systems, such as NFS, do not know: then an empty file begins now, and another
 * one when it was changed last.
 */
export function beganMs({ birthtimeMs, mtimeMs, size }: Pick<BigIntStats, 'birthtimeMs' | 'mtimeMs' | 'size'>): number {
  if (birthtimeMs > 0n) return Number(birthtimeMs);
  return size === 0n ? Date.now() : Number(mtimeMs);
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
