import type { ServerResponse } from 'node:http';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createUpstream } from '../../../../test/fixtures/create-upstream.ts';
import { keep } from '../../../../test/fixtures/keep.ts';
import { type RawMessage, startRawHttpServer } from '../../../../test/fixtures/raw-http-server.ts';
import { createLog } from '../../core/log.ts';
import type { Notification } from '../../mcp/message.ts';
import type { UpstreamContext } from './create-upstream.ts';
import { textOf } from './upstream.case.ts';

type Options = NonNullable<Parameters<typeof startRawHttpServer>[0]>;

/** A server that misbehaves as requested, and an upstream for it. */
async function open(options: Options, on: UpstreamContext = {}, timeout_ms = 5_000) {
  const server = keep(await startRawHttpServer(options));
  const upstream = keep(createUpstream({ id: 'raw', http: { url: server.url }, timeout_ms }, on));
  return { server, upstream };
}

const call = (name: string, args = {}) => ({ name, arguments: args });
const resultOf = (id: RawMessage['id'], text = 'fine') =>
  JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text }] } });
const isCall = (message: RawMessage, name: string) => message.method === 'tools/call' && message.params?.name === name;
const idOf = (server: Awaited<ReturnType<typeof startRawHttpServer>>, name: string) =>
  server.bodies.map(body => JSON.parse(body) as RawMessage).find(message => isCall(message, name))?.id;
const echo = async (upstream: ReturnType<typeof createUpstream>) =>
  textOf((await upstream.request('tools/call', call('echo', { text: 'honest' }))).result);

