/** Bindings at hosts and paths of their own, for tenants, and by tenant. */
import { mkdtemp, rm } from 'node:fs/promises';
import { request as sendRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHost, createLog, type Host, silentLog } from '@sallyport/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFakeIssuer } from '../fixtures/fake-issuer.ts';
import { call, initialize, mcpHeaders } from '../fixtures/open-gateway.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';

let host: Host;
let port = 0;
let issuer: Awaited<ReturnType<typeof startFakeIssuer>>;
const lines: Record<string, unknown>[] = [];
const opened = new AsyncDisposableStack();

beforeAll(async () => {
  const [main, wiki] = [
    opened.use(await startRawHttpServer({ name: 'main' })),
    opened.use(await startRawHttpServer({ name: 'wiki' })),
  ];
  issuer = opened.use(await startFakeIssuer());
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-routing-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const log = createLog('info', { write: (line: string) => void lines.push(JSON.parse(line)) });
  const config = {
    cache_dir: folder,
    allowed_hosts: ['gw.example.com', '*.example.com'],
    allowed_origins: ['https://app.example.com'],
    identity: {
      public_url: 'https://gw.example.com',
      schemes: [{ id: 'as', oauth: { issuer: issuer.url, claims: { tenant: 'org' } } }],
    },
    tenants: [{ id: 'acme', default_binding: 'wiki' }, { id: 'beta' }],
    routes: [
      { path: '/mcp' },
      { host: '{binding}.example.com' },
      { host: '{tenant}.tenants.example.com' },
      { path: '/t/{tenant}/{binding}' },
    ],
    upstreams: [
      { id: 'main', http: { url: main.url } },
      { id: 'wiki', http: { url: wiki.url } },
    ],
    bindings: [
      { id: 'main', upstreams: ['main'], allow: [{}] },
      { id: 'wiki', upstreams: ['wiki'], allow: [{}], required_scopes: ['wiki'] },
    ],
  };
  host = opened.use(await createHost(config, { log }));
  port = Number(new URL((await host.listen('127.0.0.1:0')).url).port);
});
afterAll(() => opened.disposeAsync());

interface Asked {
  readonly url: string;
  /** The audience of the token; none is sent without it. */
  readonly aud?: string;
  readonly org?: string;
  readonly scope?: string;
  readonly headers?: Record<string, string>;
  readonly message?: object;
}

async function post({ url, aud, org = 'gamma', scope = 'wiki', headers = {}, message = initialize() }: Asked) {
  const token = aud && (await issuer.sign({ aud, org, scope }));
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return host.fetch(
    new Request(url, {
      method: 'POST',
      headers: { ...mcpHeaders, ...authorization, ...headers },
      body: JSON.stringify(message),
    }),
  );
}

/** The binding that served a request, or the status and the code of its refusal. */
async function servedBy(asked: Asked): Promise<string> {
  const response = await post(asked);
  const { result, error } = (await response.json()) as {
    result?: { instructions: string };
    error?: { data: { code: string } };
  };
  return result?.instructions.replace(/^Instructions of (.*)\.$/, '$1') ?? `${response.status} ${error?.data.code}`;
}

const gw = 'https://gw.example.com';

