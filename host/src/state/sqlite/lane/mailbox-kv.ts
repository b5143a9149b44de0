import { type KvOperations, KvRefused } from '../../kv.ts';
import { type KvQuestion, type KvReply, letterOf } from './letter.ts';
import { Bell, type Letter, Mailbox } from './mailbox.ts';

/** What a lane uses of the store thread, for one plugin. */
export interface MailboxLoan {
  readonly mailbox: SharedArrayBuffer;
  readonly bell: SharedArrayBuffer;
  /** The number of the loan among those of the lane. */
  readonly loan: number;
}

/**
 * Returns a store that asks the store thread and waits for it. The store thread knows the plugin and its quotas, so only the
 * tenant of a space and the lifetime of a write are sent.
 */
export function openMailboxKv({ mailbox, bell, loan }: MailboxLoan): KvOperations {
  const box = new Mailbox(mailbox);
  const rung = new Bell(bell);
  const ask = (question: Omit<KvQuestion, 'loan'>, ...bytes: (Uint8Array | undefined)[]) =>
    read(box.ask(letterOf({ loan, ...question }, ...bytes), rung));
  return {
    get: ({ tenant }, key) => ask({ do: 'get', tenant, key }).bytes,
    set: ({ tenant }, key, value, { ttlMs }) => void ask({ do: 'set', tenant, key, ttlMs }, value),
    delete: ({ tenant }, key) => ask({ do: 'delete', tenant, key }).reply.is === true,
    list: ({ tenant }, prefix, after, limit) => ask({ do: 'list', tenant, prefix, after, limit }).reply.keys ?? [],
    compareAndSet: ({ tenant }, key, expected, value, { ttlMs }) =>
      ask({ do: 'compareAndSet', tenant, key, ttlMs }, value, expected).reply.is === true,
    increment: ({ tenant }, key, by, { ttlMs }) =>
      BigInt(ask({ do: 'increment', tenant, key, by: String(by), ttlMs }).reply.sum ?? 0),
  };
}

/** @throws KvRefused, Error */
function read({ text, bytes: [bytes] }: Letter): { readonly reply: KvReply; readonly bytes: Uint8Array | undefined } {
  const reply = JSON.parse(text) as KvReply;
  if (reply.refused !== undefined) throw new KvRefused(reply.refused.reason, reply.refused.message);
  if (reply.failed !== undefined) throw new Error(reply.failed);
  return { reply, bytes };
}
