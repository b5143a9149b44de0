import type { KvOperations } from '../../../state/kv.ts';
import { openSharedKv } from '../../../state/memory/shared/shared-kv.ts';
import { type MailboxLoan, openMailboxKv } from '../../../state/sqlite/lane/mailbox-kv.ts';

/** What a lane was lent of a store: the memory of the values, or a mailbox of the store's thread. */
export type KvLent = SharedArrayBuffer | MailboxLoan;

const opened = new WeakMap<KvLent, KvOperations>();

/** Returns the store that a lane was lent: one for all instances of a plugin in the lane. */
export function lentKv(lent: KvLent, thread: number): KvOperations {
  const known = opened.get(lent);
  if (known !== undefined) return known;
  const kv = lent instanceof SharedArrayBuffer ? openSharedKv(lent, { owner: thread }) : openMailboxKv(lent);
  opened.set(lent, kv);
  return kv;
}