describe('a binding', () => {
  it.each<[what: string, asked: Asked, served: string]>([
    ['at its subdomain', { url: 'https://wiki.example.com/mcp', aud: 'https://wiki.example.com/mcp' }, 'wiki'],
    [
      'at its subdomain with a port and a slash',
      { url: 'https://main.example.com:8443/mcp/?x=1', aud: 'https://main.example.com/mcp/' },
      'main',
    ],
    [
      'not at another path of its subdomain',
      { url: 'https://wiki.example.com/t/beta/main', aud: 'https://wiki.example.com/mcp', org: 'beta' },
      '404 path_unknown',
    ],
    [
      'not with a token for another binding',
      { url: 'https://wiki.example.com/mcp', aud: 'https://main.example.com/mcp' },
      '401 credentials_refused',
    ],
    [
      'not without its scopes',
      { url: 'https://wiki.example.com/mcp', aud: 'https://wiki.example.com/mcp', scope: '' },
      '403 insufficient_scope',
    ],
    ['not without credentials', { url: 'https://wiki.example.com/mcp' }, '401 unauthenticated'],
  ])('[GW-261] is served %s', async (_, asked, served) => {
    expect(await servedBy(asked)).toBe(served);
  });

  it.each<[what: string, asked: Asked, served: string]>([
    ['chosen by the tenant', { url: `${gw}/mcp`, aud: `${gw}/mcp`, org: 'acme' }, 'wiki'],
    ['the default one for a tenant without one', { url: `${gw}/mcp`, aud: `${gw}/mcp`, org: 'beta' }, 'main'],
    ['the default one for a tenant that is not listed', { url: `${gw}/mcp`, aud: `${gw}/mcp`, org: 'gamma' }, 'main'],
    [
      'not without the scopes of the one that is chosen',
      { url: `${gw}/mcp`, aud: `${gw}/mcp`, org: 'acme', scope: '' },
      '403 insufficient_scope',
    ],
    [
      'not with a token for the binding itself',
      { url: `${gw}/mcp`, aud: 'https://wiki.example.com/mcp', org: 'acme' },
      '401 credentials_refused',
    ],
    [
      'with its own URL, not with a token for the one of all',
      { url: 'https://wiki.example.com/mcp', aud: `${gw}/mcp`, org: 'acme' },
      '401 credentials_refused',
    ],
  ])('[GW-266] is at one URL for all %s', async (_, asked, served) => {
    expect(await servedBy(asked)).toBe(served);
  });

  const acme = 'https://acme.tenants.example.com/mcp';
  it.each<[what: string, asked: Asked, served: string]>([
    ['by its host', { url: acme, aud: acme, org: 'acme' }, 'wiki'],
    ['by its path', { url: `${gw}/t/beta/wiki`, aud: `${gw}/t/beta/wiki`, org: 'beta' }, 'wiki'],
    ['and not another one', { url: acme, aud: acme, org: 'beta' }, '403 access_denied'],
    ['and not a tenant in another case', { url: acme, aud: acme, org: 'ACME' }, '403 access_denied'],
    [
      'and not with a token for the URL of another tenant',
      { url: acme, aud: 'https://beta.tenants.example.com/mcp', org: 'acme' },
      '401 credentials_refused',
    ],
    [
      'and no tenant that is not listed',
      { url: 'https://gamma.tenants.example.com/mcp', aud: `${gw}/mcp`, org: 'gamma' },
      '403 host_refused',
    ],
  ])('[GW-267] serves the tenant of its URL %s', async (_, asked, served) => {
    expect(await servedBy(asked)).toBe(served);
  });
});

it('[GW-267] asks an anonymous caller at the URL of a tenant for credentials', async () => {
  await using other = await createHost(
    {
      identity: {
        anonymous: 'serve',
        schemes: [{ id: 'in', proxy: { from: ['10.0.0.0/8'], headers: { subject: 'x-user' } } }],
      },
      tenants: [{ id: 'acme' }],
      routes: [{ path: '/{tenant}/mcp' }, { path: '/mcp' }],
      bindings: [{ id: 'main', allow: [{ schemes: ['anonymous'] }] }],
    },
    { log: silentLog() },
  );
  const ask = async (path: string) => {
    const url = `http://localhost${path}`;
    const response = await other.fetch(
      new Request(url, { method: 'POST', headers: mcpHeaders, body: JSON.stringify(initialize()) }),
    );
    return [response.status, ((await response.json()) as { error: { data: { code: string } } }).error.data.code];
  };
  expect(await ask('/acme/mcp')).toEqual([401, 'unauthenticated']);
  // There it is served, and has no upstream yet.
  expect(await ask('/mcp')).toEqual([200, 'upstream_unavailable']);
});

it('[GW-267] logs and audits a caller at the URL of another tenant', async () => {
  lines.length = 0;
  await servedBy({ url: `${gw}/t/acme/main`, aud: `${gw}/t/acme/main`, org: 'beta' });
  expect(lines.find(({ code }) => code === 'access_denied')).toMatchObject({
    ...{ binding: 'main', tenant: 'beta', subject: 'ada', access: { decision: 'access_denied' }, status: 403 },
  });
});

it('[GW-266] logs the binding that the tenant decides about', async () => {
  lines.length = 0;
  await servedBy({ url: `${gw}/mcp`, aud: `${gw}/mcp`, org: 'acme' });
  expect(lines.find(({ msg }) => msg === 'request')).toMatchObject({ binding: 'wiki', tenant: 'acme' });
});

it('[GW-268] a session is known at the URLs of its binding only', async () => {
  const aud = 'https://wiki.example.com/mcp';
  const session = (await post({ url: aud, aud })).headers.get('mcp-session-id') ?? '';
  const headers = { 'mcp-session-id': session };
  const echo = call('echo', { text: 'hi' });
  expect((await post({ url: aud, aud, headers, message: echo })).status).toBe(200);
  const main = 'https://main.example.com/mcp';
  expect((await post({ url: main, aud: main, headers, message: echo })).status).toBe(404);
  expect((await post({ url: `${gw}/mcp`, aud: `${gw}/mcp`, headers, message: echo })).status).toBe(404);
});

