import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { Egress, type EgressContext } from '../../host/src/egress/egress.ts';
import { egressGrantSchema } from '../../host/src/egress/egress-grant.ts';
import type { EgressRequest } from '../../host/src/egress/request.ts';
import { openDnsServer, type Zone } from '../fixtures/dns-server.ts';

let open = new AsyncDisposableStack();
afterEach(async () => {
  await open[Symbol.asyncDispose]();
  open = new AsyncDisposableStack();
});

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A server on 127.0.0.1 that remembers what it was asked. */
async function openServer(answer: (request: IncomingMessage, response: ServerResponse) => void, host = '127.0.0.1') {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const body = (await request.toArray()).join('');
    seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
    answer(request, response);
  });
  server.listen(0, host);
  await once(server, 'listening');
  open.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { seen, port, origin: `http://${host.includes(':') ? `[${host}]` : host}:${port}` };
}

const loopback = ['127.0.0.1/32'];

function openEgress(grant: object, on: Partial<EgressContext> = {}) {
  const egress = open.use(new Egress(egressGrantSchema.parse(grant), { plugin: 'p', ...on }));
  const refused: string[] = [];
  const ask = async (
    request: Partial<EgressRequest> & { readonly url: string },
    signal = new AbortController().signal,
  ) => {
    const answer = await egress.request(
      { method: 'GET', headers: [], ...request },
      { signal, refused: why => refused.push(why) },
    );
    return 'ok' in answer ? { ...answer.ok, body: Buffer.from(answer.ok.body).toString('latin1') } : answer.err;
  };
  return { ask, refused };
}

async function withDns(zone: Zone) {
  const server = open.use(await openDnsServer(zone));
  return { dns: [server.address], asked: server.asked };
}

const hello = (_request: IncomingMessage, response: ServerResponse) => void response.end('hello');
const denied = (says: string) => ({ tag: 'denied', val: expect.stringContaining(says) });

describe('an address that is not public', () => {
  it.each([
    { what: 'loopback', address: '127.0.0.1' },
    { what: 'a private network', address: '10.0.0.1' },
    { what: 'the metadata address', address: '169.254.169.254' },
    { what: 'carrier-grade NAT', address: '100.64.0.1' },
    { what: 'multicast', address: '224.0.0.1' },
    { what: 'IPv6 loopback', address: '::1' },
    { what: 'IPv4 mapped into IPv6', address: '::ffff:127.0.0.1' },
    { what: 'IPv4-compatible IPv6', address: '::127.0.0.1' },
    { what: 'NAT64', address: '64:ff9b::7f00:1' },
    { what: '6to4', address: '2002:7f00:1::' },
    { what: 'unique local', address: 'fd00:ec2::254' },
    { what: 'link-local', address: 'fe80::1' },
  ])('[CAP-06] is refused as the answer of a name and as a literal: $what', async ({ address }) => {
    const { dns } = await withDns({ 'api.example.test': [address] });
    const literal = address.includes(':') ? `[${address}]` : address;
    const { ask, refused } = openEgress({
      allow: ['http://api.example.test', { url: 'http://*', any_host: true }],
      dns,
      timeout_ms: 30_000,
    });
    expect(await ask({ url: 'http://api.example.test/' })).toEqual(denied('not public'));
    expect(await ask({ url: `http://${literal}/` })).toEqual(denied('not public'));
    expect(refused).toHaveLength(2);
  });

  it.each(['2130706433', '0x7f000001', '0177.0.0.1', '127.1', '127.0.0.1.', '%31%32%37.0.0.1', '①②⑦.0.0.1'])(
    '[CAP-21] is refused however it is written: %s',
    async host => {
      const server = await openServer(hello);
      const { ask } = openEgress({ allow: [{ url: `http://*:${server.port}`, any_host: true }] });
      expect(await ask({ url: `http://${host}:${server.port}/` })).toEqual(denied('not public'));
      expect(server.seen).toEqual([]);
    },
  );

  it('[CAP-22] is reached through allow_private and in no other way, exact literals in a rule included', async () => {
    const server = await openServer(hello);
    const { dns } = await withDns({ 'inside.example.test': ['127.0.0.1'] });
    const allow = [server.origin, `http://inside.example.test:${server.port}`];
    const urls = [server.origin, `http://inside.example.test:${server.port}/`];
    const shut = openEgress({ allow, dns });
    const other = openEgress({ allow, dns, allow_private: ['10.0.0.0/8'] });
    const ajar = openEgress({ allow, dns, allow_private: loopback });
    for (const url of urls) {
      expect(await shut.ask({ url })).toEqual(denied('not public'));
      expect(await other.ask({ url })).toEqual(denied('not public'));
      expect(await ajar.ask({ url })).toMatchObject({ status: 200 });
    }
    expect(server.seen).toHaveLength(2);
  });

  it('[CAP-22] spoils a name that has a public one too', async () => {
    const { dns } = await withDns({ 'api.example.test': ['93.184.216.34', '127.0.0.1'] });
    const { ask } = openEgress({ allow: ['http://api.example.test'], dns });
    expect(await ask({ url: 'http://api.example.test/' })).toEqual(denied('not public'));
  });

  it('[CAP-06] is refused at the end of aliases', async () => {
    const { dns } = await withDns({
      'api.example.test': [{ cname: 'one.example.test' }],
      'one.example.test': [{ cname: 'metadata.internal' }],
      'metadata.internal': ['169.254.169.254'],
    });
    const { ask } = openEgress({ allow: ['http://api.example.test'], dns });
    expect(await ask({ url: 'http://api.example.test/' })).toEqual(denied('not public'));
  });
});

