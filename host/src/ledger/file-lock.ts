import { closeSync, constants, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** How long opening waits for another process that is just ending, in milliseconds. */
const patienceMs = 1_000;

/**
 * Locks a file against other gateways, by a lock of SQLite on an empty file beside it: the system releases it when the
 * process ends, however it ends.
 * @throws the system's error; an Error if another process has it
 */
export function lockFile(file: string): Disposable {
  const beside = `${file}.lock`;
  closeSync(openSync(beside, constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK, 0o600));
  const database = new DatabaseSync(beside, { timeout: patienceMs });
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw new Error(`another gateway writes to it; the lock is ${beside}`, { cause: error });
  }
  return { [Symbol.dispose]: () => database.close() };
}
