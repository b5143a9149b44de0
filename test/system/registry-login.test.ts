/** Registries that try to get at a login, or do not say what they want. */
import { execFile } from 'node:child_process';
import dns from 'node:dns';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { silentLog } from '../../host/src/core/log.ts';
import { createSource, type SourceContext } from '../../host/src/source/create-source.ts';
import type { Credential } from '../../host/src/source/oci/find-login.ts';
import { fetchArtifact } from '../../host/src/source/source.ts';
import { type FaultyRegistry, faultyRegistry, type RegistryFault } from '../fixtures/faulty-registry.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';
import { itWith } from '../prerequisite.ts';

const me: Credential = { kind: 'basic', username: 'me', password: 'secret' };
const mine = `Basic ${Buffer.from('me:secret').toString('base64')}`;
const patience = { attempts: 1 };
const open = ({ reference }: { readonly reference: string }, more: Partial<SourceContext> = {}) =>
  createSource(
    { oci: reference },
    { log: silentLog(), baseDir: '/', timeouts: patience, credentials: async () => me, ...more },
  );

/** Asks for a login with this field, until there is any. */
const asking =
  (field: string, accepted?: string): RegistryFault =>
  ({ headers: { authorization } }, response, honest) =>
    authorization === undefined || (accepted !== undefined && authorization !== accepted)
      ? response.writeHead(401, { 'www-authenticate': field }).end()
      : honest();

/** A token service with a given answer. */
const tokenService = (answer: Readonly<Record<string, unknown>> | RegistryFault) =>
  faultyRegistry(typeof answer === 'function' ? answer : (_, response) => response.end(JSON.stringify(answer)));

const realm = ({ host }: FaultyRegistry) => `Bearer realm="http://${host}/token",service="here",scope="ignored"`;

describe('401', () => {
  it.each([
    ['without a challenge', undefined],
    ['with an empty one', ''],
    ['with one that nobody knows', 'Negotiate abc='],
    ['with Bearer, but no realm', 'Bearer service="x"'],
    ['with Bearer, and a realm that is no URL', 'Bearer realm="here"'],
  ])('[SRC-26] %s is told', async (_, field) => {
    const registry = await faultyRegistry((_, response) =>
      response.writeHead(401, field === undefined ? {} : { 'www-authenticate': field }).end(),
    );
    await expect(fetchArtifact(open(registry))).rejects.toMatchObject({
      code: 'challenge_invalid',
      details: { reference: registry.reference },
    });
    registry.fault = undefined;
    await expect(fetchArtifact(open(registry))).resolves.toBeDefined();
  });

  it('[SRC-34] again, after the login was shown, ends it, and tells where that login was found', async () => {
    const registry = await faultyRegistry(asking('Basic realm="x"', 'someone else'));
    const credentials = async () => ({ ...me, from: 'auths.r.example of config.json' });
    await expect(fetchArtifact(open(registry, { credentials }))).rejects.toMatchObject({
      code: 'registry_denied',
      details: { login: 'auths.r.example of config.json' },
    });
    expect(registry.seen.map(({ authorization }) => authorization)).toEqual([undefined, mine]);
  });

  it('for someone without a login says how to log in', async () => {
    const registry = await faultyRegistry(asking('Basic realm="x"'));
    await expect(fetchArtifact(open(registry, { credentials: async () => undefined }))).rejects.toMatchObject({
      code: 'registry_denied',
      hint: `Log in first: sallyport login ${registry.host}`,
    });
  });
});

