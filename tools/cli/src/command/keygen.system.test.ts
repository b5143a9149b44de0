import { execFile } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parsePublicKey } from '@sallyport/host/verify';
import { beforeEach, describe, expect, it } from 'vitest';
import { runCommand } from '../../../../test/fixtures/run-command.ts';
import { componentWith } from '../../../../test/fixtures/signed-plugin.ts';
import { temporaryFolder } from '../../../../test/fixtures/temporary-folder.ts';
import { itWith } from '../../../../test/prerequisite.ts';

let folder = '';
const at = (name: string) => join(folder, name);
beforeEach(async () => {
  folder = await temporaryFolder();
  await writeFile(at('passphrase'), 'correct horse\nanother line\n');
  await writeFile(at('plugin.wasm'), componentWith());
});
const keygen = (...more: string[]) => runCommand(['keygen', '--key', at('key.pem'), ...more]);
const sign = (...more: string[]) => runCommand(['plugin', 'sign', '--key', at('key.pem'), at('plugin.wasm'), ...more]);
const text = (name: string) => readFile(at(name), 'utf8');

describe('keygen', () => {
  it('[AUT-04] makes a private key that only its owner can read, and overwrites nothing', async () => {
    expect(await keygen()).toMatchObject({ code: 0 });
    expect((await stat(at('key.pem'))).mode & 0o777).toBe(0o600);
    const before = await text('key.pem');
    expect(await keygen()).toMatchObject({ code: 2, stderr: expect.stringContaining(`${at('key.pem')}: file_exists`) });
    expect(await text('key.pem')).toBe(before);
  });

  it('[AUT-04] leaves no private key behind when the public one cannot be written', async () => {
    await writeFile(at('key.pub.pem'), 'here first');
    expect(await keygen()).toMatchObject({ code: 2 });
    await expect(stat(at('key.pem'))).rejects.toThrow('ENOENT');
  });

  it('[CLI-05] encrypts the private key with a passphrase from a file', async () => {
    const { stdout } = await keygen('--passphrase-file', at('passphrase'), '--json');
    expect(await text('key.pem')).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
    expect(createPrivateKey({ key: await text('key.pem'), passphrase: 'correct horse' }).asymmetricKeyType).toBe(
      'ed25519',
    );
    expect(JSON.parse(stdout)).toMatchObject({
      encrypted: true,
      key_id: parsePublicKey(await text('key.pub.pem')).keyId,
    });
  });

  it('[CLI-05] asks for the passphrase twice', async () => {
    const argv = ['keygen', '--key', at('key.pem'), '--encrypt'];
    expect(await runCommand(argv, { answers: ['one', 'other'] })).toMatchObject({ code: 2 });
    expect(await runCommand(argv, { answers: [''] })).toMatchObject({ code: 2 });
    await expect(stat(at('key.pem'))).rejects.toThrow('ENOENT');
    expect(await runCommand(argv, { answers: ['one', 'one'] })).toMatchObject({ code: 0 });
    expect(createPrivateKey({ key: await text('key.pem'), passphrase: 'one' }).asymmetricKeyType).toBe('ed25519');
  });
});

describe('[CLI-06] an encrypted key', () => {
  beforeEach(() => keygen('--passphrase-file', at('passphrase')));

  it('signs with its passphrase from a file, or from a person', async () => {
    expect(await sign('--passphrase-file', at('passphrase'))).toMatchObject({ code: 0 });
    const signature = await readFile(at('plugin.wasm.sig'));
    const argv = ['plugin', 'sign', '--key', at('key.pem'), at('plugin.wasm')];
    expect(await runCommand(argv, { answers: ['correct horse'] })).toMatchObject({ code: 0 });
    expect(await readFile(at('plugin.wasm.sig'))).toEqual(signature);
  });

  it.each<[string, string | undefined, string]>([
    ['there is no terminal to prompt at', undefined, 'stdin is not a terminal'],
    ['it is wrong', 'wrong', 'it is wrong'],
    ['its file is empty', '', 'its first line is empty'],
  ])('is refused when %s', async (_, passphrase, what) => {
    if (passphrase !== undefined) await writeFile(at('other'), passphrase);
    const { code, stderr } = await sign(...(passphrase === undefined ? [] : ['--passphrase-file', at('other')]));
    expect(code).toBe(2);
    expect(stderr).toContain('passphrase_refused');
    expect(stderr).toContain(what);
    await expect(stat(at('plugin.wasm.sig'))).rejects.toThrow('ENOENT');
  });

  itWith('script')('is asked for at a terminal, without an echo', async () => {
    const main = join(import.meta.dirname, '../../bin/sallyport.js');
    const child = promisify(execFile)('script', [
      '-qec',
      `'${process.execPath}' '${main}' plugin sign --key '${at('key.pem')}' '${at('plugin.wasm')}'`,
      '/dev/null',
    ]);
    let shown = '';
    child.child.stdout?.on('data', chunk => {
      shown += chunk;
      if (/Passphrase of .*: $/.test(shown)) child.child.stdin?.write('correct horse\r');
    });
    await child;
    expect(shown).not.toContain('correct horse');
    expect(await readFile(at('plugin.wasm.sig'))).toHaveLength(64);
  });
});

const other = (type: 'rsa' | 'x25519') => {
  const { privateKey } =
    type === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('x25519');
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
};

it.each([
  ['an RSA key', () => other('rsa'), 'rsa'],
  ['a key for agreement', () => other('x25519'), 'x25519'],
  ['no key at all', () => 'x', 'private_key_invalid'],
])('[CLI-06] %s is refused', async (_, pem, what) => {
  await writeFile(at('key.pem'), pem());
  const { code, stderr } = await sign();
  expect(code).toBe(2);
  expect(stderr).toContain(`${at('key.pem')}: private_key_invalid`);
  expect(stderr).toContain(what);
});

it('[CLI-06] a public key is refused as the private one', async () => {
  await keygen();
  await writeFile(at('key.pem'), await text('key.pub.pem'));
  expect(await sign()).toMatchObject({ code: 2, stderr: expect.stringContaining('private_key_invalid') });
});