describe('a status that refuses one request [UP-19]', () => {
  it.each([
    { status: 429, headers: { 'retry-after': '7' }, details: { status: 429, retry_after_ms: 7_000 } },
    { status: 503, headers: { 'retry-after': new Date(Date.now() + 60_000).toUTCString() }, details: { status: 503 } },
    { status: 422, headers: {}, details: { status: 422 } },
    { status: 502, headers: {}, details: { status: 502 } },
  ])('$status ends neither the session nor another call', async ({ status, headers, details }) => {
    const slow = Promise.withResolvers<ServerResponse>();
    const { server, upstream } = await open({
      answer(message, response) {
        if (isCall(message, 'limited')) response.writeHead(status, headers).end('slow down');
        else if (isCall(message, 'slow')) {
          response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
          slow.resolve(response);
          setTimeout(() => response.end(`data: ${resultOf(message.id)}\n\n`), 300);
        } else return false;
        return true;
      },
    });
    const running = upstream.request('tools/call', call('slow'));
    await slow.promise;
    for (let times = 0; times < 8; times += 1) {
      await expect(upstream.request('tools/call', call('limited'))).rejects.toMatchObject({
        code: 'upstream_status',
        details: { ...details, upstream: 'raw' },
      });
    }
    expect(await echo(upstream)).toBe('honest');
    expect(textOf((await running).result)).toBe('fine');
    expect(server.methods).not.toContain('DELETE');
    expect(server.raw.seen.filter(({ method }) => method === 'initialize')).toHaveLength(1);
  });

  it.each([
    { what: 'an error of another shape', body: { error: { message: 'slow', type: 'requests', code: 'rate_limit' } } },
    { what: 'an empty error', body: { error: {} } },
    { what: 'a code that is no whole number', body: { error: { code: 4.5, message: 'no' } } },
    { what: 'a code that is a string', body: { error: { code: '429', message: 'no' } } },
    { what: 'an error that is a string', body: { error: 'no' } },
    { what: 'a list', body: [1] },
  ])('is a fault with $what as its body', async ({ body }) => {
    const { upstream } = await open({
      answer(message, response) {
        if (isCall(message, 'odd-error')) response.writeHead(429).end(JSON.stringify(body));
        else if (isCall(message, 'odd-error-200')) {
          response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
        } else return false;
        return true;
      },
    });
    await expect(upstream.request('tools/call', call('odd-error'))).rejects.toMatchObject({ code: 'upstream_status' });
    await expect(upstream.request('tools/call', call('odd-error-200'))).rejects.toMatchObject({
      code: 'upstream_garbage',
    });
  });

  it('is an answer when it comes with a JSON-RPC error, and the client learns when to retry', async () => {
    const error = { code: -32005, message: 'later', data: { big: '@' } };
    const { upstream } = await open({
      answer(message, response) {
        if (message.method !== 'tools/call') return false;
        const body = JSON.stringify({ jsonrpc: '2.0', id: isCall(message, 'anonymous') ? null : message.id, error });
        const headers = isCall(message, 'limited') ? { 'retry-after': '2' } : {};
        response.writeHead(429, headers).end(body.replace('"@"', '12345678901234567890'));
        return true;
      },
    });
    const limited = await upstream.request('tools/call', call('limited'));
    expect(limited.error).toMatchObject({ code: -32005, data: { status: 429, retry_after_ms: 2_000 } });
    expect(limited.text(1)).toContain('12345678901234567890');
    const plain = await upstream.request('tools/call', call('plain'));
    expect(plain.text('x')).toContain(
      '"id":"x","error":{"code":-32005,"message":"later","data":{"big":12345678901234567890}',
    );
    expect((await upstream.request('tools/call', call('anonymous'))).error).toMatchObject({ code: -32005 });
  });

  it('is an answer when a status of success brings an error without an id', async () => {
    const error = { code: -32700, message: 'I take no such ids' };
    const { upstream } = await open({
      answer(message, response) {
        if (message.method !== 'tools/call') return false;
        response.end(JSON.stringify({ jsonrpc: '2.0', id: null, error }));
        return true;
      },
    });
    expect((await upstream.request('tools/call', call('x'))).error).toMatchObject(error);
  });

  it.each([202, 204])('%i without a body is no answer to a request', async status => {
    const { upstream } = await open({
      answer(message, response) {
        if (isCall(message, 'nothing')) response.writeHead(status).end();
        return isCall(message, 'nothing');
      },
    });
    await expect(upstream.request('tools/call', call('nothing'))).rejects.toMatchObject({
      code: 'upstream_garbage',
      details: { status },
    });
    expect(await echo(upstream)).toBe('honest');
  });

  it('400 with an error of the call itself does not renew the session', async () => {
    const { server, upstream } = await open({
      answer(message, response) {
        if (!isCall(message, 'browse')) return false;
        const error = { code: -32602, message: 'no such browser session' };
        response.writeHead(400).end(JSON.stringify({ jsonrpc: '2.0', id: message.id, error }));
        return true;
      },
    });
    expect((await upstream.request('tools/call', call('browse'))).error).toMatchObject({ code: -32602 });
    expect(server.raw.seen.filter(({ method }) => method === 'initialize')).toHaveLength(1);
  });

  it('404 to one call again and again renews the session, and delays no other call', async () => {
    const slow = Promise.withResolvers<ServerResponse>();
    const { server, upstream } = await open({
      answer(message, response) {
        if (isCall(message, 'lost')) response.writeHead(404).end();
        else if (isCall(message, 'slow'))
          slow.resolve(response.writeHead(200, { 'content-type': 'text/event-stream' }));
        else return false;
        return true;
      },
    });
    const running = upstream.request('tools/call', call('slow'));
    const answering = await slow.promise;
    answering.flushHeaders();
    for (let times = 0; times < 6; times += 1) {
      await expect(upstream.request('tools/call', call('lost'))).rejects.toMatchObject({
        code: 'upstream_status',
        details: { status: 404 },
      });
      expect(await echo(upstream)).toBe('honest');
    }
    answering.end(`data: ${resultOf(1)}\n\n`.replace('"id":1', `"id":${idOf(server, 'slow')}`));
    expect(textOf((await running).result)).toBe('fine');
    expect(server.methods).not.toContain('DELETE');
  });

  it('404 with an error of the call itself is handed on, in whatever session [UP-23]', async () => {
    const { upstream } = await open({
      answer(message, response) {
        if (!isCall(message, 'absent')) return false;
        const error = { code: -32602, message: 'no such tool' };
        response.writeHead(404).end(JSON.stringify({ jsonrpc: '2.0', id: message.id, error }));
        return true;
      },
    });
    expect((await upstream.request('tools/call', call('absent'))).error).toMatchObject({ message: 'no such tool' });
  });

  it('skips an event that is no message, and takes the answer after it [UP-23]', async () => {
    const { upstream } = await open({
      answer(message, response) {
        if (!isCall(message, 'chatty')) return false;
        const answer = resultOf(Number(message.id));
        const events = ['loading', '[1]', 'null', '{ id: 1 }', '{"level":"info"}', answer];
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.end(events.map(data => `data: ${data}\n\n`).join(''));
        return true;
      },
    });
    expect(textOf((await upstream.request('tools/call', call('chatty'))).result)).toBe('fine');
  });

  it('reports where a redirect leads, without parts that may be secret', async () => {
    const { upstream } = await open({
      answer(message, response) {
        if (message.method !== 'tools/call') return false;
        response.writeHead(307, { location: '/mcp/?token=secret' }).end();
        return true;
      },
    });
    const fault = await upstream.request('tools/call', call('x')).catch(thrown => thrown);
    expect(fault).toMatchObject({ code: 'upstream_redirected', details: { to: expect.stringMatching(/\/mcp\/$/) } });
    expect(JSON.stringify(fault.details)).not.toContain('secret');
  });
});

