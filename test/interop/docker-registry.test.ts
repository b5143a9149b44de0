/** The host's client against a registry that is not ours: Debian's docker-registry. */
import { execFile } from 'node:child_process';
import { createPrivateKey, randomUUID, sign, X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished } from 'vitest';
import { silentLog } from '../../host/src/core/log.ts';
import { createSource } from '../../host/src/source/create-source.ts';
import { type Credentials, dockerCredentials } from '../../host/src/source/oci/find-login.ts';
import { pushPlugin } from '../../host/src/source/oci/push.ts';
import { fetchArtifact } from '../../host/src/source/source.ts';
import { startDockerRegistry } from '../fixtures/docker-registry.ts';
import { componentWith, descriptorOf, keyPair } from '../fixtures/signed-plugin.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';
import { itWith } from '../prerequisite.ts';

const run = promisify(execFile);
const itWithRegistry = itWith('docker-registry');
const component = componentWith();
const signature = keyPair().sign(component);
const plugin = { component, descriptor: descriptorOf(), imports: [], exports: [], signature };
const nobody: Credentials = async () => undefined;

/** Pushes twice and pulls by tag and by digest. */
async function thereAndBack(host: string, credentials: Credentials) {
  const reference = `${host}/acme/redact:0.1.0`;
  const digest = await pushPlugin({ reference, ...plugin, credentials });
  expect(await pushPlugin({ reference, ...plugin, credentials })).toBe(digest);
  for (const oci of [reference, `${host}/acme/redact@${digest}`]) {
    const source = createSource({ oci }, { log: silentLog(), baseDir: '/', credentials });
    await expect(fetchArtifact(source)).resolves.toMatchObject({
      bytes: Buffer.from(component),
      origin: { reference: oci, repository: `${host}/acme/redact`, manifest: digest },
      signatures: [{ signature: Buffer.from(signature.signature), keyId: signature.keyId }],
    });
  }
}

/** The lookup in a docker config that holds this one login. */
async function loggedIn(host: string, login: string): Promise<Credentials> {
  const folder = await temporaryFolder();
  const auths = { [host]: { auth: Buffer.from(login).toString('base64') } };
  await writeFile(join(folder, 'config.json'), JSON.stringify({ auths }));
  return dockerCredentials({ DOCKER_CONFIG: folder });
}

describe('[SRC-32] docker-registry', () => {
  itWithRegistry('without a login', async () => {
    const { host } = await startDockerRegistry();
    await thereAndBack(host, nobody);
    const absent = createSource({ oci: `${host}/acme/none:1` }, { log: silentLog(), baseDir: '/' });
    await expect(absent.resolve()).rejects.toMatchObject({ code: 'artifact_not_found' });
  });

  itWithRegistry('with a password', async () => {
    const file = join(await temporaryFolder(), 'htpasswd');
    await writeFile(file, (await run('htpasswd', ['-Bbn', 'me', 'secret'])).stdout);
    const { host } = await startDockerRegistry({ htpasswd: { realm: 'here', path: file } });
    await thereAndBack(host, await loggedIn(host, 'me:secret'));
    for (const credentials of [nobody, await loggedIn(host, 'me:wrong')]) {
      const source = createSource(
        { oci: `${host}/acme/redact:0.1.0` },
        { log: silentLog(), baseDir: '/', credentials },
      );
      await expect(source.resolve()).rejects.toMatchObject({ code: 'registry_denied' });
    }
  });

  itWithRegistry('with tokens', async () => {
    const service = await startTokenService('me:secret');
    const { host } = await startDockerRegistry({ token: service.auth });
    await thereAndBack(host, await loggedIn(host, 'me:secret'));
    expect(new Set(service.scopes)).toEqual(
      new Set(['repository:acme/redact:pull,push', 'repository:acme/redact:pull']),
    );
    const reference = `${host}/acme/redact:0.1.0`;
    // The account may read, but not write.
    const reader = createSource({ oci: reference }, { log: silentLog(), baseDir: '/', credentials: nobody });
    await expect(fetchArtifact(reader)).resolves.toBeDefined();
    await expect(pushPlugin({ reference, ...plugin, credentials: nobody })).rejects.toMatchObject({
      code: 'registry_denied',
    });
    const wrong = await loggedIn(host, 'me:wrong');
    await expect(pushPlugin({ reference, ...plugin, credentials: wrong })).rejects.toMatchObject({
      code: 'token_refused',
    });
  });
});

/** A token service as the distribution project specifies it: everyone may pull, `login` may push too. */
async function startTokenService(login: string) {
  const folder = await temporaryFolder();
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-keyout', keyFile, '-out', certFile, '-subj', '/CN=token service'],
  ]);
  const key = createPrivateKey(await readFile(keyFile));
  const x5c = [new X509Certificate(await readFile(certFile)).raw.toString('base64')];
  const scopes: string[] = [];

  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const jwt = (subject: string, access: object[]) => {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: 'tokens', sub: subject, aud: 'registry', exp: now + 300, nbf: now - 10, iat: now };
    const text = `${part({ typ: 'JWT', alg: 'ES256', x5c })}.${part({ ...claims, jti: randomUUID(), access })}`;
    return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  };

  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://tokens');
    const { authorization } = request.headers;
    const known = authorization === `Basic ${Buffer.from(login).toString('base64')}`;
    if (authorization !== undefined && !known) return void response.writeHead(401).end();
    const scope = searchParams.get('scope') ?? '';
    scopes.push(scope);
    const [type = '', name = '', actions = ''] = scope.split(':');
    const allowed = actions.split(',').filter(action => action === 'pull' || known);
    const token = jwt(known ? 'me' : '', [{ type, name, actions: allowed }]);
    response.end(JSON.stringify({ token, access_token: token }));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const realm = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
  return { scopes, auth: { realm, service: 'registry', issuer: 'tokens', rootcertbundle: certFile } };
}
