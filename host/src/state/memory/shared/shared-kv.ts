import type { KvOperations } from '../../kv.ts';
import { kvOperations } from '../../kv-table.ts';
import { SharedLock } from './shared-lock.ts';
import { SharedTable } from './shared-table.ts';

/** The values of one plugin in memory that threads share, for one of the threads. */
export interface SharedKv extends KvOperations {
  /** Finishes what another thread left undone. Only for a thread that has ended, or that runs no operation now. */
  settle(owner: number): void;
}

interface SharedKvOptions {
  /** The number of this thread, from 1. No other thread has it, also later. */
  readonly owner: number;
  /** How long an operation may wait for other threads. */
  readonly patienceMs: number;
  /** The key of the hash, for new memory. */
  readonly hashKey?: Int32Array;
  readonly now?: (() => number) | undefined;
}

/** Opens such memory. Every operation throws an Error if other threads keep its lock for longer than `patienceMs`. */
export function openSharedKv(buffer: SharedArrayBuffer, options: SharedKvOptions): SharedKv {
  const { owner, patienceMs, hashKey, now } = options;
  const lock = new SharedLock(buffer, owner, patienceMs);
  const table = new SharedTable(buffer, lock);
  if (hashKey !== undefined) table.create(hashKey);
  return {
    ...kvOperations(table, now),
    settle(thread) {
      if (!lock.isOf(thread)) return;
      table.recover();
      lock.release();
    },
  };
}