describe('content codings [UP-20]', () => {
  const codings: [string, (body: string) => Buffer][] = [
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['GZIP', gzipSync],
    ['br', brotliCompressSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['zstd', zstdCompressSync],
    ['identity', body => Buffer.from(body)],
  ];
  const answering = (coding: string, encode: (body: string) => Buffer): Options => ({
    answer(message, response) {
      if (message.id === undefined) return false;
      response.setHeader('content-encoding', coding);
      if (message.method === 'initialize') {
        const result = { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 'x', version: '1' } };
        response.end(encode(JSON.stringify({ jsonrpc: '2.0', id: message.id, result })));
      } else if (isCall(message, 'events')) {
        response.setHeader('content-type', 'text/event-stream');
        response.end(encode(`: hello\n\ndata: ${resultOf(message.id)}\n\n`));
      } else if (isCall(message, 'error')) {
        const error = { code: -32000, message: 'coded' };
        response.writeHead(400).end(encode(JSON.stringify({ jsonrpc: '2.0', id: message.id, error })));
      } else response.end(encode(resultOf(message.id)));
      return true;
    },
  });

  it.each(codings)('reads %s in bodies, event streams and errors', async (coding, encode) => {
    const { upstream } = await open(answering(coding, encode));
    expect(textOf((await upstream.request('tools/call', call('plain'))).result)).toBe('fine');
    expect(textOf((await upstream.request('tools/call', call('events'))).result)).toBe('fine');
    expect((await upstream.request('tools/call', call('error'))).error).toMatchObject({ message: 'coded' });
  });

  it('receives an event as soon as it arrives, while the coding continues', async () => {
    const { upstream } = await open({
      answer(message, response) {
        if (!isCall(message, 'events')) return false;
        response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' });
        const whole = gzipSync(`data: ${resultOf(message.id)}\n\n`);
        response.write(whole.subarray(0, -8));
        return true;
      },
    });
    expect(textOf((await upstream.request('tools/call', call('events'))).result)).toBe('fine');
  });

  it.each([
    { what: 'a body', type: 'application/json', body: 'x'.repeat(5_000_000) },
    { what: 'an event', type: 'text/event-stream', body: `data: ${'x'.repeat(5_000_000)}` },
  ])('does not decode more of $what than an answer may have', async ({ type, body }) => {
    const { upstream } = await open(
      {
        answer(message, response) {
          if (!isCall(message, 'bomb')) return false;
          response.writeHead(200, { 'content-type': type, 'content-encoding': 'gzip' }).end(gzipSync(body));
          return true;
        },
      },
      { maxAnswerBytes: 100_000 },
    );
    await expect(upstream.request('tools/call', call('bomb'))).rejects.toMatchObject({ code: 'upstream_too_large' });
    expect(await echo(upstream)).toBe('honest');
  });

  it.each([
    { what: 'an unknown coding', coding: 'rot13', hint: 'rot13' },
    { what: 'a body that is not in its coding', coding: 'gzip', hint: 'not gzip' },
  ])('fails a call that is answered with $what', async ({ coding, hint }) => {
    const { upstream } = await open({
      answer(message, response) {
        if (!isCall(message, 'coded')) return false;
        response.writeHead(200, { 'content-encoding': coding }).end(resultOf(message.id));
        return true;
      },
    });
    await expect(upstream.request('tools/call', call('coded'))).rejects.toMatchObject({
      code: 'upstream_garbage',
      details: { hint: expect.stringContaining(hint) },
    });
    expect(await echo(upstream)).toBe('honest');
  });

  it('asks for none, the same in handshake and calls', async () => {
    const asked = new Set<unknown>();
    const { upstream } = await open({
      refuse(request) {
        asked.add(request.headers['accept-encoding']);
        return false;
      },
    });
    await echo(upstream);
    expect([...asked]).toEqual(['identity']);
  });
});

