import { closeSync, constants, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fail } from '../../../core/fault.ts';
import { fileProblem } from '../../../core/file-problem.ts';
import { makeFolderSync } from '../../../core/make-folder.ts';
import { NotRegular } from '../../../core/regular-file.ts';

/** Keys are bytes, so that they are ordered and counted as such. Triggers keep count: a quota costs one look. */
const schema = `
  CREATE TABLE IF NOT EXISTS entry (
    plugin TEXT NOT NULL, tenant TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, expires INTEGER,
    PRIMARY KEY (plugin, tenant, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS entry_expires ON entry (expires) WHERE expires IS NOT NULL;
  CREATE TABLE IF NOT EXISTS usage (
    plugin TEXT NOT NULL, tenant TEXT NOT NULL, keys INTEGER NOT NULL, bytes INTEGER NOT NULL,
    PRIMARY KEY (plugin, tenant)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER IF NOT EXISTS entry_added AFTER INSERT ON entry BEGIN
    INSERT INTO usage VALUES (NEW.plugin, NEW.tenant, 1, length(NEW.key) + length(NEW.value))
      ON CONFLICT DO UPDATE SET keys = keys + 1, bytes = bytes + excluded.bytes;
  END;
  CREATE TRIGGER IF NOT EXISTS entry_changed AFTER UPDATE OF value ON entry BEGIN
    UPDATE usage SET bytes = bytes + length(NEW.value) - length(OLD.value)
      WHERE plugin = NEW.plugin AND tenant = NEW.tenant;
  END;
  CREATE TRIGGER IF NOT EXISTS entry_removed AFTER DELETE ON entry BEGIN
    UPDATE usage SET keys = keys - 1, bytes = bytes - length(OLD.key) - length(OLD.value)
      WHERE plugin = OLD.plugin AND tenant = OLD.tenant;
  END;`;

/** How long opening waits for another process that has the file to itself, and later a statement, in milliseconds. */
const patience = { opening: 2000, statement: 2 };

/**
 * Opens a database of plugin values in one file, which only its owner can read, and creates it if it does not exist. What it
 * committed survives the end of the process; when the machine loses power, the last moments may be lost and the file
 * stays whole (SQLite, WAL with `synchronous = NORMAL`).
 * @throws Fault `kv_unusable`
 */
export function openDatabase(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    makeFolderSync(dirname(path), 0o700);
    // SQLite would let everyone read it, and wait at a pipe for someone who reads.
    closeSync(openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_NONBLOCK, 0o600));
    const stats = statSync(path);
    if (!stats.isFile()) throw new NotRegular(stats);
    database = new DatabaseSync(path, { timeout: patience.opening });
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    database.exec(schema);
    database.exec(`PRAGMA busy_timeout = ${patience.statement}`);
    return database;
  } catch (error) {
    database?.close();
    return fail('kv_unusable', { file: path, reason: fileProblem(error) }, error);
  }
}

/** Returns whether another process has the file to itself: SQLITE_BUSY, of any kind. (SQLite, Result and Error Codes) */
export const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === 5;