describe('a token', () => {
  it('is asked for once, with our login and our scope, and then shown', async () => {
    const service = await tokenService({ token: 'abc' });
    const registry = await faultyRegistry(asking(realm(service), 'Bearer abc'));
    await expect(fetchArtifact(open(registry))).resolves.toBeDefined();
    expect(service.seen).toEqual([
      { line: 'GET /token?service=here&scope=repository%3Aacme%2Fredact%3Apull', authorization: mine },
    ]);
    expect(registry.seen.map(({ authorization }) => authorization)).toEqual([
      undefined,
      ...Array(4).fill('Bearer abc'),
    ]);
  });

  it('that is stale is asked for anew', async () => {
    const service = await tokenService({ access_token: 'abc', expires_in: 0 });
    const registry = await faultyRegistry(asking(realm(service), 'Bearer abc'));
    await expect(fetchArtifact(open(registry))).resolves.toBeDefined();
    expect(service.seen).toHaveLength(4);
  });

  it('is exchanged for an identity token', async () => {
    const bodies: string[] = [];
    const service = await tokenService((request, response) => {
      request.setEncoding('utf8').on('data', chunk => bodies.push(chunk));
      request.on('end', () => response.end('{"token":"abc"}'));
    });
    const registry = await faultyRegistry(asking(realm(service), 'Bearer abc'));
    const credentials = async () => ({ kind: 'identity', token: 'refresh' }) as const;
    await expect(fetchArtifact(open(registry, { credentials }))).resolves.toBeDefined();
    expect(service.seen.map(({ line }) => line)).toEqual(['POST /token']);
    expect(Object.fromEntries(new URLSearchParams(bodies.join('')))).toEqual({
      grant_type: 'refresh_token',
      client_id: 'sallyport',
      refresh_token: 'refresh',
      service: 'here',
      scope: 'repository:acme/redact:pull',
    });
  });

  it('of docker config is shown as it is', async () => {
    const registry = await faultyRegistry(asking('Bearer realm="http://127.0.0.1:1/token"', 'Bearer mine'));
    const credentials = async () => ({ kind: 'registry', token: 'mine' }) as const;
    await expect(fetchArtifact(open(registry, { credentials }))).resolves.toBeDefined();
  });

  it.each<[string, Readonly<Record<string, unknown>> | RegistryFault, string]>([
    ['that is not there', {}, 'token_refused'],
    ['that breaks out of its header', { token: 'a\r\nX-Evil: 1' }, 'token_refused'],
    ['in a web page', (_, response) => response.end('<html>'), 'token_refused'],
    ['that is refused', (_, response) => response.writeHead(403).end(), 'token_refused'],
    ['that is elsewhere', (_, response) => response.writeHead(302, { location: '/other' }).end(), 'token_refused'],
    ['of a megabyte', { token: 'a'.repeat(1_000_000) }, 'token_refused'],
    ['from a service that stumbles', (_, response) => response.writeHead(503).end(), 'registry_unreachable'],
  ])('%s ends it', async (_, answer, code) => {
    const service = await tokenService(answer);
    const registry = await faultyRegistry(asking(realm(service)));
    await expect(fetchArtifact(open(registry))).rejects.toMatchObject({ code });
    expect(service.seen).toHaveLength(1);
  });
});

describe('[SRC-11] a realm elsewhere', () => {
  it('gets no request at all, and nobody looks up a login for it', async () => {
    const thief = await faultyRegistry(undefined, { address: '127.0.0.2' });
    const registry = await faultyRegistry(asking(realm(thief)));
    const credentials = vi.fn(async () => me);
    await expect(fetchArtifact(open(registry, { credentials }))).rejects.toMatchObject({
      code: 'token_realm_untrusted',
      details: { reference: registry.reference, registry: registry.host, realm: `http://${thief.host}` },
    });
    expect([thief.seen, credentials.mock.calls]).toEqual([[], []]);
    registry.fault = undefined;
    await expect(fetchArtifact(open(registry))).resolves.toBeDefined();
  });

  it('gets the login when the operator trusts it', async () => {
    const service = await faultyRegistry((_, response) => response.end('{"token":"abc"}'), { address: '127.0.0.2' });
    const registry = await faultyRegistry(asking(realm(service), 'Bearer abc'));
    await expect(fetchArtifact(open(registry, { tokenHosts: [service.host] }))).resolves.toBeDefined();
    expect(service.seen).toMatchObject([{ authorization: mine }]);
  });
});