describe('a start [UP-21]', () => {
  const never = () => true;
  const comments = (_: RawMessage, response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    const timer = setInterval(() => response.write(': still here\n\n'), 20);
    response.on('close', () => clearInterval(timer));
    return true;
  };
  const at = (method: string, answer: (message: RawMessage, response: ServerResponse) => boolean): Options => ({
    answer: (message, response) => message.method === method && answer(message, response),
  });

  it.each([
    { what: 'initialize', options: at('initialize', never) },
    { what: 'initialize, but for comments', options: at('initialize', comments) },
    { what: 'notifications/initialized', options: at('notifications/initialized', never) },
  ])('ends in time when the server does not answer $what', async ({ options }) => {
    const { upstream } = await open(options, { startTimeoutMs: 200 });
    await expect(upstream.start()).rejects.toMatchObject({
      code: 'upstream_timeout',
      details: { setting: 'limits.upstream_start_ms', after_ms: 200 },
    });
  });

  it('ends at once when the gateway closes', async () => {
    // Far longer than a test may take.
    const { upstream } = await open(at('notifications/initialized', never), { startTimeoutMs: 3_600_000 });
    const start = upstream.start().catch(thrown => thrown);
    await new Promise(resolve => setTimeout(resolve, 100));
    await upstream[Symbol.asyncDispose]();
    expect(await start).toMatchObject({ code: 'upstream_unavailable' });
  });

  it('is not waited for by a call longer than for its answer', async () => {
    const { upstream } = await open(at('notifications/initialized', never), { startTimeoutMs: 60_000 }, 200);
    await expect(echo(upstream)).rejects.toMatchObject({
      code: 'upstream_timeout',
      details: { setting: 'upstreams.raw.timeout_ms' },
    });
  });

  it('takes the status as acceptance, though the answer has no end', async () => {
    const { upstream } = await open(at('notifications/initialized', comments), { startTimeoutMs: 30_000 });
    expect(await echo(upstream)).toBe('honest');
  });

  it.each([200, 202, 204])('receives messages when the server accepts notifications with %i', async status => {
    const { server, upstream } = await open(
      at('notifications/initialized', (_, response) => {
        response.writeHead(status).end();
        return true;
      }),
    );
    const received: string[] = [];
    upstream.subscribe(({ method }) => received.push(method));
    await upstream.start();
    await expect.poll(() => upstream.listeningSince).toEqual(expect.any(Number));
    server.broadcast({ jsonrpc: '2.0', method: 'notifications/prompts/list_changed' });
    await expect.poll(() => received).toContain('notifications/prompts/list_changed');
  });

  it('notices when a server has no stream for its messages', async () => {
    const { upstream } = await open({
      refuse(request, response) {
        if (request.method === 'GET') response.writeHead(405).end();
        return request.method === 'GET';
      },
    });
    await upstream.start();
    expect(await echo(upstream)).toBe('honest');
    expect(upstream.listeningSince).toBeUndefined();
  });

  it.each([
    {
      what: 'names the revisions that it supports',
      error: { code: -32022, message: 'x', data: { supported: ['2026-07-28'] } },
    },
    { what: 'says so in words', error: { code: -32000, message: 'Unsupported protocol version: 2025-11-25' } },
    { what: 'does not know initialize', error: { code: -32601, message: 'Method not found' } },
  ])('is reported as such when the server speaks other revisions and $what [UP-24]', async ({ error }) => {
    const { upstream } = await open(
      at('initialize', ({ id }, response) => {
        response.writeHead(400).end(JSON.stringify({ jsonrpc: '2.0', id, error }));
        return true;
      }),
    );
    await expect(upstream.start()).rejects.toMatchObject({
      code: 'upstream_revision',
      details: { hint: expect.stringContaining('2025-11-25') },
    });
  });

  it('is reported as such when the server answers with a revision of its own [UP-24]', async () => {
    const { upstream } = await open(
      at('initialize', ({ id }, response) => {
        const result = { protocolVersion: '2031-01-01', capabilities: {}, serverInfo: { name: 'x', version: '1' } };
        response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
        return true;
      }),
    );
    await expect(upstream.start()).rejects.toMatchObject({ code: 'upstream_revision' });
  });

  it.each([404, 405])(
    'is reported as such when the server speaks HTTP+SSE and answers POST with %i [UP-24]',
    async status => {
      const { upstream } = await open({
        refuse(request, response) {
          if (request.method === 'GET') {
            response.writeHead(200, { 'content-type': 'text/event-stream' });
            response.write('event: endpoint\ndata: /messages?session=1\n\n');
          } else response.writeHead(status).end('Cannot POST /sse');
          return true;
        },
      });
      await expect(upstream.start()).rejects.toMatchObject({ code: 'upstream_transport' });
    },
  );
});

