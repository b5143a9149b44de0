import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keyPair } from '../../../test/fixtures/signed-plugin.ts';
import { temporaryFolder } from '../../../test/fixtures/temporary-folder.ts';
import { silentLog } from '../core/log.ts';
import { createSource } from './create-source.ts';
import { type Hold, sourceCases } from './source.case.ts';
import { fetchArtifact } from './source.ts';

const open = (baseDir: string, maxBytes?: number) =>
  createSource({ file: './plugin.wasm' }, { log: silentLog(), baseDir, maxBytes });

const inFile: Hold = async (component, maxBytes) => {
  const folder = await temporaryFolder();
  const file = join(folder, 'plugin.wasm');
  const replace = (bytes: Uint8Array | undefined) => (bytes ? writeFile(file, bytes) : rm(file));
  await replace(component);
  return { source: open(folder, maxBytes), replace };
};

describe('from a file', () => sourceCases(inFile));

it('[SRC-07] takes the 64 bytes in X.wasm.sig as the signature over X.wasm', async () => {
  const folder = await temporaryFolder();
  const component = Buffer.from('a component');
  const { signature } = keyPair().sign(component);
  await writeFile(join(folder, 'plugin.wasm'), component);
  await writeFile(join(folder, 'plugin.wasm.sig'), signature);
  const artifact = await fetchArtifact(open(folder));
  expect(artifact.signatures).toEqual([{ signature: Buffer.from(signature) }]);
  expect(artifact.origin).toEqual({ reference: './plugin.wasm' });
});

it.each([
  { what: 'empty', sidecar: Buffer.alloc(0), length: 0 },
  { what: 'far too long', sidecar: Buffer.alloc(1_000_000), length: 4096 },
])('hands on a sidecar that is $what as a claim, which will not hold', async ({ sidecar, length }) => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'plugin.wasm'), 'a component');
  await writeFile(join(folder, 'plugin.wasm.sig'), sidecar);
  const { signatures } = await fetchArtifact(open(folder));
  expect(signatures.map(({ signature }) => signature.length)).toEqual([length]);
});

it.each(['plugin.wasm', 'plugin.wasm.sig'])('refuses a folder in the place of %s', async name => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'plugin.wasm'), 'a component');
  await rm(join(folder, name), { force: true });
  await mkdir(join(folder, name));
  await expect(fetchArtifact(open(folder))).rejects.toMatchObject({
    code: 'file_unreadable',
    details: { reference: './plugin.wasm', file: join(folder, name) },
  });
});
