import { chmod, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { dockerCredentials } from '@sallyport/host/source';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { runCommand } from '../../../../test/fixtures/run-command.ts';
import { temporaryFolder } from '../../../../test/fixtures/temporary-folder.ts';

let folder = '';
let env: NodeJS.ProcessEnv = {};
let host = '';
const config = () => join(folder, 'config.json');

/** A registry that takes one login. */
async function registryOf(login: string): Promise<string> {
  const server = createServer(({ headers }, response) => {
    const known = headers.authorization === `Basic ${Buffer.from(login).toString('base64')}`;
    response.writeHead(known ? 200 : 401, { 'www-authenticate': 'Basic realm="here"' }).end('{}');
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeEach(async () => {
  folder = await temporaryFolder();
  env = { ...process.env, DOCKER_CONFIG: folder };
  host = await registryOf('me:pass:word');
});
const login = (stdin: string, ...more: string[]) =>
  runCommand(['login', host, '-u', 'me', '--password-stdin', ...more], { env, stdin });

describe('[CLI-17] a login', () => {
  it('is kept where docker looks for it, readable by its owner alone, and what else is there stays', async () => {
    const before = { auths: { 'ghcr.io': { auth: 'eDp5' } }, currentContext: 'desktop', HttpHeaders: { a: 'b' } };
    await writeFile(config(), JSON.stringify(before));
    expect(await login('pass:word')).toMatchObject({ code: 0, stderr: expect.stringContaining('unencrypted') });
    const after = JSON.parse(await readFile(config(), 'utf8'));
    expect(after).toEqual({ ...before, auths: { ...before.auths, [host]: { auth: expect.any(String) } } });
    expect((await stat(config())).mode & 0o777).toBe(0o600);
    expect(await dockerCredentials(env)(host)).toMatchObject({ kind: 'basic', username: 'me', password: 'pass:word' });
    expect(await runCommand(['logout', host], { env })).toMatchObject({ code: 0, stdout: `${host}: removed\n` });
    expect(JSON.parse(await readFile(config(), 'utf8'))).toEqual(before);
    expect(await runCommand(['logout', host], { env })).toMatchObject({
      code: 0,
      stdout: `${host}: there was no login\n`,
    });
  });

  it('makes a folder that is not there, and leaves a link a link', async () => {
    env.DOCKER_CONFIG = join(folder, 'fresh');
    await login('pass:word');
    expect((await stat(join(folder, 'fresh'))).mode & 0o777).toBe(0o700);
    await mkdir(join(folder, 'linked'));
    await symlink('../fresh/config.json', join(folder, 'linked/config.json'));
    env.DOCKER_CONFIG = join(folder, 'linked');
    expect(await runCommand(['logout', host], { env })).toMatchObject({ stdout: `${host}: removed\n` });
    expect(JSON.parse(await readFile(join(folder, 'fresh/config.json'), 'utf8'))).toEqual({ auths: {} });
  });

  it.each([
    ['for all registries', () => ({ credsStore: 'test' })],
    ['for this one', () => ({ credHelpers: { [host]: 'test' }, credsStore: 'absent' })],
  ])('is given to the credential helper that is named %s', async (_, settings) => {
    const helper = join(folder, 'docker-credential-test');
    const store = join(folder, 'kept');
    await writeFile(
      helper,
      `#!/bin/sh\ncase $1 in
        store) cat > '${store}' ;;
        get) if [ -f '${store}' ]; then cat '${store}'; else echo 'credentials not found in native keychain'; exit 1; fi ;;
        erase) rm '${store}' ;;
      esac\n`,
    );
    await chmod(helper, 0o755);
    env.PATH = `${folder}${delimiter}${env.PATH}`;
    await writeFile(config(), JSON.stringify(settings()));
    expect(await login('pass:word', '--json')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('docker-credential-test'),
      stderr: '',
    });
    expect(JSON.parse(await readFile(store, 'utf8'))).toEqual({ ServerURL: host, Username: 'me', Secret: 'pass:word' });
    expect(JSON.parse(await readFile(config(), 'utf8'))).toEqual(settings());
    expect(await dockerCredentials(env)(host)).toMatchObject({ password: 'pass:word' });
    expect(await runCommand(['logout', host], { env })).toMatchObject({ stdout: `${host}: removed\n` });
    expect(await dockerCredentials(env)(host)).toBeUndefined();
  });

  it.each([
    ['config.json is not JSON', async () => writeFile(config(), '{'), 'docker_config_invalid'],
    ['its helper is missing', async () => writeFile(config(), '{"credsStore":"absent"}'), 'credential_helper_failed'],
    [
      'there is no room for it',
      async () => mkdir(join(folder, 'config.json/x'), { recursive: true }),
      'docker_config_',
    ],
    [
      'its folder is a file',
      async () => {
        await writeFile(join(folder, 'file'), '');
        env.DOCKER_CONFIG = join(folder, 'file');
      },
      'docker_config_',
    ],
  ])('is told, and no secret with it, when %s', async (_, prepare, code) => {
    await prepare();
    const { code: exit, stdout, stderr } = await login('pass:word');
    expect([exit === 0, stdout]).toEqual([false, '']);
    expect(stderr).toContain(code);
    expect(stderr).not.toContain('word');
  });

  it('that cannot be written is told', async () => {
    env.DOCKER_CONFIG = '/proc/self';
    expect(await login('pass:word')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('docker_config_unwritable'),
    });
  });
});

describe('[CLI-18] login', () => {
  it('keeps no password that the registry refuses', async () => {
    expect(await login('wrong')).toMatchObject({ code: 4, stderr: expect.stringContaining('registry_denied') });
    await expect(stat(config())).rejects.toThrow('ENOENT');
  });

  it('asks a person for name and password', async () => {
    expect(await runCommand(['login', host], { env, answers: ['me', 'pass:word'] })).toMatchObject({ code: 0 });
    expect(await dockerCredentials(env)(host)).toMatchObject({ username: 'me', password: 'pass:word' });
  });

  it.each<[string, string[], string]>([
    ['a password as an argument', ['--password', 'pass:word'], ''],
    ['an empty password', ['-u', 'me', '--password-stdin'], ''],
    ['no name', ['--password-stdin'], 'pass:word'],
    ['a name with a colon', ['-u', 'm:e', '--password-stdin'], 'pass:word'],
  ])('takes no %s', async (_, argv, stdin) => {
    expect(await runCommand(['login', host, ...argv], { env, stdin })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('usage'),
    });
  });

  it('refuses what is not a registry', async () => {
    expect(await runCommand(['login', 'https://ghcr.io'], { env })).toMatchObject({ code: 3 });
  });
});