describe('a name', () => {
  it('[CAP-23] is asked for once, and the connection is made to what was checked', async () => {
    const allowed = await openServer(hello, '127.0.0.2');
    const other = await openServer(hello);
    // The first answer may be reached, every later one may not.
    const { dns, asked } = await withDns({ 'api.example.test': times => [times === 0 ? '127.0.0.2' : '127.0.0.1'] });
    const origin = `http://api.example.test:${allowed.port}`;
    const { ask } = openEgress({ allow: [origin], dns, allow_private: ['127.0.0.2/32'] });
    expect(await ask({ url: `${origin}/` })).toMatchObject({ status: 200, body: 'hello' });
    expect(asked.filter(each => each === 'api.example.test 1')).toHaveLength(1);
    expect(allowed.seen[0]?.headers.host).toBe(`api.example.test:${allowed.port}`);

    // A further connection asks again, and must satisfy the rules with the new answer.
    const again = openEgress({ allow: [origin], dns, allow_private: ['127.0.0.2/32'] });
    expect(await again.ask({ url: `${origin}/` })).toEqual(denied('not public'));
    expect(other.seen).toEqual([]);
  });

  it('[CAP-23] that does not exist fails without a word on the network', async () => {
    const { dns } = await withDns({});
    const { ask } = openEgress({ allow: ['http://none.example.test'], dns });
    expect(await ask({ url: 'http://none.example.test/' })).toMatchObject({ tag: 'failed' });
  });
});

