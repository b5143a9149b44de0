import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Cancelled } from '../mcp/cancelled.ts';
import type { ExchangeRecord } from '../mcp/revision/revision.ts';
import { idInText, readBody, readMessage } from './body.ts';

const request = (headers: Record<string, string> = {}) => Object.assign(new IncomingMessage(new Socket()), { headers });

describe('reading a body', () => {
  it('joins its chunks, also within a character', async () => {
    const incoming = request();
    const text = readBody(incoming, 100);
    const bytes = Buffer.from('"grüße"');
    incoming.push(bytes.subarray(0, 4));
    incoming.push(bytes.subarray(4));
    incoming.push(null);
    expect(await text).toBe('"grüße"');
  });

  it.each([
    { what: 'announced to be too large', headers: { 'content-length': '11' }, chunks: [] },
    { what: 'that turns out to be too large', headers: {}, chunks: ['123456', '78901'] },
  ])('refuses one $what', async ({ headers, chunks }) => {
    const incoming = request(headers);
    const text = readBody(incoming, 10);
    for (const chunk of chunks) incoming.push(chunk);
    await expect(text).rejects.toMatchObject({ code: 'body_too_large', details: { limit_bytes: 10 } });
  });

  it('takes one that is exactly as large as allowed', async () => {
    const incoming = request({ 'content-length': '10' });
    const text = readBody(incoming, 10);
    incoming.push('1234567890');
    incoming.push(null);
    expect(await text).toHaveLength(10);
  });

  it('is cancelled when the client leaves', async () => {
    const incoming = request();
    const text = readBody(incoming, 10);
    incoming.destroy(new Error('aborted'));
    await expect(text).rejects.toThrow(Cancelled);
  });
});

describe('parsing a body', () => {
  const read = (body: unknown) => {
    const record: ExchangeRecord = { id: null };
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    let message: unknown;
    try {
      message = readMessage(text, record);
    } catch (thrown) {
      message = thrown;
    }
    return { record, message };
  };

  it.each([
    { body: { jsonrpc: '2.0', id: 7, method: 'ping' }, record: { id: 7, method: 'ping' } },
    { body: { jsonrpc: '2.0', method: 'notifications/initialized' }, record: { id: undefined } },
    { body: [{ jsonrpc: '2.0', id: 1, method: 'ping' }], record: { method: 'batch' } },
    { body: { jsonrpc: '2.0', id: 7, method: 'x'.repeat(5_000) }, record: { id: 7, method: expect.any(String) } },
  ])('records id and method of $body', ({ body, record }) => {
    const read_ = read(body);
    expect(read_.message).not.toBeInstanceOf(Error);
    expect(read_.record).toMatchObject(record);
    expect(read_.record.method?.length).toBeLessThanOrEqual(1_001);
  });

  it('records the id of a request that is not valid, so that the refusal has it', () => {
    const { record, message } = read({ jsonrpc: '2.0', id: 'a', method: 5 });
    expect(message).toBeInstanceOf(Error);
    expect(record.id).toBe('a');
  });

  it('finds the id in a text without parsing it', () => {
    expect(idInText('{"jsonrpc":"2.0","id":"a","method":"ping"}')).toBe('a');
    expect(idInText('nothing')).toBeNull();
  });
});
