import type { KvOperations } from '../../../state/kv.ts';
import { openSharedKv } from '../../../state/memory/shared/shared-kv.ts';

const opened = new WeakMap<SharedArrayBuffer, KvOperations>();

/** Returns the store in memory that a lane was lent: one for all instances of a plugin in the lane. */
export function sharedKvOf(memory: SharedArrayBuffer, thread: number): KvOperations {
  const known = opened.get(memory);
  if (known !== undefined) return known;
  const kv = openSharedKv(memory, { owner: thread });
  opened.set(memory, kv);
  return kv;
}
