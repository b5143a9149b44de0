/** The command for authors and the host's client against registries that do as ghcr.io, Amazon ECR and Harbor do. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { profileNames } from '@sallyport/registry/profile';
import { type Registry, type RegistryOptions, startRegistry } from '@sallyport/registry/start-registry';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../../host/src/core/log.ts';
import { createSource } from '../../host/src/source/create-source.ts';
import type { Credentials } from '../../host/src/source/oci/find-login.ts';
import { pushPlugin } from '../../host/src/source/oci/push.ts';
import { fetchArtifact } from '../../host/src/source/source.ts';
import { runCommand, runJson } from '../fixtures/run-command.ts';
import { componentWith, descriptorOf } from '../fixtures/signed-plugin.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';

const hours = 3600 * 1000;
const plugin = { component: componentWith(), descriptor: descriptorOf(), imports: [], exports: [] };
const nobody: Credentials = async () => undefined;
/** Asks for a new login each time, as the helper of ECR does. */
const helper =
  ({ login }: Registry): Credentials =>
  async () => ({ kind: 'basic', username: '', password: '', ...login?.() });

async function start(options: Omit<RegistryOptions, 'directory'>): Promise<Registry> {
  const registry = await startRegistry({ directory: await temporaryFolder(), ...options });
  onTestFinished(registry.close);
  return registry;
}

describe.each(profileNames)('[REG-71] with %s', profile => {
  let registry: Registry;
  let env: NodeJS.ProcessEnv = {};
  let folder = '';
  const at = (name: string) => join(folder, name);
  const json = (...argv: string[]) => runJson(argv, { env });
  const push = (tag: string) => ['plugin', 'push', '--tag', `${registry.host}/acme/redact:${tag}`, at('redact.wasm')];
  const login = (username: string, stdin: string) =>
    runCommand(['login', registry.host, '-u', username, '--password-stdin'], { env, stdin });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sallyport-profile-'));
    env = { ...process.env, DOCKER_CONFIG: folder };
    registry = await startRegistry({ directory: at('registry'), profile, tagsPerPage: 2 });
    await writeFile(at('redact.wasm'), plugin.component);
    for (const key of ['key', 'second']) await json('keygen', '--key', at(`${key}.pem`));
    await json('plugin', 'sign', '--key', at('key.pem'), at('redact.wasm'));
  });
  afterAll(async () => {
    await registry.close();
    await rm(folder, { recursive: true });
  });

  it('nothing is pushed before the login, and a wrong one is not kept', async () => {
    expect(await runCommand(push('1'), { env })).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('registry_denied'),
    });
    expect((await login(registry.login?.().username ?? '', 'wrong')).code).toBe(4);
    await expect(readFile(at('config.json'))).rejects.toThrow('ENOENT');
  });

  it('after the login all of it works', async () => {
    const { username = '', password = '' } = registry.login?.() ?? {};
    expect(await login(username, password)).toMatchObject({ code: 0 });
    const digests = new Set<string>();
    for (const tag of ['1', '2', '3', '4', '5']) digests.add((await json(...push(tag))).digest);
    const [digest] = digests;
    expect(digests.size).toBe(1);
    const reference = `${registry.host}/acme/redact:5`;
    const verify = (place: string, key: string) => json('plugin', 'verify', place, '--key', at(`${key}.pub.pem`));
    await json('plugin', 'attach-signature', '--key', at('second.pem'), reference);
    expect(await verify(reference, 'second')).toMatchObject({ manifest: digest });
    const copied = await json('plugin', 'copy', reference, `${registry.host}/team/redact:5`);
    expect(copied).toMatchObject({ digest, referrers: [expect.any(String)] });
    await verify(`${registry.host}/team/redact:5`, 'second');
    await json('plugin', 'pull', reference, '--out', at('out'), '--key', at('second.pub.pem'));
    expect(await readFile(at('out/redact.wasm'))).toEqual(await readFile(at('redact.wasm')));
    const { tags } = await json('plugin', 'tags', `${registry.host}/acme/redact`);
    expect(tags).toEqual(['1', '2', '3', '4', '5']);
  });

  it(`who has no login ${profile === 'ghcr' ? 'pulls what is public' : 'pulls nothing'}`, async () => {
    const source = createSource(
      { oci: `${registry.host}/acme/redact:1` },
      { log: silentLog(), baseDir: '/', credentials: nobody },
    );
    if (profile === 'ghcr') await expect(fetchArtifact(source)).resolves.toBeDefined();
    else await expect(fetchArtifact(source)).rejects.toMatchObject({ code: 'registry_denied' });
    // And not without a token either.
    expect((await fetch(`${registry.url}/v2/acme/redact/tags/list`)).status).toBe(401);
  });

  it('[REG-72] a login or token that ends while blobs are on their way is renewed', async () => {
    let now = Date.now();
    const later = await start({ profile, now: () => now });
    const reference = `${later.host}/acme/redact:1`;
    const credentials = helper(later);
    const blobs = new Set<string>();
    const progress = ({ digest }: { digest: string }) => {
      if (!blobs.has(digest)) now += 13 * hours;
      blobs.add(digest);
    };
    await pushPlugin({ ...plugin, reference, credentials, progress });
    expect(blobs.size).toBe(2);
    const source = createSource({ oci: reference }, { log: silentLog(), baseDir: '/', credentials });
    const descriptor = await source.resolve();
    now += 13 * hours;
    await expect(source.fetch(descriptor)).resolves.toMatchObject({ origin: { reference } });
  });
});

