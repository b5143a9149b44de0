import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../../test/fixtures/temporary-folder.ts';
import { dockerCredentials } from './find-login.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const me = { kind: 'basic', username: 'me', password: 'pa:ss' };

/** Looks up `registry` with this config.json, and with credential helpers that are these shell scripts. */
async function lookUp(
  config: unknown,
  registry = 'ghcr.io',
  helpers: Readonly<Record<string, string>> = {},
  repository?: string,
) {
  const folder = await temporaryFolder();
  const text = typeof config === 'string' ? config : JSON.stringify(config);
  if (config !== undefined) await writeFile(join(folder, 'config.json'), text);
  const bin = join(folder, 'bin');
  await mkdir(bin);
  for (const [name, script] of Object.entries(helpers)) {
    await writeFile(join(bin, `docker-credential-${name}`), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, `docker-credential-${name}`), 0o755);
  }
  return dockerCredentials({ DOCKER_CONFIG: folder, PATH: `${bin}:/usr/bin:/bin` })(registry, repository);
}

const answer = (username: string, secret: string) =>
  `read registry; echo '{"ServerURL":"'$registry'","Username":"${username}","Secret":"${secret}"}'`;

it.each([
  ['nothing, without a file', undefined, undefined],
  ['nothing, for another registry', { auths: { 'quay.io': { auth: base64('me:pa:ss') } } }, undefined],
  ['nothing, for an empty entry', { auths: { 'ghcr.io': {} } }, undefined],
  ['auth', { auths: { 'ghcr.io': { auth: base64('me:pa:ss') } } }, me],
  ['auth under a URL', { auths: { 'https://ghcr.io/v2/': { auth: base64('me:pa:ss') } } }, me],
  ['username and password', { auths: { 'ghcr.io': { username: 'me', password: 'pa:ss' } } }, me],
  ['an identity token', { auths: { 'ghcr.io': { identitytoken: 't' } } }, { kind: 'identity', token: 't' }],
  ['a registry token', { auths: { 'ghcr.io': { registrytoken: 't' } } }, { kind: 'registry', token: 't' }],
])('[SRC-13] finds %s', async (_, config, credential) => {
  const found = await lookUp(config);
  expect(found).toEqual(credential === undefined ? undefined : { ...credential, from: expect.any(String) });
});

const login = (username: string) => ({ auth: base64(`${username}:x`) });
const teams = { 'r.example/team-a': login('a'), 'r.example/team-a/deep': login('deep'), 'r.example': login('all') };
it.each([
  ['the registry for another team', teams, 'team-b/x', 'all'],
  ['the team for its repository', teams, 'team-a/x', 'a'],
  ['the most specific part of the path', teams, 'team-a/deep/x', 'deep'],
  ['the repository itself', { ...teams, 'r.example/team-a/x': login('x') }, 'team-a/x', 'x'],
  ['no team whose name merely begins the same', teams, 'team-ab/x', 'all'],
  ['nothing for another team alone', { 'r.example/team-a': login('a') }, 'team-b/x', undefined],
  ['no team where no repository is known', { 'r.example/team-a': login('a') }, undefined, undefined],
  ['the plain name before a URL', { 'https://r.example/v1/': login('old'), 'r.example': login('all') }, 'x', 'all'],
  ['the URL before nothing', { 'https://r.example/v1/': login('old') }, 'x', 'old'],
  ['another entry instead of an empty one', { 'r.example': {}, 'https://r.example/v1/': login('old') }, 'x', 'old'],
  ['another entry instead of null', { 'r.example/x': null, 'r.example': login('all') }, 'x', 'all'],
])('[SRC-33] takes %s, in whatever order they stand', async (_, auths, repository, username) => {
  for (const entries of [Object.entries(auths), Object.entries(auths).toReversed()]) {
    const found = await lookUp({ auths: Object.fromEntries(entries) }, 'r.example', {}, repository);
    expect(found).toEqual(
      username && { kind: 'basic', username, password: 'x', from: expect.stringContaining('auths.') },
    );
  }
});

