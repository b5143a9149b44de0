import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { createAuthority } from '../../../../test/fixtures/certificates.ts';
import { createUpstream } from '../../../../test/fixtures/create-upstream.ts';
import { freePort } from '../../../../test/fixtures/everything.ts';
import { startHttpProxy } from '../../../../test/fixtures/http-proxy.ts';
import { keep } from '../../../../test/fixtures/keep.ts';
import { startRawHttpServer } from '../../../../test/fixtures/raw-http-server.ts';
import { itWith } from '../../../../test/prerequisite.ts';
import { textOf } from './upstream.case.ts';

const withOpenssl = itWith('openssl');
const folder = mkdtempSync(join(tmpdir(), 'sallyport-reach-'));
afterAll(() => rmSync(folder, { recursive: true }));
let known: ReturnType<typeof createAuthority> | undefined;
const authority = () => {
  known ??= createAuthority(folder);
  return known;
};
const usual = getCACertificates('default');

afterEach(() => {
  vi.unstubAllEnvs();
  setDefaultCACertificates(usual);
});

const open = (url: string) => keep(createUpstream({ id: 'raw', http: { url } }, { startTimeoutMs: 5_000 }));
const echo = async (url: string) => {
  const params = { name: 'echo', arguments: { text: 'honest' } };
  return textOf((await open(url).request('tools/call', params)).result);
};
const problem = (url: string) =>
  open(url)
    .start()
    .then(
      () => 'started',
      fault => `${fault.code}: ${fault.hint}`,
    );

