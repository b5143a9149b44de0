import { describe, expect, it } from 'vitest';
import { createUpstream } from '../../../../test/fixtures/create-upstream.ts';
import { freePort, startEverything } from '../../../../test/fixtures/everything.ts';
import { keep } from '../../../../test/fixtures/keep.ts';
import { startRawHttpServer } from '../../../../test/fixtures/raw-http-server.ts';
import { textOf, upstreamCases } from './upstream.case.ts';

describe.each([{ sse: false }, { sse: true }])('over streamable HTTP, answered with events: $sse', ({ sse }) => {
  upstreamCases({
    everything: async () => ({ id: 'everything', http: { url: (await keep(startEverything())).url } }),
    raw: async () => ({ id: 'raw', http: { url: (await keep(startRawHttpServer({ sse }))).url } }),
    down: async () => {
      const port = await freePort();
      return {
        entry: { id: 'raw', http: { url: `http://127.0.0.1:${port}/mcp` } },
        up: async () => void (await keep(startRawHttpServer({ sse, port }))),
      };
    },
  });
});

const echo = (text: string) => ({ name: 'echo', arguments: { text } });

it.each([404, 400] as const)(
  'makes a new session when the old one is answered with %i, once for all callers [UP-08]',
  async unknownSession => {
    const server = await keep(startRawHttpServer({ unknownSession }));
    const upstream = keep(createUpstream({ id: 'raw', http: { url: server.url } }));
    const changed: string[] = [];
    upstream.subscribe(({ method }) => changed.push(method));
    await upstream.start();
    server.sessions.clear();
    const answers = await Promise.all(['a', 'b', 'c'].map(text => upstream.request('tools/call', echo(text))));
    expect(answers.map(({ result }) => JSON.stringify(result))).toEqual([
      expect.stringContaining('"a"'),
      expect.stringContaining('"b"'),
      expect.stringContaining('"c"'),
    ]);
    expect(server.raw.seen.filter(({ method }) => method === 'initialize')).toHaveLength(2);
    expect(changed).toContain('notifications/tools/list_changed');
  },
);

it('takes up a broken-off event stream where it ended [UP-09]', async () => {
  const server = await keep(startRawHttpServer());
  const upstream = keep(createUpstream({ id: 'raw', http: { url: server.url } }));
  const answer = await upstream.request('tools/call', { name: 'resume' });
  expect(answer.result).toEqual({ content: [{ type: 'text', text: 'resumed' }] });
});

it("answers the server's own ping on the stream of a request", async () => {
  const server = await keep(startRawHttpServer());
  const upstream = keep(createUpstream({ id: 'raw', http: { url: server.url } }));
  const answer = await upstream.request('tools/call', { name: 'ping' });
  expect(answer.result).toEqual({ content: [{ type: 'text', text: 'ponged' }] });
});

it("receives the server's own notifications", async () => {
  const server = await keep(startRawHttpServer());
  const upstream = keep(createUpstream({ id: 'raw', http: { url: server.url } }));
  const received: string[] = [];
  upstream.subscribe(({ method }) => received.push(method));
  await upstream.start();
  await expect
    .poll(() => {
      server.broadcast({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
      return received;
    })
    .toContain('notifications/tools/list_changed');
});

it('sends the configured headers, the session and the revision with every request [UP-10]', async () => {
  const server = await keep(startRawHttpServer());
  const http = { url: server.url, headers: { Authorization: 'Bearer of-the-operator', 'X-Team': 'blue' } };
  const upstream = keep(createUpstream({ id: 'raw', http }));
  const { result } = await upstream.request('tools/call', { name: 'surroundings' });
  expect(JSON.parse(textOf(result))).toMatchObject({
    authorization: 'Bearer of-the-operator',
    'x-team': 'blue',
    'mcp-session-id': [...server.sessions][0],
    'mcp-protocol-version': '2025-11-25',
    accept: 'application/json, text/event-stream',
  });
});

describe.each([
  { what: 'redirects', status: 307, code: 'upstream_redirected' },
  { what: 'refuses the credentials', status: 401, code: 'upstream_refused' },
  { what: 'is overloaded', status: 503, code: 'upstream_status' },
])('a server that $what', ({ status, code }) => {
  it.each(['in the handshake', 'in a call'])(
    '%s is reported as such, and serves the next request [UP-11]',
    async when => {
      let refusing = when === 'in the handshake';
      const elsewhere = await keep(startRawHttpServer({ name: 'elsewhere' }));
      const server = await keep(
        startRawHttpServer({
          refuse: (_, response) => {
            if (refusing) response.writeHead(status, { location: elsewhere.url }).end();
            return refusing;
          },
        }),
      );
      const upstream = keep(createUpstream({ id: 'raw', http: { url: server.url } }));
      if (!refusing) await upstream.start();
      refusing = true;
      await expect(upstream.request('tools/call', echo('x'))).rejects.toMatchObject({ code });
      expect(elsewhere.raw.seen).toEqual([]);
      refusing = false;
      expect(JSON.stringify((await upstream.request('tools/call', echo('honest'))).result)).toContain('honest');
    },
  );
});

it('ends the session when it is closed', async () => {
  const server = await keep(startRawHttpServer());
  const upstream = createUpstream({ id: 'raw', http: { url: server.url } });
  await upstream.start();
  expect(server.sessions.size).toBe(1);
  await upstream[Symbol.asyncDispose]();
  expect(server.sessions.size).toBe(0);
});
