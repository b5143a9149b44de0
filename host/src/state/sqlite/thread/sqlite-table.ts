import type { DatabaseSync } from 'node:sqlite';
import type { KvTable } from '../../kv-table.ts';

/** Expired entries that a write clears away, and how long none does after that. */
const sweptByWrite = 1000;
const betweenSweepsMs = 50;

/** A table in a database. */
export interface SqliteTable extends KvTable {
  /** Removes expired entries of all spaces, at most this many. */
  sweep(now: number, most: number): void;
}

/** Returns the table of plugin values in a database that `openDatabase` opened. */
export function sqliteTable(database: DatabaseSync): SqliteTable {
  const read = database.prepare('SELECT value, expires FROM entry WHERE plugin = ? AND tenant = ? AND key = ?');
  const write = database.prepare(
    `INSERT INTO entry VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET value = excluded.value, expires = excluded.expires`,
  );
  /** For values that change often: the index of expiry stays as it is. */
  const renew = database.prepare('UPDATE entry SET value = ? WHERE plugin = ? AND tenant = ? AND key = ?');
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
  return {
    look: work => work(),
    transact: transactionsOf(database),
    read({ plugin, tenant }, key) {
      const row = read.get(plugin, columnOf(tenant), Buffer.from(key));
      if (row === undefined) return undefined;
      return { value: row.value as Uint8Array, expiresAt: (row.expires as number | null) ?? undefined };
    },
    write({ plugin, tenant }, key, { value, expiresAt }, isRenewed) {
      if (isRenewed === true) renew.run(value, plugin, columnOf(tenant), Buffer.from(key));
      else write.run(plugin, columnOf(tenant), Buffer.from(key), value, expiresAt ?? null);
    },
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
    sweep: (at, most) => void sweep.run(at, most),
  };
}

/**
 * Returns a function that runs work as one transaction, or as a part of the one that is open. If the work throws, nothing
 * of it is kept.
 */
function transactionsOf(database: DatabaseSync): <T>(work: () => T) => T {
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const rollBack = database.prepare('ROLLBACK');
  return work => {
    if (database.isTransaction) return work();
    begin.run();
    try {
      const result = work();
      commit.run();
      return result;
    } catch (error) {
      // SQLite has ended the transaction by itself if the disk is full.
      if (database.isTransaction) rollBack.run();
      throw error;
    }
  };
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
