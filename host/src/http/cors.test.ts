import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { allowPage, answerPreflight, isPreflight } from './cors.ts';
import { HttpReply } from './reply.ts';
import { Outbox } from './unread-answers.ts';

const request = (method: string, headers: Record<string, string>) =>
  Object.assign(new IncomingMessage(new Socket()), { method, headers });

it.each([
  { what: 'OPTIONS with both headers', method: 'OPTIONS', isOne: true },
  { what: 'OPTIONS without a method', method: 'OPTIONS', without: 'access-control-request-method', isOne: false },
  { what: 'OPTIONS without an origin', method: 'OPTIONS', without: 'origin', isOne: false },
  { what: 'a POST', method: 'POST', isOne: false },
])('$what is a preflight: $isOne', ({ method, without = '', isOne }) => {
  const { [without]: _, ...headers }: Record<string, string> = {
    ...{ origin: 'http://localhost', 'access-control-request-method': 'POST' },
  };
  expect(isPreflight(request(method, headers))).toBe(isOne);
});

describe('the answer to a preflight', () => {
  const answer = (headers: Record<string, string>) => {
    const incoming = request('OPTIONS', headers);
    const outgoing = new ServerResponse(incoming);
    allowPage(outgoing, 'http://localhost');
    answerPreflight(new HttpReply(outgoing, new Outbox(1_000)), incoming);
    return outgoing;
  };

  it('allows the headers that were asked for', () => {
    const outgoing = answer({ 'access-control-request-headers': 'x-team' });
    expect(outgoing.statusCode).toBe(204);
    expect(outgoing.getHeader('access-control-allow-headers')).toBe('x-team');
    expect(outgoing.hasHeader('access-control-allow-private-network')).toBe(false);
  });

  it('allows a private network only when the browser asks', () => {
    const outgoing = answer({ 'access-control-request-private-network': 'true' });
    expect(outgoing.getHeader('access-control-allow-private-network')).toBe('true');
    expect(outgoing.getHeader('access-control-allow-headers')).toContain('mcp-session-id');
  });
});

it('a page may read the session id, and why it is refused', () => {
  const outgoing = new ServerResponse(request('POST', {}));
  allowPage(outgoing, 'http://localhost:3000');
  expect(outgoing.getHeader('access-control-expose-headers')).toContain('mcp-session-id');
  expect(outgoing.getHeader('access-control-expose-headers')).toContain('www-authenticate');
});
