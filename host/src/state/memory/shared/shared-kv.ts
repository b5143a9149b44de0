import { gatewayThread, type KvOperations } from '../../kv.ts';
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
  /** How long an operation may wait for other threads, unless that depends on which thread this is. */
  readonly patienceMs?: number;
  /** The key of the hash, for new memory. */
  readonly hashKey?: Int32Array;
  readonly now?: (() => number) | undefined;
}

/**
 * How long operations wait for the lock. The gateway's thread waits no longer for a lane: if that lane was ended, only
 * the gateway's thread can free the lock, once it is back in its event loop. In lanes the deadline of the call comes first.
 */
const patience = { gateway: 100, lane: 5000 };

/** Opens such memory. Every operation throws an Error if other threads keep its lock for too long. */
export function openSharedKv(buffer: SharedArrayBuffer, options: SharedKvOptions): SharedKv {
  const { owner, hashKey, now, patienceMs = owner === gatewayThread ? patience.gateway : patience.lane } = options;
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
