import { type KvBounds, type KvOperations, KvRefused, type KvWrite } from '../../kv.ts';
import { type KvQuestion, type KvReply, letterOf } from '../lane/letter.ts';
import type { Letter, Mailbox } from '../lane/mailbox.ts';
import type { Ask, Outcome } from './group-commit.ts';
import type { KvLoan } from './message.ts';

/** The most keys that one answer lists. */
const longestList = 1000;

/** A lane, as the store thread knows it. */
export interface StoreLane {
  readonly mailbox: Mailbox;
  loans: readonly KvLoan[];
  /** What it asked and was not done by then is not done. */
  hasEnded: boolean;
}

/**
 * Reads the question of a lane. The plugin and what it may store come from the gateway, and not from the lane.
 * @throws Error for a question that no lane of ours writes
 */
export function laneAsk({ text, bytes }: Letter, lane: StoreLane): Ask {
  const question = JSON.parse(text) as KvQuestion;
  const loan = lane.loans[question.loan];
  if (loan === undefined) throw new Error('the lane was lent no such plugin');
  return {
    isRead: question.do === 'get' || question.do === 'list',
    now: Date.now(),
    sinceMs: performance.now(),
    isWanted: () => !lane.hasEnded,
    run: kv => run(kv, question, bytes, loan),
    answer: outcome => answer(lane.mailbox, outcome),
  };
}

/** Answers the question of a lane. */
export function answer(mailbox: Mailbox, outcome: Outcome): void {
  try {
    mailbox.answer(replyOf(outcome));
  } catch (error) {
    mailbox.answer(failed(error));
  }
}

function run(
  kv: KvOperations,
  { do: what, tenant, key = '', prefix = '', after, limit = 0, by = '', ttlMs }: KvQuestion,
  [value = new Uint8Array(0), expected]: Letter['bytes'],
  { plugin, bounds }: KvLoan,
): unknown {
  const space = { plugin, tenant };
  if (what === 'list') return kv.list(space, prefix, after, Math.min(limit, longestList));
  if (key === '' || Buffer.byteLength(key) > bounds.keyBytes) throw new Error('the key is empty or too long');
  switch (what) {
    case 'get':
      return kv.get(space, key);
    case 'set':
      return kv.set(space, key, short(value, bounds), write(ttlMs, bounds));
    case 'delete':
      return kv.delete(space, key);
    case 'compareAndSet':
      return kv.compareAndSet(space, key, expected, short(value, bounds), write(ttlMs, bounds));
    case 'increment':
      return kv.increment(space, key, BigInt(by), write(ttlMs, bounds));
  }
}

function short(value: Uint8Array, { valueBytes }: KvBounds): Uint8Array {
  if (value.length > valueBytes) throw new KvRefused('quota', `more than ${valueBytes} bytes in one value`);
  return value;
}

const write = (ttlMs: number | undefined, { quota, ttlMs: most }: KvBounds): KvWrite => ({
  quota,
  ttlMs: most === undefined ? ttlMs : Math.min(ttlMs ?? most, most),
});

function replyOf(outcome: Outcome): Letter {
  if ('error' in outcome) {
    const { error } = outcome;
    if (!(error instanceof KvRefused)) return failed(error);
    return letterOf({ refused: { reason: error.reason, message: error.message } });
  }
  const { ok } = outcome;
  if (ok instanceof Uint8Array) return letterOf({}, ok);
  return letterOf(contentOf(ok));
}

function contentOf(ok: unknown): KvReply {
  if (typeof ok === 'boolean') return { is: ok };
  if (typeof ok === 'bigint') return { sum: String(ok) };
  return ok === undefined ? {} : { keys: ok as readonly string[] };
}

const failed = (error: unknown): Letter => letterOf({ failed: error instanceof Error ? error.message : String(error) });
