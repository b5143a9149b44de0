import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { descriptorOf } from '../../../../test/fixtures/signed-plugin.ts';
import { temporaryFolder } from '../../../../test/fixtures/temporary-folder.ts';
import { digestOf } from '../../core/digest.ts';
import { silentLog } from '../../core/log.ts';
import { createSource } from '../create-source.ts';
import { buildPluginManifest } from '../plugin-manifest.ts';
import { type Hold, sourceCases } from '../source.case.ts';
import { fetchArtifact } from '../source.ts';
import { blobFile } from './blob-folder.ts';
import { openImageLayout } from './image-layout.ts';

async function layoutWith(directory: string, ...held: readonly { tag: string; component: Uint8Array }[]) {
  const layout = openImageLayout(directory);
  for (const { tag, component } of held) {
    const built = buildPluginManifest({ component, descriptor: descriptorOf(), imports: [], exports: [] });
    for (const { bytes } of [built.component, built.config, built.manifest]) await layout.write(bytes);
    await layout.name(tag, built.manifest.descriptor);
  }
  return layout;
}

const open = (reference: string, baseDir: string, maxBytes?: number) =>
  createSource({ oci_layout: reference }, { log: silentLog(), baseDir, maxBytes });

const inLayout: Hold = async (component, maxBytes) => {
  const folder = await temporaryFolder();
  await layoutWith(join(folder, 'layout'), { tag: '1', component });
  const blob = blobFile(join(folder, 'layout'), digestOf(component));
  return {
    source: open('./layout', folder, maxBytes),
    replace: bytes => (bytes ? writeFile(blob, bytes) : rm(blob)),
  };
};

describe('from a layout', () => sourceCases(inLayout));

describe('a layout of two', () => {
  const two = [
    { tag: 'acme/redact:1', component: Buffer.from('one') },
    { tag: '2', component: Buffer.from('two') },
  ];

  it.each([
    ['./layout:acme/redact:1', 'one'],
    ['./layout:2', 'two'],
  ])('[SRC-06] %s is chosen by its name', async (reference, text) => {
    const folder = await temporaryFolder();
    await layoutWith(join(folder, 'layout'), ...two);
    const { bytes, origin } = await fetchArtifact(open(reference, folder));
    expect(Buffer.from(bytes).toString()).toBe(text);
    expect(origin).toEqual({ reference, manifest: expect.stringMatching(/^sha256:/) });
  });

  it('must be told which one', async () => {
    const folder = await temporaryFolder();
    await layoutWith(join(folder, 'layout'), ...two);
    await expect(open('./layout', folder).resolve()).rejects.toMatchObject({
      code: 'layout_invalid',
      details: { holds: ['2', 'acme/redact:1'] },
      hint: 'Say which one: ./layout:2',
    });
  });
});

it.each([
  { what: 'that is not there', code: 'artifact_not_found', files: undefined },
  { what: 'that is empty', code: 'layout_invalid', files: {} },
  { what: 'without an index', code: 'layout_invalid', files: { 'oci-layout': '{"imageLayoutVersion":"1.0.0"}' } },
  {
    what: 'of a later version',
    code: 'layout_invalid',
    files: { 'oci-layout': '{"imageLayoutVersion":"2.0.0"}', 'index.json': '{"schemaVersion":2,"manifests":[]}' },
  },
  {
    what: 'whose index is not JSON',
    code: 'layout_invalid',
    files: { 'oci-layout': '{"imageLayoutVersion":"1.0.0"}', 'index.json': '{' },
  },
  {
    what: 'whose index is another thing',
    code: 'layout_invalid',
    files: { 'oci-layout': '{"imageLayoutVersion":"1.0.0"}', 'index.json': '{"schemaVersion":1}' },
  },
  {
    what: 'that holds nothing',
    code: 'artifact_not_found',
    files: { 'oci-layout': '{"imageLayoutVersion":"1.0.0"}', 'index.json': '{"schemaVersion":2,"manifests":[]}' },
  },
])('refuses a folder $what', async ({ code, files }) => {
  const folder = await temporaryFolder();
  if (files) await mkdir(join(folder, 'layout'));
  for (const [name, text] of Object.entries(files ?? {})) await writeFile(join(folder, 'layout', name), text);
  await expect(open('./layout', folder).resolve()).rejects.toMatchObject({ code, details: { reference: './layout' } });
});