describe('the metadata', () => {
  it.each([
    ['https://wiki.example.com/mcp', 'wiki'],
    ['https://acme.tenants.example.com/mcp', 'wiki'],
    [`${gw}/t/beta/main`, 'main'],
    [`${gw}/mcp`, undefined],
  ])('[GW-262] of %s is where its challenge says', async (url, name) => {
    const refused = await post({ url });
    const challenge = refused.headers.get('www-authenticate') ?? '';
    const [, at = ''] = /resource_metadata="([^"]+)"/.exec(challenge) ?? [];
    expect(new URL(at).host).toBe(new URL(url).host);
    const metadata = (await (await host.fetch(new Request(at))).json()) as Record<string, unknown>;
    expect(metadata).toMatchObject({ resource: url, authorization_servers: [issuer.url] });
    expect(metadata.resource_name).toBe(name);
    // What every binding needs that may be meant is asked for; the rest is published.
    expect(challenge.includes('scope="wiki"')).toBe(name === 'wiki');
    expect(metadata.scopes_supported).toEqual(name === 'main' ? undefined : ['wiki']);
  });

  it('[GW-262] is not served on another host, and a page may read it', async () => {
    const path = '/.well-known/oauth-protected-resource/t/beta/main';
    expect((await host.fetch(new Request(`https://wiki.example.com${path}`))).status).toBe(404);
    const page = { origin: 'https://app.example.com' };
    const read = await host.fetch(new Request(`${gw}${path}`, { headers: page }));
    expect(read.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
  });
});

it.each([
  ['https://wiki.example.com/mcp', 204],
  [`${gw}/t/beta/main/`, 204],
  ['https://acme.tenants.example.com/mcp', 204],
  ['https://wiki.example.com/t/beta/main', 404],
  [`${gw}/elsewhere`, 404],
])('[GW-268] a preflight for %s is answered with %i', async (url, status) => {
  const headers = { origin: 'https://app.example.com', 'access-control-request-method': 'POST' };
  const answer = await host.fetch(new Request(url, { method: 'OPTIONS', headers }));
  expect(answer.status).toBe(status);
  expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
});

/** The status of a request with this Host, over the network. */
const statusFor = (headers: readonly string[], path = '/mcp', method = 'POST') =>
  new Promise<number | undefined>((resolve, reject) => {
    const about = ['content-type', 'application/json', 'accept', mcpHeaders.accept, ...headers];
    const sent = sendRequest({ port, path, method, setHost: false, headers: about }, response => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.once('error', reject).end(method === 'POST' ? JSON.stringify(initialize()) : undefined);
  });

it.each<[host: string, status: number]>([
  // A known host has a binding, which asks for credentials.
  ['wiki.example.com', 401],
  ['WIKI.Example.Com', 401],
  ['wiki.example.com:8443', 401],
  ['acme.tenants.example.com', 401],
  // Of these only the wildcard is known: they have the routes of every host.
  ['nobody.example.com', 401],
  ['xn--bcher-kva.example.com', 401],
  ['localhost', 403],
  ['wiki.example.com.', 403],
  ['a.wiki.example.com', 403],
  ['gamma.tenants.example.com', 403],
  ['tenants.example.com.evil.example', 403],
  ['example.com', 403],
  ['[::1]', 403],
  ['[2001:db8::1]:8443', 403],
  ['wiki.example.com:', 403],
  ['wiki.example.com:8443:80', 403],
  ['wiki.example.com/mcp', 403],
  ['user@wiki.example.com', 403],
  ['{binding}.example.com', 403],
  ['*.example.com', 403],
  ['', 403],
])('[GW-263] answers a request for the host %j with status %i', async (name, status) => {
  expect(await statusFor(['host', name])).toBe(status);
});

it('[GW-263] routes by the Host header alone, and refuses two of them', async () => {
  expect(await statusFor(['host', 'wiki.example.com', 'host', 'main.example.com'])).toBe(400);
  expect(await statusFor(['host', 'wiki.example.com'], 'http://main.example.com/mcp')).toBe(404);
  expect(await statusFor(['host', 'wiki.example.com', 'x-forwarded-host', 'main.example.com'], '/t/beta/main')).toBe(
    404,
  );
  for (const method of ['GET', 'DELETE', 'HEAD']) {
    expect(await statusFor(['host', 'wiki.example.com'], '/mcp', method)).toBe(401);
  }
  expect(await statusFor(['host', 'wiki.example.com'], '/mcp', 'PUT')).toBe(405);
  expect(await statusFor(['host', 'wiki.example.com'], '/healthz', 'GET')).toBe(200);
});
