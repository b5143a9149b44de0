import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '@sallyport/host/core';
import { expect, it } from 'vitest';
import { guestDescriptor } from '../../../../../test/fixtures/guest-descriptor.ts';
import { runCommand } from '../../../../../test/fixtures/run-command.ts';
import { temporaryFolder } from '../../../../../test/fixtures/temporary-folder.ts';
import { readInput } from '../../read-input.ts';

const source = `export const lifecycle = { configure() {} };
export const dispatchHooks = { beforeDispatch: () => ({ tag: 'proceed' }), afterDispatch: () => ({ tag: 'proceed' }) };`;

async function folderWith(files: Readonly<Record<string, string>>, fields: object = {}) {
  const folder = await temporaryFolder();
  const all = { 'plugin.json': JSON.stringify(guestDescriptor('built', { ...fields })), ...files };
  for (const [name, text] of Object.entries(all)) await writeFile(join(folder, name), text);
  return folder;
}

it('[AUT-29] tells language, digest and size by section', async () => {
  const folder = await folderWith({ 'built.js': source });
  const { code, stdout } = await runCommand(['plugin', 'build', folder, '--json']);
  const component = join(folder, 'built.wasm');
  const bytes = await readInput(component);
  expect(code).toBe(0);
  const told = JSON.parse(stdout);
  expect(told).toMatchObject({
    plugin: 'built',
    language: 'js',
    component,
    digest: digestOf(bytes),
    bytes: bytes.length,
  });
  expect(told.parts[0]).toEqual({ section: 'core module: code', count: expect.any(Number), bytes: expect.any(Number) });
});

it.each([
  { what: 'in no known language', files: {}, says: 'cannot tell which language it is written in' },
  { what: 'in one of two languages', files: { 'a.js': '', 'Cargo.toml': '' }, says: 'in rust or js' },
  {
    what: 'in one of two modules',
    files: { 'a.js': '', 'b.js': '' },
    says: 'cannot tell which language it is written in',
  },
])('[AUT-29] refuses a plugin $what', async ({ files, says }) => {
  const { code, stderr } = await runCommand(['plugin', 'build', await folderWith(files)]);
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining(says) });
});

it('[AUT-29] refuses a module in a language that it does not know', async () => {
  const folder = await folderWith({ 'a.rb': '' });
  const { code, stderr } = await runCommand(['plugin', 'build', folder, '--source', join(folder, 'a.rb')]);
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('name a file that ends in') });
});
