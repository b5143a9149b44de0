import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';

/** When a file of a ledger is moved away and a new one is started. */
export interface Rotation {
  readonly bytes?: number | undefined;
  readonly hours?: number | undefined;
  /** The number of files that were moved away and are kept; without it, all. */
  readonly keep?: number | undefined;
}

const digits = 12;

/** Returns the name under which a file is kept: `audit.000000000001.jsonl`, with the number of its last line. */
export function rotatedName(file: string, last: number): string {
  const end = extname(file);
  return `${file.slice(0, file.length - end.length)}.${String(last).padStart(digits, '0')}${end}`;
}

/**
 * Moves a file to the name under which it is kept. Returns false if another file, or none, has its place by now.
 * @throws the system's error
 */
export function moveAway(file: string, kept: string, inode: bigint): boolean {
  const present = statSync(file, { bigint: true, throwIfNoEntry: false });
  if (present?.ino !== inode) return false;
  if (statSync(kept, { throwIfNoEntry: false }) !== undefined) throw new Error(`${kept} exists already`);
  renameSync(file, kept);
  return true;
}

/** A file that was moved away. */
export interface RotatedFile {
  readonly name: string;
  /** The number of its last line. */
  readonly seq: number;
}

/** Returns the files that were moved away, in the order of the chain. @throws the system's error */
export function rotatedFiles(file: string): readonly RotatedFile[] {
  const end = extname(file);
  const start = `${basename(file, end)}.`;
  return readdirSync(dirname(file))
    .filter(name => name.startsWith(start) && name.endsWith(end) && name.length === start.length + digits + end.length)
    .map(name => ({ name, number: name.slice(start.length, start.length + digits) }))
    .filter(({ number }) => /^\d+$/.test(number))
    .map(({ name, number }) => ({ name, seq: Number(number) }))
    .sort((one, other) => one.seq - other.seq);
}

/** Removes the oldest files that were moved away, and calls back with the name of each. @throws the system's error */
export function removeOldest(file: string, keep: number, removed: (name: string) => void): void {
  const kept = rotatedFiles(file);
  for (const { name } of kept.slice(0, Math.max(0, kept.length - keep))) {
    rmSync(join(dirname(file), name));
    removed(name);
  }
}
