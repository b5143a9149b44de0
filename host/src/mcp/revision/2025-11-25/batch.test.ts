import { expect, it } from 'vitest';
import { toFault } from '../../../core/fault.ts';
import type { Json } from '../../../core/json.ts';
import type { Message } from '../../message.ts';
import type { Exchange } from '../revision.ts';
import { answerBatch, refuseBatch } from './batch.ts';

/** An exchange that keeps what it is answered with. A part that throws is answered with the code of its fault. */
function exchange() {
  const sent: { status: number; body?: unknown }[] = [];
  const records: { method?: string; id: unknown }[] = [];
  const whole = {
    reply: {
      answer: (status: number, text: string) => void sent.push({ status, body: JSON.parse(text) }),
      end: (status: number) => void sent.push({ status }),
    },
    async part(reply: Exchange['reply'], work: (exchange: Exchange) => Promise<void>) {
      const record = { id: null };
      records.push(record);
      await work({ ...whole, reply, record } as unknown as Exchange).catch(thrown =>
        reply.answer(200, JSON.stringify(`${record.id}: ${toFault(thrown).code}`)),
      );
    },
  };
  return { sent, records, exchange: whole as unknown as Exchange };
}

const request = (id: number, method = 'ping') => ({ jsonrpc: '2.0', id, method });
const notification = { jsonrpc: '2.0', method: 'notifications/cancelled' };
const echo = async ({ reply }: Exchange, message: Message) =>
  reply.answer(200, JSON.stringify(message.kind === 'response' ? 'a response' : message.method));

it.each<{ what: string; messages: Json[]; sent: object }>([
  {
    what: 'requests, in their order',
    messages: [request(1, 'a'), request(2, 'b')],
    sent: { status: 200, body: ['a', 'b'] },
  },
  {
    what: 'a notification, which gets none',
    messages: [request(1, 'a'), notification],
    sent: { status: 200, body: ['a'] },
  },
  { what: 'notifications alone', messages: [notification, notification], sent: { status: 202 } },
  {
    what: 'one that is no message, and all others',
    messages: [request(1, 'a'), 'nonsense', request(2, 'b')],
    sent: { status: 200, body: ['a', 'null: message_invalid', 'b'] },
  },
])('answers $what', async ({ messages, sent }) => {
  const opened = exchange();
  await answerBatch(opened.exchange, messages, echo);
  expect(opened.sent).toEqual([sent]);
});

it('fails one message by itself', async () => {
  const opened = exchange();
  await answerBatch(opened.exchange, [request(1), request(2)], async (part, message) => {
    if (part.record.id === 1) throw new Error('a mistake');
    await echo(part, message);
  });
  expect(opened.sent).toEqual([{ status: 200, body: ['1: internal', 'ping'] }]);
  expect(opened.records).toMatchObject([
    { id: 1, method: 'ping' },
    { id: 2, method: 'ping' },
  ]);
});

it.each([
  { what: 'no message', messages: [], code: 'message_invalid' },
  { what: '51 messages', messages: Array.from({ length: 51 }, (_, n) => request(n)), code: 'batch_refused' },
])('refuses a batch of $what as $code', async ({ messages, code }) => {
  const opened = exchange();
  await expect(answerBatch(opened.exchange, messages, echo)).rejects.toMatchObject({ code });
  expect(opened.sent).toEqual([]);
});

it('bounds the answers together, which wait for each other, and never one alone', async () => {
  const opened = exchange();
  const long = 'x'.repeat(20 * 1024 * 1024);
  await answerBatch(opened.exchange, [request(1), request(2), request(3)], async ({ reply, record }) =>
    reply.answer(200, JSON.stringify(record.id === 3 ? 'short' : long)),
  );
  const [sent] = opened.sent;
  const [one, ...others] = (sent?.body ?? []) as string[];
  expect([one?.length, others]).toEqual([long.length, ['2: overloaded', 'short']]);
});

it('refuses a batch as a whole under the ids of its requests, or without one', async () => {
  const opened = exchange();
  await refuseBatch(opened.exchange, [request(1), notification, request(2)]);
  expect(opened.sent).toEqual([{ status: 400, body: ['1: batch_refused', '2: batch_refused'] }]);
  expect(() => refuseBatch(opened.exchange, [notification])).toThrow(
    expect.objectContaining({ code: 'batch_refused' }),
  );
});
