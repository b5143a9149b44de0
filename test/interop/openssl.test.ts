import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keygen } from '@sallyport/cli/artifact/keygen';
import { parsePrivateKey } from '@sallyport/cli/artifact/private-key';
import { signComponent } from '@sallyport/cli/artifact/sign-component';
import { afterAll, beforeAll, expect } from 'vitest';
import { silentLog } from '../../host/src/core/log.ts';
import { createVerifier } from '../../host/src/verify/verifier.ts';
import { emptyComponent } from '../../host/src/wasm/binary-format.ts';
import { artifactOf, componentWith, descriptorOf, flipped } from '../fixtures/signed-plugin.ts';
import { itWith } from '../prerequisite.ts';

let folder = '';
const at = (name: string) => join(folder, name);
const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-openssl-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

itWith('openssl')('[VER-10] openssl verifies what the tool signed', async () => {
  await keygen({ privateKey: at('key.pem'), publicKey: at('key.pub.pem') });
  const signed = signComponent({
    bytes: emptyComponent,
    descriptor: descriptorOf(),
    privateKey: parsePrivateKey(await readFile(at('key.pem'), 'utf8')),
  });
  await writeFile(at('redact.wasm'), signed.bytes);
  await writeFile(at('redact.wasm.sig'), signed.signature);
  const verify = ['pkeyutl', '-verify', '-rawin', '-pubin', '-inkey', 'key.pub.pem', '-sigfile', 'redact.wasm.sig'];
  expect(openssl(...verify, '-in', 'redact.wasm')).toContain('Signature Verified Successfully');
  await writeFile(at('flipped.wasm'), flipped(signed.bytes, -2));
  expect(() => openssl(...verify, '-in', 'flipped.wasm')).toThrow();
});

itWith('openssl')('[VER-10] the host accepts what openssl signed, with a key that openssl made', async () => {
  openssl('genpkey', '-algorithm', 'ed25519', '-out', 'own.pem');
  openssl('pkey', '-in', 'own.pem', '-pubout', '-out', 'own.pub.pem');
  await writeFile(at('plugin.wasm'), componentWith());
  openssl('pkeyutl', '-sign', '-rawin', '-in', 'plugin.wasm', '-inkey', 'own.pem', '-out', 'plugin.wasm.sig');
  const artifact = artifactOf(await readFile(at('plugin.wasm')), [
    { signature: await readFile(at('plugin.wasm.sig')) },
  ]);
  const verifier = createVerifier({ trust: { keys: [], revoked_digests: [] }, requireSigned: true, log: silentLog() });
  const expected = { id: 'redact', publicKey: await readFile(at('own.pub.pem'), 'utf8') };
  expect((await verifier.verify(artifact, expected)).signer).toMatchObject({ by: 'source' });
});