describe('a redirect', () => {
  const to = (status: number, location: string | string[]) => (_request: IncomingMessage, response: ServerResponse) =>
    void response
      .writeHead(
        status,
        [location].flat().flatMap(place => ['location', place]),
      )
      .end('moved');

  it.each([
    { status: 301, method: 'POST', next: 'GET', body: '' },
    { status: 302, method: 'POST', next: 'GET', body: '' },
    { status: 303, method: 'POST', next: 'GET', body: '' },
    { status: 303, method: 'PUT', next: 'GET', body: '' },
    { status: 301, method: 'PUT', next: 'PUT', body: 'content' },
    { status: 307, method: 'POST', next: 'POST', body: 'content' },
    { status: 308, method: 'POST', next: 'POST', body: 'content' },
    { status: 303, method: 'HEAD', next: 'HEAD', body: '' },
    { status: 302, method: 'GET', next: 'GET', body: '' },
  ])('[CAP-24] $status turns $method into $next', async ({ status, method, next, body }) => {
    const server = await openServer((request, response) =>
      request.url === '/' ? to(status, '/next')(request, response) : hello(request, response),
    );
    const { ask } = openEgress({
      allow: [server.origin],
      allow_private: loopback,
      methods: ['GET', 'HEAD', 'POST', 'PUT'],
    });
    const content = body === '' && next === method ? {} : { body: Buffer.from('content') };
    const headers = [['content-type', 'text/plain']] as const;
    expect(await ask({ url: server.origin, method, headers, ...content })).toMatchObject({ status: 200 });
    expect(server.seen.at(-1)).toMatchObject({ method: next, url: '/next', body });
    expect(server.seen.at(-1)?.headers['content-type']).toBe(next === method ? 'text/plain' : undefined);
  });

  it.each([
    { what: 'the metadata address', location: 'http://169.254.169.254/latest', says: 'not public' },
    { what: 'this machine', location: 'http://127.0.0.3/', says: 'not public' },
    { what: 'this machine in IPv6', location: 'http://[::1]/', says: 'not public' },
    { what: 'another scheme', location: 'file:///etc/passwd', says: 'scheme' },
    { what: 'credentials', location: 'http://me:pw@public.test/', says: 'credentials' },
    { what: 'odd characters', location: '/\\evil.test/', says: 'backslash' },
  ])('[CAP-24] is held to the same rules: $what', async ({ location, says }) => {
    const server = await openServer(to(302, location));
    const allow = [server.origin, { url: 'http://*', any_host: true }];
    const { ask } = openEgress({ allow, allow_private: loopback });
    expect(await ask({ url: server.origin })).toEqual(denied(says));
    expect(server.seen).toHaveLength(1);
  });

  it('[CAP-24] is held to path and method of the rules on each hop', async () => {
    const server = await openServer((request, response) =>
      to(request.url === '/v1/path' ? 307 : 303, request.url === '/v1/path' ? '/admin' : '/v1/x')(request, response),
    );
    const rule = { url: `${server.origin}/v1/*`, methods: ['POST'] };
    const { ask } = openEgress({ allow: [rule], allow_private: loopback });
    expect(await ask({ url: `${server.origin}/v1/path`, method: 'POST' })).toEqual(denied('/admin'));
    expect(await ask({ url: `${server.origin}/v1/method`, method: 'POST' })).toEqual(denied('method GET'));
    expect(server.seen).toHaveLength(2);
  });

  it('[CAP-24] takes no credential along to another origin', async () => {
    const target = await openServer(hello);
    const first = await openServer((_request, response) => to(307, `${target.origin}/`)(_request, response));
    const { ask } = openEgress({ allow: [first.origin, target.origin], allow_private: loopback });
    const headers = [
      ['Authorization', 'Bearer secret'],
      ['Cookie', 'a=b'],
      ['X-Api-Key', 'secret'],
      ['Accept', 'text/plain'],
    ] as const;
    expect(await ask({ url: first.origin, headers })).toMatchObject({ status: 200 });
    expect(first.seen[0]?.headers).toMatchObject({ authorization: 'Bearer secret', 'x-api-key': 'secret' });
    expect(Object.keys(target.seen[0]?.headers ?? {}).sort()).toEqual(['accept', 'connection', 'host']);
    expect(target.seen[0]?.headers.host).toBe(new URL(target.origin).host);
  });

  it("[CAP-24] ends after as many hops as the grant says, and is the guest's to see with none", async () => {
    const server = await openServer(to(302, '/again'));
    const grant = { allow: [server.origin], allow_private: loopback };
    expect(await openEgress({ ...grant, max_redirects: 2 }).ask({ url: server.origin })).toEqual({
      tag: 'failed',
      val: 'more than 2 redirects',
    });
    expect(server.seen).toHaveLength(3);
    expect(await openEgress({ ...grant, max_redirects: 0 }).ask({ url: server.origin })).toMatchObject({
      status: 302,
      body: 'moved',
    });
  });

  it.each([
    { what: 'no place', status: 302, location: undefined },
    { what: 'a choice', status: 300, location: '/a' },
    { what: 'nothing new', status: 304, location: '/a' },
  ])('[CAP-24] that names $what is an answer', async ({ status, location }) => {
    const server = await openServer(
      (_request, response) => void response.writeHead(status, location === undefined ? {} : { location }).end(),
    );
    const { ask } = openEgress({ allow: [server.origin], allow_private: loopback });
    expect(await ask({ url: server.origin })).toMatchObject({ status });
  });

  it('[CAP-24] that names several places fails', async () => {
    const server = await openServer(to(302, ['/a', '/b']));
    const { ask } = openEgress({ allow: [server.origin], allow_private: loopback });
    expect(await ask({ url: server.origin })).toMatchObject({ tag: 'failed' });
    expect(server.seen).toHaveLength(1);
  });
});