describe('[REG-70]', () => {
  it('the password of ecr ends after 12 hours, and who has no other is told so', async () => {
    let now = Date.now();
    const registry = await start({ profile: 'ecr', now: () => now });
    const login = registry.login?.() ?? { username: '', password: '' };
    expect(login.username).toBe('AWS');
    const push = () =>
      pushPlugin({
        ...plugin,
        reference: `${registry.host}/acme/redact:1`,
        credentials: async () => ({ kind: 'basic', ...login }),
      });
    now += 12 * hours - 1;
    await push();
    now += 1;
    await expect(push()).rejects.toMatchObject({
      code: 'registry_denied',
      details: { answer: expect.stringContaining('expired') },
    });
  });

  it('ghcr answers who asks for referrers from elsewhere, lists none, and a token is not told to end', async () => {
    const registry = await start({ profile: 'ghcr' });
    const { token, ...more } = (await (
      await fetch(`${registry.url}/token?service=ghcr.io&scope=repository:acme/redact:pull,push`)
    ).json()) as { token: string };
    expect(more).toEqual({});
    const asked = (path: string, method = 'GET') =>
      fetch(`${registry.url}/v2/acme/redact/${path}`, {
        method,
        redirect: 'manual',
        headers: { authorization: `Bearer ${token}` },
      });
    expect((await asked(`referrers/sha256:${'0'.repeat(64)}`)).status).toBe(303);
    // Who has no login pulls, and pushes nothing.
    const denied = await asked('blobs/uploads/', 'POST');
    expect([denied.status, denied.headers.get('www-authenticate')]).toEqual([
      401,
      `Bearer realm="${registry.url}/token",service="ghcr.io",scope="repository:acme/redact:pull,push"`,
    ]);
  });

  it('the name of a robot has its $, in the config file too', async () => {
    const registry = await start({ profile: 'harbor' });
    const folder = await temporaryFolder();
    const env = { ...process.env, DOCKER_CONFIG: folder };
    const { username = '', password: stdin = '' } = registry.login?.() ?? {};
    expect(username).toBe('robot$ci');
    await runCommand(['login', registry.host, '-u', username, '--password-stdin'], { env, stdin });
    const { auths } = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
    expect(Buffer.from(auths[registry.host].auth, 'base64').toString()).toBe(`robot$ci:${stdin}`);
  });
});

describe('[CLI-31] the tags', () => {
  it('of a layout are those that it names', async () => {
    const registry = await start({});
    const folder = await temporaryFolder();
    await pushPlugin({ ...plugin, reference: `${registry.host}/acme/redact:1`, credentials: nobody });
    await runCommand(['plugin', 'copy', `${registry.host}/acme/redact:1`, `oci:${folder}/layout:here`]);
    for (const layout of [`oci:${folder}/layout`, `${folder}/layout`]) {
      expect(await runCommand(['plugin', 'tags', layout])).toMatchObject({ code: 0, stdout: 'here\n' });
    }
  });

  it.each([
    ['127.0.0.1:1/acme/redact:1', 2, 'usage'],
    [`127.0.0.1:1/acme/redact@sha256:${'0'.repeat(64)}`, 2, 'usage'],
    ['acme', 3, 'reference_invalid'],
    ['./no-such-folder', 4, 'artifact_not_found'],
  ])('of %s are not asked for', async (word, code, what) => {
    expect(await runCommand(['plugin', 'tags', word])).toMatchObject({ code, stderr: expect.stringContaining(what) });
  });
});
