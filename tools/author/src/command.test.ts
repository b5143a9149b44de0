import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@sallyport/host/core/log';
import { createSource } from '@sallyport/host/source/create-source';
import { fetchArtifact } from '@sallyport/host/source/source';
import { readDescriptor } from '@sallyport/host/verify/descriptor-section';
import { createVerifier } from '@sallyport/host/verify/verifier';
import { startRegistry } from '@sallyport/registry/start-registry';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  componentWith,
  descriptorOf,
  emptyComponent,
  emptyModule,
  withSection,
} from '../../../test/fixtures/signed-plugin.ts';
import { runCommand } from './command.ts';

let folder = '';
const at = (name: string) => join(folder, name);
const said = { out: '', err: '' };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-author-'));
  said.out = said.err = '';
  vi.spyOn(console, 'log').mockImplementation(text => {
    said.out += `${text}\n`;
  });
  vi.spyOn(console, 'error').mockImplementation(text => {
    said.err += `${text}\n`;
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

const newKey = () => runCommand(['keygen', '--key', at('key.pem')]);

describe('keygen', () => {
  it('[AUT-04] makes a private key that only its owner can read, and overwrites nothing', async () => {
    expect(await newKey()).toBe(0);
    expect((await stat(at('key.pem'))).mode & 0o777).toBe(0o600);
    const before = await readFile(at('key.pem'));
    expect(await newKey()).toBe(2);
    expect(said.err).toContain(`${at('key.pem')}: file_exists`);
    expect(await readFile(at('key.pem'))).toEqual(before);
  });

  it('[AUT-04] leaves no private key behind when the public one cannot be written', async () => {
    await writeFile(at('key.pub.pem'), 'here first');
    expect(await newKey()).toBe(2);
    await expect(stat(at('key.pem'))).rejects.toThrow('ENOENT');
  });
});

describe('sign', () => {
  beforeEach(newKey);
  const sign = (...more: string[]) => runCommand(['sign', at('redact.wasm'), '--key', at('key.pem'), ...more]);

  it('[AUT-05] embeds the plugin.json beside a component that carries none, and says so', async () => {
    await writeFile(at('redact.wasm'), emptyComponent);
    await writeFile(at('plugin.json'), JSON.stringify(descriptorOf()));
    expect(await sign('--json')).toBe(0);
    expect(said.err).toContain('carried no descriptor');
    expect(JSON.parse(said.out.split('\n').findLast(line => line.startsWith('{')) ?? '')).toMatchObject({
      embedded: true,
    });
    expect(readDescriptor(await readFile(at('redact.wasm')))).toEqual(descriptorOf());
    expect(await readFile(at('redact.wasm.sig'))).toHaveLength(64);
  });

  it('[AUT-05] leaves a component that carries its descriptor as it is', async () => {
    await writeFile(at('redact.wasm'), componentWith());
    await writeFile(at('plugin.json'), JSON.stringify(descriptorOf()));
    expect(await sign()).toBe(0);
    expect(await readFile(at('redact.wasm'))).toEqual(Buffer.from(componentWith()));
  });

  it.each([
    {
      what: 'a descriptor that differs',
      bytes: componentWith(),
      beside: descriptorOf({ version: '2.0.0' }),
      code: 'descriptor_mismatch',
      exit: 4,
    },
    {
      what: 'a plugin.json that is wrong',
      bytes: emptyComponent,
      beside: { id: 'redact' },
      code: 'descriptor_invalid',
      exit: 4,
    },
    { what: 'a core module', bytes: emptyModule, beside: descriptorOf(), code: 'component_core_module', exit: 4 },
  ])('[AUT-05] refuses $what', async ({ bytes, beside, code, exit }) => {
    await writeFile(at('redact.wasm'), bytes);
    await writeFile(at('plugin.json'), JSON.stringify(beside));
    expect(await sign()).toBe(exit);
    expect(said.err).toContain(code);
    await expect(stat(at('redact.wasm.sig'))).rejects.toThrow('ENOENT');
  });

  it.each(['public key', 'no key at all'])('[AUT-05] refuses a %s as the private one', async what => {
    await writeFile(at('redact.wasm'), componentWith());
    await writeFile(at('key.pem'), what === 'public key' ? await readFile(at('key.pub.pem')) : 'x');
    expect(await sign()).toBe(2);
    expect(said.err).toContain('private_key_invalid');
  });
});

describe('push', () => {
  beforeEach(async () => {
    await newKey();
    await writeFile(at('redact.wasm'), componentWith());
    await runCommand(['sign', at('redact.wasm'), '--key', at('key.pem')]);
  });
  const push = (reference: string) => runCommand(['push', at('redact.wasm'), reference, '--public', at('key.pub.pem')]);

  it('[AUT-06] brings a plugin to a registry, from which the gateway accepts it', async () => {
    await using registry = await startRegistry({ directory: at('registry') });
    const oci = `${registry.host}/acme/redact:1.0.0`;
    expect(await push(oci)).toBe(0);
    const artifact = await fetchArtifact(createSource({ oci }, { log: silentLog(), baseDir: folder }));
    const key = { id: 'acme', pem: await readFile(at('key.pub.pem'), 'utf8'), scopes: [`${registry.host}/acme/*`] };
    const verifier = createVerifier({
      trust: { keys: [key], revoked_digests: [] },
      requireSigned: true,
      log: silentLog(),
    });
    expect(await verifier.verify(artifact, { id: 'redact' })).toMatchObject({ signer: { id: 'acme' } });
  });

  it('[AUT-06] sends nothing whose signature does not hold', async () => {
    await writeFile(at('redact.wasm'), withSection(componentWith(), 'more', Uint8Array.of(1)));
    expect(await push('127.0.0.1:1/acme/redact:1.0.0')).toBe(4);
    expect(said.err).toContain('signature_invalid');
  });
});

describe('the author’s commands', () => {
  it.each([[[]], [['frob']], [['sign']], [['build', '--frob']], [['sign', 'none.wasm', '--key', 'none.pem']]])(
    '[AUT-04] exit with 2 for %j',
    async argv => {
      expect(await runCommand(argv)).toBe(2);
      expect(said.err).toContain('usage');
    },
  );

  it('[AUT-04] are listed by --help', async () => {
    expect(await runCommand(['--help'])).toBe(0);
    expect(said.err).toMatch(/keygen[\s\S]*build[\s\S]*sign[\s\S]*push/);
  });
});