describe('headers', () => {
  it.each([
    ...['Host', 'connection', 'Transfer-Encoding', 'content-length', 'TE', 'Upgrade', 'X-Forwarded-For', 'Expect'],
    ...['X-HTTP-Method-Override', 'x-http-method', 'x-method-override', 'X-Original-URL', 'x-rewrite-url', 'x-host'],
    ...['True-Client-IP', 'cf-connecting-ip', 'x-client-ip', 'x-forwarded-prefix', 'x_forwarded_for'],
    ...['transfer_encoding', 'Content_Length'],
  ])("[CAP-25] %s is the host's to set", async name => {
    const server = await openServer(hello);
    const { ask } = openEgress({ allow: [server.origin], allow_private: loopback });
    expect(await ask({ url: server.origin, headers: [[name, 'internal.test']] })).toEqual(denied(name));
    expect(server.seen).toEqual([]);
  });

  it.each([
    ['x-a', 'b\r\nhost: internal.test'],
    ['x-a\r\nhost', 'internal.test'],
    ['x a', 'b'],
    ['x-a', 'b\0'],
    [':authority', 'internal.test'],
    ['x-a', 'b\u{20ac}'],
  ])('[CAP-25] [CAP-90] that are none are refused: %j', async (name, value) => {
    const server = await openServer(hello);
    const { ask, refused } = openEgress({ allow: [server.origin], allow_private: loopback });
    expect(await ask({ url: server.origin, headers: [[name, value]] })).toEqual(denied('is not well-formed'));
    expect(refused).toEqual([expect.stringContaining('is not well-formed')]);
    expect(server.seen).toEqual([]);
  });

  it('[CAP-25] are filled in on each hop, and only where the filler agrees', async () => {
    const server = await openServer((request, response) =>
      request.url === '/' ? void response.writeHead(307, { location: '/next' }).end() : hello(request, response),
    );
    const { ask, refused } = openEgress(
      { allow: [server.origin], allow_private: loopback },
      {
        fillHeaders: (headers, url) =>
          url.search === '?no'
            ? { refused: 'not for that' }
            : {
                headers: headers.map(([name, value]) => [name, value.replace('PLACE', `${url.pathname} secret`)]),
                used: new Set(),
              },
      },
    );
    expect(await ask({ url: server.origin, headers: [['x-key', 'PLACE']] })).toMatchObject({ status: 200 });
    expect(server.seen.map(each => each.headers['x-key'])).toEqual(['/ secret', '/next secret']);
    expect(await ask({ url: `${server.origin}/?no`, headers: [['x-key', 'PLACE']] })).toEqual(denied('not for that'));
    expect(refused).toEqual(['not for that']);
    expect(server.seen).toHaveLength(2);
  });
});

