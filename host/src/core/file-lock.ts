import { accessSync, closeSync, constants, openSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { fileProblem } from './file-problem.ts';
import { isNotFound } from './system-error.ts';

/** How long opening waits for another process that is just ending, in milliseconds. */
const patienceMs = 1_000;
const betweenMs = 20;

/** Thrown if another process, or another part of this one, has the lock. */
class Locked extends Error {}

/**
 * Locks a file against other gateways, by a lock of SQLite on an empty file beside it, which stays there: the system
 * releases the lock when the process ends, however it ends. A file and a symbolic link to it have the same lock.
 * @throws the system's error; an Error if another process has it
 */
export const lockFile = (file: string): Disposable => lock(file, patienceMs);

/**
 * Runs `work` while no other process that locks the same file does.
 * @param waitMs how long to wait for others
 * @returns undefined if others still have the lock after that time
 * @throws what `work` and the file system throw
 */
export async function withFileLock<T>(file: string, waitMs: number, work: () => Promise<T>): Promise<T | undefined> {
  const until = performance.now() + waitMs;
  for (;;) {
    using held = lockIfFree(file);
    if (held !== undefined) return await work();
    if (performance.now() > until) return undefined;
    await delay(betweenMs);
  }
}

function lockIfFree(file: string): Disposable | undefined {
  try {
    return lock(file, 0);
  } catch (error) {
    if (error instanceof Locked) return undefined;
    throw error;
  }
}

/** @param timeout how long the thread waits, in milliseconds */
function lock(file: string, timeout: number): Disposable {
  const beside = `${realPath(file)}.lock`;
  create(beside);
  const database = new DatabaseSync(beside, { timeout });
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw new Error(`the lock ${beside} cannot be used: ${fileProblem(error)}`, { cause: error });
    throw new Locked(`another gateway writes to it; the lock is ${beside}`, { cause: error });
  }
  return { [Symbol.dispose]: () => database.close() };
}

/** Returns the path of a file without symbolic links. The file itself may be missing. @throws the system's error */
export function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    return join(realpathSync(dirname(file)), basename(file));
  }
}

/** Creates the file of a lock, which only its owner can read, or finds out whether the one that exists can be used. */
function create(beside: string): void {
  try {
    closeSync(openSync(beside, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // Not by opening it: when a process closes a file, the system releases all locks that the process has on it.
    accessSync(beside, constants.R_OK | constants.W_OK);
  }
}

/** Whether SQLite says that something else has the lock (SQLITE_BUSY, SQLITE_LOCKED). */
const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && (error.errcode === 5 || error.errcode === 6);
