import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readDescriptorFile } from './read-descriptor-file.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-descriptor-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const descriptor = {
  api: '0.1',
  id: 'a',
  version: '1.0.0',
  description: 'x',
  kind: 'transform',
  hooks: ['tool_pre_invoke'],
};

const read = async (config_schema: object) => {
  const file = join(folder, 'plugin.json');
  await writeFile(file, JSON.stringify({ ...descriptor, config_schema }));
  return readDescriptorFile(file);
};

it.each([
  {
    what: 'a pattern',
    schema: { properties: { url: { pattern: '(' } } },
    path: 'config_schema.properties.url.pattern',
  },
  { what: 'a reference', schema: { $ref: '#/$defs/missing' }, path: 'config_schema.$ref' },
])('[HOOK-31] a config_schema with $what that cannot be used is refused, with its place', async ({ schema, path }) => {
  await expect(read(schema)).rejects.toMatchObject({
    code: 'descriptor_invalid',
    details: { path, what: expect.stringContaining('does not support this part') },
  });
});

it('[HOOK-31] a config_schema may escape more than it must', async () => {
  await expect(read({ properties: { url: { pattern: '^https\\:\\/\\/' } } })).resolves.toMatchObject({ id: 'a' });
});