describe('a server that wears out who asks', () => {
  const from = async (answer: (response: ServerResponse) => void, grant: object = {}) => {
    const server = await openServer((_request, response) => answer(response));
    const { ask } = openEgress({ allow: [server.origin], allow_private: loopback, ...grant });
    return ask({ url: server.origin });
  };

  it('[CAP-26] is cut off where its answer is too long, stated or not', async () => {
    const big = 'x'.repeat(5000);
    expect(await from(response => void response.end(big), { max_bytes: 4096 })).toEqual({ tag: 'too-large' });
    const endless = (response: ServerResponse) => {
      const more = () => void (response.write(big) ? setImmediate(more) : response.once('drain', more));
      response.on('error', () => {});
      more();
    };
    expect(await from(endless, { max_bytes: 100_000 })).toEqual({ tag: 'too-large' });
  });

  it('[CAP-26] is cut off when its answer only drips', async () => {
    const began = performance.now();
    const drip = (response: ServerResponse) => {
      const timer = setInterval(() => response.write('.'), 50);
      response.on('close', () => clearInterval(timer));
    };
    expect(await from(drip, { timeout_ms: 600_000, min_bytes_per_second: 1000 })).toEqual({ tag: 'timeout' });
    // Long before the deadline of the request.
    expect(performance.now() - began).toBeLessThan(120_000);
  });

  it('[CAP-26] is given up on after the time of the grant, however far it is', async () => {
    expect(await from(() => {}, { timeout_ms: 200 })).toEqual({ tag: 'timeout' });
    expect(await from(response => void response.write('begun'), { timeout_ms: 200 })).toEqual({ tag: 'timeout' });
    expect(await from(response => void response.flushHeaders(), { timeout_ms: 200 })).toEqual({ tag: 'timeout' });
  });

  it('[CAP-26] cannot make a compressed answer grow: nothing is decoded', async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000));
    const answer = await from(response => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb), {
      max_bytes: 20_000,
    });
    expect(answer).toMatchObject({ status: 200, headers: expect.arrayContaining([['content-encoding', 'gzip']]) });
    const body = 'body' in answer ? Buffer.from(String(answer.body), 'latin1') : Buffer.alloc(0);
    expect(createHash('sha256').update(body).digest('hex')).toBe(createHash('sha256').update(bomb).digest('hex'));
  });

  it('[CAP-26] is not listened to when its headers are endless', async () => {
    expect(await from(response => void response.writeHead(200, { 'x-long': 'x'.repeat(100_000) }).end())).toMatchObject(
      { tag: 'failed' },
    );
  });
});

describe('a guest that asks too much', () => {
  it('[CAP-27] waits while as many requests as granted are under way', async () => {
    let now = 0;
    let most = 0;
    const server = await openServer((_request, response) => {
      now += 1;
      most = Math.max(most, now);
      setTimeout(() => {
        now -= 1;
        response.end();
      }, 20);
    });
    const { ask } = openEgress({ allow: [server.origin], allow_private: loopback, concurrency: 2 });
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask({ url: server.origin })));
    expect(answers.every(answer => 'status' in answer)).toBe(true);
    expect(most).toBe(2);
  });

  it('[CAP-27] waits no longer than its time, and leaves the queue when nobody waits for it', async () => {
    const server = await openServer((request, response) => request.url === '/fast' && response.end());
    const { ask } = openEgress({ allow: [server.origin], allow_private: loopback, concurrency: 1, timeout_ms: 2_000 });
    const gone = new AbortController();
    const [never, behind, abandoned] = [
      ask({ url: server.origin }),
      ask({ url: server.origin }),
      ask({ url: server.origin }, gone.signal),
    ];
    gone.abort();
    expect(await Promise.all([never, behind])).toEqual([{ tag: 'timeout' }, { tag: 'timeout' }]);
    expect(await abandoned).toMatchObject({ tag: 'failed' });
    // On a busy machine it may be too slow for its time as well.
    await expect.poll(() => ask({ url: `${server.origin}/fast` })).toMatchObject({ status: 200 });
  });

  it('[CAP-27] is refused beyond its requests a minute, redirects counted', async () => {
    const server = await openServer((request, response) =>
      request.url === '/' ? void response.writeHead(302, { location: '/x' }).end() : hello(request, response),
    );
    let time = 0;
    const grant = { allow: [server.origin], allow_private: loopback, requests_per_minute: 3 };
    const { ask } = openEgress(grant, { now: () => time });
    expect(await ask({ url: server.origin })).toMatchObject({ status: 200 });
    expect(await ask({ url: server.origin })).toEqual(denied('3 requests per minute'));
    expect(server.seen).toHaveLength(3);
    time += 20_000;
    expect(await ask({ url: `${server.origin}/x` })).toMatchObject({ status: 200 });
    expect(await ask({ url: `${server.origin}/x` })).toEqual(denied('3 requests per minute'));
  });

  it('[CAP-27] is held to the length of a request', async () => {
    const server = await openServer(hello);
    const grant = { allow: [server.origin], allow_private: loopback, max_bytes: 10, max_request_bytes: 20 };
    const { ask } = openEgress(grant);
    expect(await ask({ url: server.origin, method: 'POST', body: Buffer.alloc(21) })).toEqual({ tag: 'too-large' });
    expect(await ask({ url: server.origin, method: 'POST', body: Buffer.alloc(20) })).toMatchObject({ status: 200 });
    expect(server.seen).toHaveLength(1);
  });
});