/** A server below HTTP. */
async function startSocketServer(onSocket: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  keep({
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('what keeps a server from being reached [UP-27]', () => {
  const good = 'DNS:localhost,IP:127.0.0.1';

  it.each([
    {
      what: 'signed by itself',
      tls: () => authority().selfSigned('self', good),
      trusted: false,
      hint: /NODE_EXTRA_CA_CERTS/,
    },
    {
      what: 'of an unknown authority',
      tls: () => authority().certify('own', good),
      trusted: false,
      hint: /NODE_EXTRA_CA_CERTS/,
    },
    {
      what: 'for another host',
      tls: () => authority().certify('other', 'DNS:x.test'),
      trusted: true,
      hint: /for DNS:x\.test and not for 127/,
    },
    { what: 'that has expired', tls: () => authority().certify('old', good, -1), trusted: true, hint: /has expired/ },
  ])('reports a certificate $what', async ({ tls, trusted, hint }) => {
    const server = keep(await startRawHttpServer({ tls: tls() }));
    if (trusted) setDefaultCACertificates([...usual, authority().ca]);
    const message = await problem(server.url);
    expect(message).toMatch(/^upstream_tls: /);
    expect(message).toMatch(hint);
  });

  withOpenssl('is nothing where the authority is trusted', async () => {
    const server = keep(await startRawHttpServer({ tls: authority().certify('good', good) }));
    setDefaultCACertificates([...usual, authority().ca]);
    expect(await echo(server.url)).toBe('honest');
  });

  it('reports https to a port without TLS', async () => {
    const server = keep(await startRawHttpServer());
    expect(await problem(server.url.replace('http:', 'https:'))).toMatch(
      /^upstream_tls: .* its url must begin with http:\/\//,
    );
  });

  withOpenssl('reports http to a port with TLS', async () => {
    const server = keep(await startRawHttpServer({ tls: authority().certify('tls', good) }));
    expect(await problem(server.url.replace('https:', 'http:'))).toMatch(/its url must begin with https:\/\//);
  });

  it('reports a port where nothing listens', async () => {
    const port = await freePort();
    expect(await problem(`http://127.0.0.1:${port}/mcp`)).toMatch(/^upstream_unavailable: nothing listens on 127/);
  });

  it('reports a name that does not exist', async () => {
    expect(await problem('http://no-such-name.invalid/mcp')).toMatch(
      /^upstream_unavailable: the (host )?name no-such-name\.invalid (does not exist \(DNS\)|could not be looked up)/,
    );
  });

  it('reports a server that hangs up', async () => {
    const host = await startSocketServer(socket => socket.destroy());
    expect(await problem(`http://${host}/mcp`)).toMatch(/^upstream_closed: it closed the connection/);
  });

  it('reports a server that speaks something else', async () => {
    const host = await startSocketServer(socket => socket.end('220 mail.example.com ESMTP\r\n'));
    expect(await problem(`http://${host}/mcp`)).toMatch(/^upstream_garbage: its response is not HTTP/);
  });
});

it('reaches ports that fetch refuses [UP-27]', async () => {
  const port = 10_080;
  const server = await startRawHttpServer({ port }).catch(() => undefined);
  if (server !== undefined) keep(server);
  const message = await problem(`http://127.0.0.1:${port}/mcp`);
  expect(message).toBe(server === undefined ? expect.stringContaining('upstream_') : 'started');
  expect(message).not.toContain('bad port');
});

it('speaks with a server of HTTP/1.0', async () => {
  const answers: Readonly<Record<string, object>> = {
    initialize: { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 'old', version: '1' } },
    'tools/call': { content: [{ type: 'text', text: 'honest' }] },
  };
  const host = await startSocketServer(socket => {
    socket.on('data', chunk => {
      const body = String(chunk).split('\r\n\r\n')[1];
      const { id, method } = JSON.parse(body || '{}');
      if (method === undefined) return socket.end('HTTP/1.0 405 Method Not Allowed\r\n\r\n');
      if (id === undefined) return socket.end('HTTP/1.0 202 Accepted\r\n\r\n');
      const answer = JSON.stringify({ jsonrpc: '2.0', id, result: answers[method] });
      socket.end(`HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n${answer}`);
    });
  });
  const upstream = open(`http://${host}/mcp`);
  for (let times = 0; times < 3; times += 1) {
    expect(textOf((await upstream.request('tools/call', { name: 'x' })).result)).toBe('honest');
  }
});

describe('a proxy of the environment [UP-26]', () => {
  it.each(['HTTP_PROXY', 'http_proxy'])(
    'is used for handshake, calls, stream and end of session: %s',
    async variable => {
      const proxy = keep(await startHttpProxy());
      const server = await startRawHttpServer();
      vi.stubEnv(variable, proxy.url.replace('://', '://bob:secret@'));
      const url = `http://up.invalid:${server.port}/mcp`;
      const upstream = createUpstream({ id: 'raw', http: { url } });
      const { result } = await upstream.request('tools/call', { name: 'echo', arguments: { text: 'honest' } });
      expect(textOf(result)).toBe('honest');
      await expect.poll(() => upstream.listeningSince).toEqual(expect.any(Number));
      await upstream[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      expect(new Set(proxy.seen.map(({ line }) => line))).toEqual(
        new Set(['POST', 'GET', 'DELETE'].map(method => `${method} ${url}`)),
      );
      const login = `Basic ${Buffer.from('bob:secret').toString('base64')}`;
      expect(new Set(proxy.seen.map(({ authorization }) => authorization))).toEqual(new Set([login]));
    },
  );

  withOpenssl('makes way for TLS', async () => {
    const proxy = keep(await startHttpProxy());
    const server = keep(await startRawHttpServer({ tls: authority().certify('proxied', 'DNS:up.invalid') }));
    setDefaultCACertificates([...usual, authority().ca]);
    vi.stubEnv('HTTPS_PROXY', proxy.url);
    expect(await echo(`https://up.invalid:${server.port}/mcp`)).toBe('honest');
    expect(proxy.seen[0]?.line).toBe(`CONNECT up.invalid:${server.port}`);
  });

  it.each(['localhost', '127.0.0.1'])('is left out for this machine, here %s', async host => {
    const proxy = keep(await startHttpProxy());
    const server = keep(await startRawHttpServer());
    vi.stubEnv('HTTP_PROXY', proxy.url);
    expect(await echo(`http://${host}:${server.port}/mcp`)).toBe('honest');
    expect(proxy.seen).toEqual([]);
  });

  it('is left out for what NO_PROXY names', async () => {
    const proxy = keep(await startHttpProxy());
    vi.stubEnv('HTTP_PROXY', proxy.url);
    vi.stubEnv('NO_PROXY', 'other.test,.invalid');
    expect(await problem('http://up.invalid/mcp')).toContain('up.invalid');
    expect(proxy.seen).toEqual([]);
  });

  it('that refuses is reported as such', async () => {
    const proxy = createHttpServer((_, response) => response.writeHead(407).end());
    proxy.on('connect', (_, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    vi.stubEnv('HTTP_PROXY', `127.0.0.1:${(proxy.address() as AddressInfo).port}`);
    expect(await problem('https://up.invalid/mcp')).toMatch(/^upstream_unavailable: the proxy .*403/);
    expect(await problem('http://up.invalid/mcp')).toMatch(/^upstream_unavailable: the proxy .*407/);
    proxy.close();
  });

  it('that is not a URL is reported by the name of its variable', async () => {
    vi.stubEnv('HTTP_PROXY', 'ftp://proxy.test');
    await expect(open('http://up.invalid/mcp').start()).rejects.toMatchObject({
      code: 'proxy_invalid',
      details: { variable: 'HTTP_PROXY' },
    });
  });
});
