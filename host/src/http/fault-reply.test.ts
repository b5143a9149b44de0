import { expect, it } from 'vitest';
import { Fault } from '../core/fault.ts';
import type { Reply } from '../mcp/revision/reply.ts';
import { faultReply } from './fault-reply.ts';

/** What a client gets for something thrown. */
function replyTo(thrown: unknown, { id }: { id: number | null | undefined } = { id: 1 }) {
  const sent: { status: number; text: string; headers: unknown }[] = [];
  const reply = {
    answer: (status: number, text: string, headers: unknown) => void sent.push({ status, text, headers }),
  };
  faultReply(reply as unknown as Reply, thrown, { id, request: 'r-1' });
  const [{ status, text, headers } = { status: 0, text: '{}', headers: {} }] = sent;
  return { status, headers, text, body: JSON.parse(text) };
}

it('answers under the id of the request, with code, hint and the id of the log line', () => {
  const { status, body } = replyTo(new Fault('name_unknown', { name: 'x', hint: 'look' }));
  expect(status).toBe(200);
  expect(body).toMatchObject({
    ...{ jsonrpc: '2.0', id: 1 },
    error: { code: -32602, data: { code: 'name_unknown', hint: 'look', request: 'r-1' } },
  });
});

it('answers a message whose id could not be read under null, and a notification under none', () => {
  expect(replyTo(new Fault('json_malformed'), { id: null }).body.id).toBe(null);
  expect(replyTo(new Fault('json_malformed'), { id: undefined }).body).not.toHaveProperty('id');
});

it('tells nothing of a mistake of our own', () => {
  const { body, text } = replyTo(new TypeError('secret of Number.parseInt'));
  expect(body.error.data.code).toBe('internal');
  expect(text).not.toContain('secret');
});

it('tells no words of an upstream, but its number and what a client can act on', () => {
  const details = { upstream: 'up', rpc: -32042, hint: 'it said: secret', status: 503, path: '/secret' };
  const { body, text } = replyTo(new Fault('upstream_error', details));
  expect(body.error).toMatchObject({ code: -32042, data: { code: 'upstream_error', upstream: 'up', status: 503 } });
  expect(text).not.toContain('secret');
});

it.each([
  { what: 'overload', fault: new Fault('overloaded'), headers: { 'retry-after': '1' } },
  { what: 'draining', fault: new Fault('draining'), headers: { 'retry-after': '1', connection: 'close' } },
  {
    what: 'a limit of an upstream',
    fault: new Fault('upstream_status', { retry_after_ms: 1_500 }),
    headers: { 'retry-after': '2' },
  },
  { what: 'a wrong call', fault: new Fault('params_invalid'), headers: undefined },
])('sends for $what the headers $headers', ({ fault, headers }) => {
  expect(replyTo(fault).headers).toEqual(headers);
});
