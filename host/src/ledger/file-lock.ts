import { accessSync, closeSync, constants, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { fileProblem } from '../core/file-problem.ts';

/** How long opening waits for another process that is just ending, in milliseconds. */
const patienceMs = 1_000;

/**
 * Locks a file against other gateways, by a lock of SQLite on an empty file beside it: the system releases it when the
 * process ends, however it ends.
 * @throws the system's error; an Error if another process has it
 */
export function lockFile(file: string): Disposable {
  const beside = `${file}.lock`;
  create(beside);
  const database = new DatabaseSync(beside, { timeout: patienceMs });
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw new Error(`the lock ${beside} cannot be used: ${fileProblem(error)}`, { cause: error });
    throw new Error(`another gateway writes to it; the lock is ${beside}`, { cause: error });
  }
  return { [Symbol.dispose]: () => database.close() };
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