it.each(['docker.io', 'index.docker.io', 'registry-1.docker.io'])(
  '[SRC-33] finds the login of Docker Hub for %s under each of its names',
  async registry => {
    for (const name of ['https://index.docker.io/v1/', 'docker.io', 'index.docker.io', 'registry-1.docker.io']) {
      expect(await lookUp({ auths: { [name]: login('hub') } }, registry)).toMatchObject({ username: 'hub' });
      const helpers = { hub: answer('helper', 'x') };
      expect(await lookUp({ credHelpers: { [name]: 'hub' } }, registry, helpers)).toMatchObject({ username: 'helper' });
    }
  },
);

it.each([
  ['null members', '{"auths":null,"credHelpers":null,"credsStore":null}', undefined],
  ['null within', '{"auths":{"quay.io":null,"ghcr.io":{"auth":"bWU6cGE6c3M=","identitytoken":null}}}', me],
  ['a byte order mark', `\uFEFF{"auths":{"ghcr.io":{"auth":"${base64('me:pa:ss')}"}}}`, me],
])('[SRC-33] reads a file with %s', async (_, text, credential) => {
  const found = await lookUp(text);
  expect(found).toEqual(credential === undefined ? undefined : { ...credential, from: expect.any(String) });
});

it("[SRC-13] finds Docker Hub's login under the name that docker keeps it", async () => {
  const auths = { 'https://index.docker.io/v1/': { auth: base64('me:pa:ss') } };
  expect(await lookUp({ auths }, 'docker.io')).toMatchObject(me);
});

const auths = { 'ghcr.io': { auth: base64('file:x') } };
it.each([
  ['a helper of the registry before the store', { credHelpers: { 'ghcr.io': 'one' }, credsStore: 'two', auths }, 'one'],
  ['the store before auths', { credsStore: 'two', auths }, 'two'],
  ['auths, when the helper knows nothing', { credsStore: 'none', auths }, 'file'],
])('[SRC-13] asks %s', async (_, config, username) => {
  const helpers = {
    one: answer('one', 'x'),
    two: answer('two', 'x'),
    none: 'echo "credentials not found in native keychain"; exit 1',
  };
  expect(await lookUp(config, 'ghcr.io', helpers)).toMatchObject({ username });
});

it('gives the helper the registry, and takes <token> for an identity token', async () => {
  const script = `read registry; echo '{"ServerURL":"","Username":"<token>","Secret":"for '$registry'"}'`;
  const credential = await lookUp({ credsStore: 'one' }, 'ghcr.io', { one: script });
  expect(credential).toEqual({ kind: 'identity', token: 'for ghcr.io', from: 'docker-credential-one' });
});

it.each([
  ['docker_config_invalid', 'not JSON', '{"auths": {"ghcr.io": {"auth": "c2VjcmV0OnNlY3JldA=="', {}],
  ['docker_config_invalid', 'of another shape', { auths: { 'ghcr.io': { auth: 7 } } }, {}],
  ['docker_config_invalid', 'with a login that is none', { auths: { 'ghcr.io': { auth: base64('secret') } } }, {}],
  ['credential_helper_failed', 'with a helper that is a path', { credsStore: '../../bin/sh' }, {}],
  ['credential_helper_failed', 'with a helper that is not there', { credsStore: 'absent' }, {}],
  ['credential_helper_failed', 'with a helper that fails', { credsStore: 'one' }, { one: 'echo secret; exit 1' }],
  ['credential_helper_failed', 'with a helper that babbles', { credsStore: 'one' }, { one: 'echo secret' }],
])('[SRC-14] says %s for a file %s, and no secret', async (code, _, config, helpers) => {
  const fault = await lookUp(config, 'ghcr.io', helpers).catch((error: unknown) => error);
  expect(fault).toMatchObject({ code });
  expect(JSON.stringify([fault, String(fault), String((fault as Error).cause)])).not.toMatch(/secret|c2VjcmV0/);
});