describe('messages of the server [UP-22]', () => {
  const onStream = (messages: (id: RawMessage['id']) => string[]): Options => ({
    answer(message, response) {
      if (!isCall(message, 'events')) return false;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const data of messages(message.id)) response.write(`data: ${data}\n\n`);
      return true;
    },
  });
  const listChanged = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}';

  it.each([true, false])('are received on the stream of a call, whether or not it wants progress: %s', async wants => {
    const { upstream } = await open(onStream(id => [listChanged, resultOf(id)]));
    await upstream.start();
    const received: string[] = [];
    const byCall: Notification[] = [];
    upstream.subscribe(({ method }) => received.push(method));
    const onNotification = (notification: Notification) => byCall.push(notification);
    await upstream.request('tools/call', call('events'), wants ? { onNotification } : {});
    expect(received).toEqual(['notifications/tools/list_changed']);
    expect(byCall).toEqual([]);
  });

  it.each([
    { method: 'elicitation/create', refusal: 'does not pass on elicitation requests' },
    { method: 'sampling/createMessage', refusal: 'does not pass on sampling requests' },
    { method: 'roots/list', refusal: 'does not pass on roots requests' },
    { method: 'vendor/ask', refusal: 'does not support this method' },
  ])('$method is refused by name, and warned of once', async ({ method, refusal }) => {
    const lines: string[] = [];
    const log = createLog('warn', { write: (line: string) => void lines.push(line) });
    const ask = (id: number) => JSON.stringify({ jsonrpc: '2.0', id, method, params: {} });
    const { server, upstream } = await open(
      onStream(id => [ask(71), ask(72), resultOf(id)]),
      { log },
    );
    await upstream.request('tools/call', call('events'));
    const answers = () => (server.raw.seen as RawMessage[]).filter(({ id, error }) => Number(id) > 70 && error);
    await expect.poll(answers).toHaveLength(2);
    expect(answers()[0]).toMatchObject({ id: 71, error: { code: -32601, message: expect.stringContaining(refusal) } });
    expect(lines.filter(line => line.includes(method))).toHaveLength(method === 'vendor/ask' ? 0 : 1);
  });

  it('are answered as far as the server takes the answers [UP-29]', async () => {
    const ask = (id: string) => JSON.stringify({ jsonrpc: '2.0', id, method: 'ping' });
    const asked = Array.from({ length: 200 }, (_, count) => ask(`asked ${count}`));
    const { server, upstream } = await open({
      answer(message, response, request) {
        // Answers to its requests it never takes.
        if (message.method === undefined) return true;
        return (
          onStream(id => [ask('x'.repeat(1_001)), ...asked, resultOf(id)]).answer?.(message, response, request) ?? false
        );
      },
    });
    await upstream.request('tools/call', call('events'));
    const answers = () => server.bodies.filter(body => body.includes('"result"'));
    await expect.poll(() => answers().length).toBe(64);
    await new Promise(resolve => setTimeout(resolve, 200));
    expect(answers()).toHaveLength(64);
    expect(answers()[0]).toContain('asked 0');
  });

  it('that are none are logged a few times, and then counted [UP-29]', async () => {
    const lines: string[] = [];
    const log = createLog('warn', { write: (line: string) => void lines.push(line) });
    const { server, upstream } = await open({}, { log });
    await upstream.start();
    const odd = () => lines.filter(line => line.includes('that is not a message')).length;
    await expect
      .poll(() => {
        server.broadcast([]);
        return odd();
      })
      .toBe(10);
    for (let count = 0; count < 50; count += 1) server.broadcast([]);
    await new Promise(resolve => setTimeout(resolve, 200));
    expect(odd()).toBe(10);
  });

  it('wait when the caller cannot take them as fast', async () => {
    const whole = 50_000_000;
    let sent = 0;
    const { upstream } = await open({
      answer(message, response) {
        if (!isCall(message, 'flood')) return false;
        const { progressToken } = (message.params as { _meta?: { progressToken?: unknown } })._meta ?? {};
        const params = { progressToken, progress: 1, message: 'x'.repeat(10_000) };
        const event = `data: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params })}\n\n`;
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        const flood = () => {
          for (; sent < whole && !response.writableNeedDrain; sent += event.length) response.write(event);
          if (sent < whole) response.once('drain', flood);
          else response.end(`data: ${resultOf(message.id)}\n\n`);
        };
        flood();
        return true;
      },
    });
    const { promise: blocked, resolve: release } = Promise.withResolvers<void>();
    let received = 0;
    const params = { ...call('flood'), _meta: { progressToken: 1 } };
    const answer = upstream.request('tools/call', params, {
      onNotification() {
        received += 1;
        return blocked;
      },
    });
    await expect.poll(() => received).toBe(1);
    await new Promise(resolve => setTimeout(resolve, 700));
    // No more than what the sockets hold.
    expect(sent).toBeLessThan(whole / 2);
    expect(received).toBe(1);
    const leaving = new AbortController();
    const other = upstream.request('tools/call', params, {
      signal: leaving.signal,
      onNotification() {
        leaving.abort(new Error('the client left'));
        return blocked;
      },
    });
    await expect(other).rejects.toThrow('the client left');
    release();
    expect(textOf((await answer).result)).toBe('fine');
    expect(received).toBeGreaterThan(1);
  });
});
