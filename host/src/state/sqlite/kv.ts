import { closeSync, constants, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { fail } from '../../core/fault.ts';
import { fileProblem } from '../../core/file-problem.ts';
import { makeFolderSync } from '../../core/make-folder.ts';
import { NotRegular } from '../../core/regular-file.ts';
import { type KvStore, later } from '../kv.ts';
import { type KvTable, kvOperations } from '../kv-table.ts';

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

/**
 * Milliseconds that a use waits for another process that writes to the same file: in all, for one look, during which the
 * gateway's thread stands still, and between two looks.
 */
const patience = { all: 2000, look: 2, between: 10 };
const sweepEveryMs = 60_000;
/** Expired entries that a write clears away, and how long none does after that. */
const sweptByWrite = 1000;
const betweenSweepsMs = 50;

/**
 * A store in one file. What it acknowledged survives the end of the process, however that came; when the machine
 * loses power, the last moments may be lost and the file stays whole (SQLite, WAL with `synchronous = NORMAL`).
 * @throws Fault `kv_unusable`
 */
export function openSqliteKv(path: string, now: () => number = Date.now): KvStore {
  const database = open(path);
  const read = database.prepare('SELECT value, expires FROM entry WHERE plugin = ? AND tenant = ? AND key = ?');
  const write = database.prepare(
    `INSERT INTO entry VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET value = excluded.value, expires = excluded.expires`,
  );
  const remove = database.prepare('DELETE FROM entry WHERE plugin = ? AND tenant = ? AND key = ?');
  const keys = database.prepare(
    `SELECT key FROM entry WHERE plugin = ? AND tenant = ? AND key >= ? AND key < ? AND key > ?
       AND (expires IS NULL OR expires > ?) ORDER BY key LIMIT ?`,
  );
  const usage = database.prepare('SELECT keys, bytes FROM usage WHERE plugin = ? AND tenant = ?');
  const sweep = database.prepare(
    `DELETE FROM entry WHERE (plugin, tenant, key) IN
       (SELECT plugin, tenant, key FROM entry WHERE expires <= ? ORDER BY expires LIMIT ?)`,
  );
  let sweptAtMs = Number.NEGATIVE_INFINITY;
  const table: KvTable = {
    look: work => work(),
    transact(work) {
      database.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        database.exec('COMMIT');
        return result;
      } catch (error) {
        database.exec('ROLLBACK');
        throw error;
      }
    },
    read({ plugin, tenant }, key) {
      const row = read.get(plugin, columnOf(tenant), Buffer.from(key));
      if (row === undefined) return undefined;
      return { value: row.value as Uint8Array, expiresAt: (row.expires as number | null) ?? undefined };
    },
    write: ({ plugin, tenant }, key, { value, expiresAt }) =>
      void write.run(plugin, columnOf(tenant), Buffer.from(key), value, expiresAt ?? null),
    remove: ({ plugin, tenant }, key) => void remove.run(plugin, columnOf(tenant), Buffer.from(key)),
    keys({ plugin, tenant }, prefix, after, limit, at) {
      const from = Buffer.from(prefix);
      const rows = keys.all(plugin, columnOf(tenant), from, endOf(from), Buffer.from(after ?? ''), at, limit);
      return rows.map(row => Buffer.from(row.key as Uint8Array).toString('utf8'));
    },
    usage({ plugin, tenant }) {
      const row = usage.get(plugin, columnOf(tenant));
      return { keys: Number(row?.keys ?? 0), bytes: Number(row?.bytes ?? 0) };
    },
    sweepSome(at) {
      // The statement costs as much as the write itself, so it runs less often than writes come.
      const nowMs = performance.now();
      if (nowMs - sweptAtMs < betweenSweepsMs) return;
      sweptAtMs = nowMs;
      sweep.run(at, sweptByWrite);
    },
    sweepSpace: (_space, at) => void sweep.run(at, Number.MAX_SAFE_INTEGER),
  };
  const sweeping = setInterval(async () => {
    // What is not swept now is swept later.
    await untilFree(() => sweep.run(now(), 1000)).catch(() => {});
  }, sweepEveryMs).unref();
  return {
    ...later(kvOperations(table, now), untilFree),
    async [Symbol.asyncDispose]() {
      clearInterval(sweeping);
      if (database.isOpen) database.close();
    },
  };
}

/** Runs `work`, again while another process has the file to itself. @throws what `work` throws, in the end that too */
async function untilFree<T>(work: () => T): Promise<T> {
  const until = performance.now() + patience.all;
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || performance.now() > until) throw error;
      await delay(Math.random() * patience.between);
    }
  }
}

/** SQLITE_BUSY, of whichever kind. (SQLite, Result and Error Codes) */
const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === 5;

function open(path: string): DatabaseSync {
  try {
    makeFolderSync(dirname(path), 0o700);
    // SQLite would let everybody read it, and wait at a pipe for somebody who reads.
    closeSync(openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_NONBLOCK, 0o600));
    const stats = statSync(path);
    if (!stats.isFile()) throw new NotRegular(stats);
    const database = new DatabaseSync(path, { timeout: patience.all });
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    database.exec(schema);
    database.exec(`PRAGMA busy_timeout = ${patience.look}`);
    return database;
  } catch (error) {
    return fail('kv_unusable', { file: path, reason: fileProblem(error) }, error);
  }
}

/**
 * No tenant is the empty text. SQLite writes text as UTF-8, where all lone surrogates are one: what has any is escaped,
 * and so is what could be mistaken for that, or for no tenant.
 */
function columnOf(tenant: string | undefined): string {
  if (tenant === undefined) return '';
  return tenant.isWellFormed() && tenant !== '' && !tenant.startsWith('"') ? tenant : JSON.stringify(tenant);
}

/** The least bytes that come after everything with this prefix. UTF-8 has no byte 0xff. */
function endOf(prefix: Buffer): Buffer {
  if (prefix.length === 0) return Buffer.from([0xff]);
  const end = Buffer.from(prefix);
  end[end.length - 1] = (end.at(-1) ?? 0) + 1;
  return end;
}
