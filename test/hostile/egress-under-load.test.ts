import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDnsServer } from '../fixtures/dns-server.ts';
import { jsGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { openHonestLoad } from '../fixtures/honest-load.ts';
import { openHost } from '../fixtures/open-host.ts';
import { openStrings, puppet } from '../fixtures/puppet.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';
import { endure } from '../fixtures/siege.ts';
import { itWith } from '../prerequisite.ts';

const imports = `import { send } from 'sallyport:plugin/outbound-http@0.1.0';`;
const functions = `
  send: ({ method = 'GET', headers = [], body, url }) => {
    const answer = send({ method, url, headers, body: body && bytes(body) });
    return { status: answer.status, length: answer.body.length, text: String.fromCharCode(...answer.body.slice(0, 200)) };
  }`;

interface Sent {
  readonly url: string;
  readonly method?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
}

/** What a guest tries, and what it is answered. What is `denied` must be counted and audited. */
type Attempt = readonly [sent: Sent, answer: object];

const denied = (says: string) => ({ error: { tag: 'denied', val: expect.stringContaining(says) } });
const notPublic = denied('not public');
const timeout = { error: { tag: 'timeout' } };
const tooLarge = { error: { tag: 'too-large' } };
const failed = (says = '') => ({ error: { tag: 'failed', val: expect.stringContaining(says) } });

const listening = async (server: Server, host: string, port = 0): Promise<number> => {
  server.listen(port, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

const shut = (server: Server): void => {
  server.closeAllConnections();
  server.close();
};

describe('while a plugin tries to get out', () => {
  const opened = new AsyncDisposableStack();
  let load: Awaited<ReturnType<typeof openHonestLoad>>;
  let host: Awaited<ReturnType<typeof openHost>>;
  let port = 0;
  let tlsPort = 0;
  let dns: Awaited<ReturnType<typeof openDnsServer>>;

  /** What no plugin may reach, on all of whose addresses requests are remembered. */
  const inside: string[] = [];
  /** What plugins may reach: requests, answers that have not ended, and how many were held at once. */
  const outside: { url: string; headers: IncomingMessage['headers']; body: string }[] = [];
  const open = new Set<ServerResponse>();
  let held = 0;
  let most = 0;
  const bomb = gzipSync(Buffer.alloc(20_000_000));

  const answers: Readonly<Record<string, (response: ServerResponse, request: IncomingMessage) => void>> = {
    hello: response => void response.end('hello'),
    close: response => void response.writeHead(200, { connection: 'close' }).end('hello'),
    silent: () => {},
    drip: response => void every(20, response, () => response.write('.')),
    headers(response) {
      response.socket?.write('HTTP/1.1 200 OK\r\n');
      every(10, response, index => response.socket?.write(`x-${index}: more\r\n`));
    },
    hints: response => void every(5, response, () => response.writeProcessing()),
    endless(response) {
      const more = () => void (response.write('x'.repeat(5000)) ? setImmediate(more) : response.once('drain', more));
      more();
    },
    long: response => void response.writeHead(200, { 'x-long': 'x'.repeat(100_000) }).end(),
    short: response => void response.writeHead(200, { 'content-length': 100 }).write('only', () => response.destroy()),
    bomb: response => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    loop: (response, request) => void response.writeHead(302, { location: request.url }).end(),
    twice: response => void response.writeHead(302, ['location', '/hello', 'location', 'http://127.0.0.1/']).end(),
    refresh: response => void response.writeHead(200, { refresh: `0; url=http://127.0.0.1:${port}/` }).end('hello'),
    hold(response) {
      held += 1;
      most = Math.max(most, held);
      setTimeout(() => {
        held -= 1;
        response.end('held');
      }, 20);
    },
  };
  const every = (ms: number, response: ServerResponse, act: (index: number) => void) => {
    let index = 0;
    const timer = setInterval(() => {
      index += 1;
      act(index);
    }, ms);
    response.on('close', () => clearInterval(timer));
  };
  const answer: RequestListener = async (request, response) => {
    open.add(response);
    response.on('close', () => open.delete(response)).on('error', () => {});
    const body = (await request.toArray()).join('');
    outside.push({ url: request.url ?? '', headers: request.headers, body });
    const [, what = '', status = '', location = ''] = (request.url ?? '').split('/');
    if (what === 'to') response.writeHead(Number(status), { location: decodeURIComponent(location) }).end();
    else answers[what]?.(response, request);
  };

  /** A gateway with an honest binding, and one for each hostile plugin. */
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-egress-'));
    opened.defer(() => rmSync(folder, { recursive: true }));
    const forbidden: RequestListener = (request, response) => {
      inside.push(`${request.headers.host}${request.url}`);
      response.end('the secrets of this machine');
    };
    const servers = [createServer(forbidden), createServer(answer), createServer(forbidden)] as const;
    for (const server of servers) opened.defer(() => shut(server));
    port = await listening(servers[0], '127.0.0.1');
    await listening(servers[1], '127.0.0.2', port);
    // A machine without IPv6 has no loopback of it that could be reached.
    await listening(servers[2], '::1', port).catch(() => {});
    const caFile = await startTls(folder);

    dns = opened.use(
      await openDnsServer({
        'turns.example.test': asked => [asked === 0 ? '127.0.0.2' : '127.0.0.1'],
        'wavers.example.test': asked => [asked % 2 === 0 ? '127.0.0.2' : '127.0.0.1'],
        'both.example.test': ['127.0.0.2', '127.0.0.1'],
        'six.example.test': ['127.0.0.2', '::1'],
        'alias.example.test': [{ cname: 'metadata.example.test' }],
        'metadata.example.test': ['169.254.169.254'],
        'mapped.example.test': ['::ffff:127.0.0.1'],
        'nat64.example.test': ['64:ff9b::7f00:1'],
        'zero.example.test': ['0.0.0.0'],
        'none.example.test': [],
      }),
    );
    const upstream = opened.use(await startRawHttpServer({ name: 'upstream' }));
    const redact = await readFile(
      join(import.meta.dirname, '../../plugins-examples/redact-emails/redact-emails.js'),
      'utf8',
    );
    const grant = {
      allow_private: ['127.0.0.2/32'],
      dns: [dns.address],
      methods: ['GET', 'POST', 'PUT'],
      max_bytes: 100_000,
      timeout_ms: 5000,
      requests_per_minute: 1_000_000,
    };
    // Rules that let everything pass, so that the address alone decides; rules of one origin; and small quotas.
    const anywhere = ['http', 'https'].map(scheme => ({ url: `${scheme}://*`, any_host: true }));
    const onPort = [port, tlsPort].flatMap(each => [
      { url: `http://*:${each}`, any_host: true },
      { url: `https://*:${each}`, any_host: true },
    ]);
    const hostile = {
      roams: { ...grant, ...(caFile === undefined ? {} : { ca_file: caFile }), allow: [...anywhere, ...onPort] },
      waits: { ...grant, allow: [`http://127.0.0.2:${port}`], timeout_ms: 300 },
      kept: { ...grant, allow: [`http://127.0.0.2:${port}/v1/**`, `http://127.0.0.2:${port}/to/**`] },
      floods: { ...grant, allow: [`http://127.0.0.2:${port}`], concurrency: 2 },
      hurries: { ...grant, allow: [`http://127.0.0.2:${port}`], requests_per_minute: 5 },
    };
    const limits = { timeout_ms: 30_000 };
    const asks = { required_capabilities: ['outbound_http'] };
    const plugins = await Promise.all([
      jsGuest(guestDescriptor('redact', { hooks: ['tool_post_invoke'] }), redact).then(bytes => ({
        ...{ id: 'redact', bytes, limits },
      })),
      ...Object.entries(hostile).map(async ([id, outbound_http]) => ({
        ...{ id, limits, breaker: { failures: 1_000_000 }, grants: { outbound_http } },
        bytes: await jsGuest(
          guestDescriptor(id, { ...asks, hooks: ['tool_pre_invoke'] }),
          puppet(id, imports, functions),
        ),
      })),
    ]);
    const bindings = plugins.map(({ id }) => ({ id: `to-${id}`, upstreams: ['upstream'], transforms: [id] }));
    host = opened.use(await openHost(plugins, upstream.url, { bindings, limits: { lanes: 2 } }));
    load = opened.use(await openHonestLoad(`${host.url}/mcp/to-redact`, 4));
    await load.run(1500);
  });
  afterAll(() => opened.disposeAsync());

  /** An https server at 127.0.0.2 that answers as the other one, with a certificate of its own. Yields its file. */
  async function startTls(folder: string): Promise<string | undefined> {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    try {
      const how = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=here -days 2'.split(' ');
      const name = ['-addext', 'subjectAltName=IP:127.0.0.2'];
      execFileSync('openssl', [...how, ...name, '-keyout', key, '-out', cert], { stdio: 'pipe' });
    } catch (error) {
      if (process.env.CI === 'true') throw error;
      return undefined;
    }
    const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, answer);
    opened.defer(() => shut(server));
    tlsPort = await listening(server, '127.0.0.2');
    return cert;
  }

  const at = (path: string, name = '127.0.0.2') => `http://${name}:${port}/${path}`;
  const to = (location: string, status = 302) => at(`to/${status}/${encodeURIComponent(location)}`);

  let read = 0;
  /** Audit events since the last time. */
  const audited = () => {
    const events = host.lines.slice(read).flatMap(line => (line.msg === 'audit' ? [line.audit] : []));
    read = host.lines.length;
    return events as { details: { what: string } }[];
  };
  const refusals = async (plugin: string) => {
    const text = await (await fetch(`${host.url}/metrics`)).text();
    const name = `sallyport_capability_refusals_total{plugin="${plugin}",capability="outbound_http"`;
    const numbers = text.split('\n').flatMap(line => (line.startsWith(name) ? [Number(line.split(' ').at(-1))] : []));
    return numbers.reduce((sum, each) => sum + each, 0);
  };

  /** Tries each attempt in turn, again and again, under load. */
  async function besiege(plugin: string, attempts: readonly Attempt[]): Promise<void> {
    await using strings = await openStrings(`${host.url}/mcp/to-${plugin}`);
    const counted = await refusals(plugin);
    const refused = { event: 'capability.refused', plugin, capability: 'outbound_http' };
    let due = 0;
    await endure(load, async () => {
      for (const [sent, expected] of attempts) {
        audited();
        expect({ sent, said: await strings.pull(plugin, [['send', sent]]) }).toEqual({ sent, said: [expected] });
        const events = audited();
        expect({ sent, events }).toMatchObject({ sent, events: events.map(() => refused) });
        const text = JSON.stringify(expected);
        if (text.includes('"denied"')) expect({ sent, events }).toMatchObject({ sent, events: [refused] });
        if (text.includes('"status":200')) expect({ sent, events }).toEqual({ sent, events: [] });
        due += events.length;
      }
    });
    expect((await refusals(plugin)) - counted).toBe(due);
    expect(inside).toEqual([]);
    await expect.poll(() => open.size).toBe(0);
  }

  it.each<{ what: string; plugin?: string; attempts: () => readonly Attempt[] }>([
    {
      what: 'this machine by every way to write its address',
      attempts: () =>
        ['127.0.0.1', '127.1', '2130706433', '0x7f000001', '0x7f.1', '0177.0.0.1', '017700000001', '127.0.0.1.']
          .concat(['%31%32%37.0.0.1', '①②⑦.0.0.1', '127。0。0。1', '0.0.0.0', '0', '127.255.255.254'])
          .map(name => [{ url: at('', name) }, notPublic]),
    },
    {
      what: 'this machine by IPv6',
      attempts: () => [
        ...['::1', '0:0:0:0:0:0:0:1', '::', '::ffff:127.0.0.1', '::ffff:7f00:1', '::127.0.0.1', '64:ff9b::127.0.0.1']
          .concat(['64:ff9b::7f00:1', '64:ff9b:1::7f00:1', '2002:7f00:1::', 'fe80::1', 'fd00::1', 'ff02::1'])
          .map((name): Attempt => [{ url: at('', `[${name}]`) }, notPublic]),
        ...['[fe80::1%25lo]', '[::1%lo]', '[127.0.0.1]', '[::1'].map(
          (name): Attempt => [{ url: at('', name) }, denied('well-formed')],
        ),
      ],
    },
    {
      what: 'the metadata address',
      attempts: () => [
        ...['169.254.169.254', '2852039166', '0xa9fea9fe', '0251.0376.0251.0376', '169.254.43518']
          .concat(['[::ffff:169.254.169.254]', '[64:ff9b::a9fe:a9fe]', '[fd00:ec2::254]', '168.63.129.16'])
          .concat(['100.100.100.200', 'metadata.example.test', 'alias.example.test'])
          .map((name): Attempt => [{ url: `http://${name}/latest/meta-data/iam` }, notPublic]),
        [{ url: 'http://169.254.169.254/latest/api/token', method: 'PUT' }, notPublic],
      ],
    },
    {
      what: 'what no rule allows',
      plugin: 'kept',
      attempts: () => [
        [{ url: at('admin') }, denied('allow list')],
        [{ url: at('v1/../admin') }, denied('allow list')],
        [{ url: at('v1/%2e%2e/admin') }, denied('allow list')],
        [{ url: at('v1/..%2fadmin') }, denied('allow list')],
        [{ url: at('v1//admin') }, denied('allow list')],
        [{ url: at('v1/..;/admin') }, denied('allow list')],
        [{ url: at('v1\\..\\admin') }, denied('backslash')],
        [{ url: `http://127.0.0.2:${port}@127.0.0.1:${port}/v1/x` }, denied('credentials')],
        [{ url: `http://127.0.0.2:${port}#@127.0.0.1/v1/x` }, denied('allow list')],
        [{ url: `https://127.0.0.2:${port}/v1/x` }, denied('allow list')],
        [{ url: 'http://127.0.0.2:1/v1/x' }, denied('allow list')],
        [{ url: 'file:///etc/passwd' }, denied('scheme')],
        [{ url: 'data:text/plain,x' }, denied('scheme')],
        [{ url: `ws://127.0.0.2:${port}/v1/x` }, denied('scheme')],
        [{ url: at('v1/x'), method: 'DELETE' }, denied('method')],
        [{ url: at('v1/x'), method: 'CONNECT' }, denied('method')],
        [{ url: at('v1/x'), method: 'get' }, denied('method')],
        [{ url: at('v1/x'), method: 'GET / HTTP/1.1\r\nX: x' }, denied('method')],
        [{ url: `${at('v1/x')} HTTP/1.1\r\nHost: 127.0.0.1` }, denied('control character')],
        [{ url: to('/admin') }, denied('allow list')],
        [{ url: to(at('v1/x', '127.0.0.3')) }, denied('allow list')],
        [{ url: at('v1/x'), method: 'POST', body: 'x'.repeat(100_001) }, tooLarge],
      ],
    },
    {
      what: 'a forbidden server by redirect',
      attempts: () => [
        ...[301, 302, 303, 307, 308].map((status): Attempt => [{ url: to(at('', '127.0.0.1'), status) }, notPublic]),
        [{ url: to(`//127.0.0.1:${port}/`) }, notPublic],
        [{ url: to(`//[::1]:${port}/`) }, notPublic],
        [{ url: to(`///127.1:${port}/`) }, notPublic],
        [{ url: to('http:127.0.0.1/') }, failed()],
        [{ url: to('http://169.254.169.254/latest') }, notPublic],
        [{ url: to(at('', '127.0.0.1'), 307), method: 'POST', body: 'what it knows' }, notPublic],
        [{ url: to(to(at('', '127.0.0.1'), 307), 307), method: 'PUT', body: 'what it knows' }, notPublic],
        [{ url: to(at('', 'both.example.test')) }, notPublic],
        [{ url: to(`/\\127.0.0.1:${port}/`) }, denied('backslash')],
        [{ url: to(`http://127.0.0.2:${port}@127.0.0.1/`) }, denied('credentials')],
        [{ url: to('file:///etc/passwd') }, denied('scheme')],
        [{ url: to('javascript:0') }, denied('scheme')],
        [{ url: at('loop') }, failed('more than 5 redirects')],
        [{ url: at('twice') }, failed('several Location headers')],
        [{ url: at('refresh') }, { status: 200, length: 5, text: 'hello' }],
      ],
    },
    {
      what: 'a forbidden server by what DNS answers',
      attempts: () => [
        ...['both', 'six', 'mapped', 'nat64', 'zero'].map(
          (name): Attempt => [{ url: at('hello', `${name}.example.test`) }, notPublic],
        ),
        [{ url: at('hello', 'localhost') }, failed('ENOTFOUND')],
        [{ url: at('hello', 'none.example.test') }, failed()],
        [{ url: at('hello', 'nobody.example.test') }, failed('ENOTFOUND')],
      ],
    },
    {
      what: 'other servers by headers that are the host’s',
      attempts: () => [
        ...['Host', 'hOsT', 'Connection', 'Transfer-Encoding', 'Content-Length', 'TE', 'Trailer', 'Upgrade', 'Expect']
          .concat(['Keep-Alive', 'Proxy-Authorization', 'Proxy-Connection', 'X-Forwarded-For', 'X-Forwarded-Host'])
          .concat(['Forwarded', 'Via', 'X-Real-IP', 'HTTP2-Settings', 'Alt-Used'])
          .map((name): Attempt => [{ url: at('hello'), headers: [[name, '127.0.0.1']] }, denied(name)]),
        ...(
          [
            ['x-a', 'b\r\nhost: 127.0.0.1'],
            ['x-a', 'b\r\n\r\nGET /admin HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n'],
            ['x-a', 'b\nhost: 127.0.0.1'],
            ['x-a', 'b\0'],
            ['x-a\r\nhost', '127.0.0.1'],
            ['host ', '127.0.0.1'],
            [' host', '127.0.0.1'],
            ['host:', '127.0.0.1'],
            [':authority', '127.0.0.1'],
            ['', '127.0.0.1'],
          ] as const
        ).map((header): Attempt => [{ url: at('hello'), headers: [header] }, denied('is not well-formed')]),
      ],
    },
    {
      what: 'the gateway’s time, with answers that never end',
      plugin: 'waits',
      attempts: () => [
        [{ url: at('silent') }, timeout],
        [{ url: at('drip') }, timeout],
        [{ url: at('headers') }, timeout],
        [{ url: at('hints') }, timeout],
      ],
    },
    {
      what: 'the gateway’s memory, with answers that are too long or too short',
      attempts: () => [
        [{ url: at('endless') }, tooLarge],
        [{ url: at('long') }, failed()],
        [{ url: at('short') }, failed()],
        // Nothing is decoded: it stays as small as it came.
        [{ url: at('bomb') }, { status: 200, length: bomb.length, text: expect.any(String) }],
      ],
    },
  ])('[SBX-40] loses nothing to $what', ({ plugin = 'roams', attempts }) => besiege(plugin, attempts()));

  itWith('openssl')('[SBX-40] loses nothing to a redirect from https to http', () =>
    besiege('roams', [
      [{ url: `https://127.0.0.2:${tlsPort}/hello` }, { status: 200, length: 5, text: 'hello' }],
      [{ url: `https://127.0.0.2:${tlsPort}/to/302/${encodeURIComponent(at('hello'))}` }, denied('https to http')],
      [
        { url: `https://127.0.0.2:${tlsPort}/to/307/${encodeURIComponent(at('hello'))}`, method: 'POST', body: 'x' },
        denied('https to http'),
      ],
      [{ url: `https://127.0.0.2:${tlsPort}/to/302/${encodeURIComponent(`https://127.0.0.1:${port}/`)}` }, notPublic],
      [{ url: `https://127.0.0.2:${port}/hello` }, failed()],
    ]),
  );

  it('[SBX-41] loses nothing to a name that turns from a public address to this machine', async () => {
    await using strings = await openStrings(`${host.url}/mcp/to-roams`);
    const ask = (name: string) => strings.pull('roams', [['send', { url: at('close', `${name}.example.test`) }]]);
    // The first answer is the one that was checked and connected to; the second one gets a check of its own.
    expect(await ask('turns')).toMatchObject([{ status: 200 }]);
    await endure(load, async () => expect(await ask('turns')).toEqual([notPublic]));
    await endure(load, async () => {
      const either = [[notPublic], [{ status: 200, length: 5, text: 'hello' }]];
      for (const said of [await ask('wavers'), await ask('wavers')]) expect(either).toContainEqual(said);
    });
    expect(dns.asked.filter(each => each === 'wavers.example.test 1').length).toBeGreaterThan(1);
    expect(inside).toEqual([]);
  });

  it('[SBX-42] loses nothing to more requests at once than are granted', async () => {
    await using strings = await openStrings(`${host.url}/mcp/to-floods`);
    await endure(load, async () => {
      const url = at('hold');
      const said = await Promise.all(Array.from({ length: 12 }, () => strings.pull('floods', [['send', { url }]])));
      expect(said).toEqual(said.map(() => [{ status: 200, length: 4, text: 'held' }]));
    });
    expect(most).toBe(2);
    await expect.poll(() => open.size).toBe(0);
  });

  it('[SBX-42] loses nothing to more requests a minute than are granted, or in one call than it may make', async () => {
    await using strings = await openStrings(`${host.url}/mcp/to-hurries`);
    const url = at('hello');
    const began = performance.now();
    let reached = 0;
    const counted = await refusals('hurries');
    await endure(load, async () => {
      const said = (await strings.pull(
        'hurries',
        Array.from({ length: 20 }, () => ['send', { url }]),
      )) as object[];
      const refused = said.filter(each => 'error' in each);
      expect(refused).toEqual(refused.map(() => denied('5 requests per minute')));
      reached += said.length - refused.length;
      await delay(50);
    });
    expect(reached).toBeGreaterThanOrEqual(5);
    expect(reached).toBeLessThanOrEqual(6 + ((performance.now() - began) / 60_000) * 5);
    audited();
    const beyond = Array.from({ length: 101 }, () => ['send', { url }] as const);
    expect(await strings.pull('hurries', beyond)).toMatchObject({ code: 'plugin_failed', details: { cause: 'limit' } });
    expect(await refusals('hurries')).toBeGreaterThanOrEqual(counted + 100);
    expect(audited().length).toBeGreaterThanOrEqual(100);
  });
});