describe('[SRC-27] a redirect', () => {
  /** Content is on another host; the registry wants a login. */
  const toStore =
    (store: () => string, status = 307): RegistryFault =>
    (request, response, honest) =>
      asking('Basic realm="x"')(request, response, () =>
        request.url?.includes('/blobs/')
          ? response.writeHead(status, { location: `http://${store()}${request.url}` }).end()
          : honest(),
      );

  it.each([301, 302, 303, 307, 308])('(%i) to another host is followed without the login', async status => {
    const store = await faultyRegistry();
    const registry = await faultyRegistry(toStore(() => store.host, status));
    await expect(fetchArtifact(open(registry))).resolves.toBeDefined();
    expect(store.seen.map(({ authorization }) => authorization)).toEqual([undefined, undefined]);
    expect(registry.seen.at(-1)?.authorization).toBe(mine);
  });

  it('away and back again does not bring the login along', async () => {
    const back = await faultyRegistry((request, response) =>
      response.writeHead(302, { location: `http://${registry.host}/elsewhere${request.url}` }).end(),
    );
    const registry = await faultyRegistry(toStore(() => back.host));
    await expect(fetchArtifact(open(registry))).rejects.toMatchObject({ code: 'registry_denied' });
    expect(registry.seen.at(-1)).toMatchObject({ line: /elsewhere/, authorization: undefined });
  });

  it('to another host that wants a login ends it', async () => {
    const thief = await faultyRegistry(asking('Basic realm="x"'));
    const registry = await faultyRegistry(toStore(() => thief.host));
    await expect(fetchArtifact(open(registry))).rejects.toMatchObject({ code: 'registry_denied' });
    expect(thief.seen.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  it.each([
    ['to a host that is not of this machine, over plain http', 'http://10.255.255.1/x', /is not https/],
    ['to a file', 'file:///etc/passwd', /is not https/],
    ['that leads nowhere', 'http://', /no valid Location/],
    ['without a place', undefined, /no valid Location/],
    ['in a circle', '/v2/acme/redact/manifests/1', /more than 5/],
  ])('%s is refused', async (_, location, what) => {
    const registry = await faultyRegistry((_, response) => response.writeHead(302, location ? { location } : {}).end());
    await expect(fetchArtifact(open(registry))).rejects.toMatchObject({
      code: 'redirect_refused',
      details: { reference: registry.reference, what: expect.stringMatching(what) },
    });
    registry.fault = undefined;
    await expect(fetchArtifact(open(registry))).resolves.toBeDefined();
  });
});

describe('over https', () => {
  const defaults = tls.getCACertificates('default');
  afterEach(() => {
    vi.restoreAllMocks();
    tls.setDefaultCACertificates(defaults);
  });

  /** An https registry that is called registry.test. */
  async function secureRegistry(fault?: RegistryFault, trusted = true) {
    const folder = await temporaryFolder();
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    await promisify(execFile)('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-keyout', key, '-out', cert, '-subj', '/CN=registry.test', '-addext', 'subjectAltName=DNS:registry.test'],
    ]);
    const pair = { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') };
    if (trusted) tls.setDefaultCACertificates([...defaults, pair.cert]);
    isHere('registry.test');
    const registry = await faultyRegistry(fault, { tls: pair });
    const port = registry.host.split(':')[1];
    return Object.assign(registry, { reference: `registry.test:${port}/acme/redact:1` });
  }

  /** Has this name lead to 127.0.0.1. */
  function isHere(name: string): void {
    const lookup = dns.lookup;
    const spy = vi
      .spyOn(dns, 'lookup')
      .mockImplementation(((host: string, ...rest: [never, never]) =>
        lookup(host === name ? '127.0.0.1' : host, ...rest)) as typeof dns.lookup);
    onTestFinished(() => spy.mockRestore());
  }

  itWith('openssl')('[SRC-10] a registry elsewhere is asked', async () => {
    const registry = await secureRegistry();
    await expect(fetchArtifact(open(registry))).resolves.toBeDefined();
  });

  itWith('openssl')('[SRC-31] a certificate that is not trusted ends it', async () => {
    const registry = await secureRegistry(undefined, false);
    await expect(fetchArtifact(open(registry))).rejects.toMatchObject({
      code: 'registry_tls',
      details: { reference: registry.reference, what: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    });
    expect(registry.seen).toEqual([]);
  });

  itWith('openssl')('[SRC-12] a redirect to plain http is refused, to this machine too', async () => {
    const store = await faultyRegistry();
    const registry = await secureRegistry((_, response) =>
      response.writeHead(307, { location: `http://${store.host}/v2/acme/redact/manifests/1` }).end(),
    );
    await expect(fetchArtifact(open(registry))).rejects.toMatchObject({ code: 'redirect_refused' });
    expect(store.seen).toEqual([]);
  });

  itWith('openssl')('[SRC-11] a realm over plain http is refused', async () => {
    const registry = await secureRegistry(asking('Bearer realm="http://registry.test:1/token"'));
    await expect(fetchArtifact(open(registry))).rejects.toMatchObject({ code: 'token_realm_untrusted' });
  });

  it('[SRC-10] a registry elsewhere is asked over plain http only when the operator says so', async () => {
    isHere('registry.test');
    const registry = await faultyRegistry();
    const host = registry.host.replace('127.0.0.1', 'registry.test');
    const reference = `${host}/acme/redact:1`;
    await expect(fetchArtifact(open({ reference }))).rejects.toMatchObject({ code: 'registry_tls' });
    expect(registry.seen).toEqual([]);
    await expect(fetchArtifact(open({ reference }, { plainHttp: [host] }))).resolves.toBeDefined();
  });
});
