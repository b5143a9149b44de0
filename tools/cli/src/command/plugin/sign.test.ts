import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { emptyComponent, emptyModule, readDescriptor } from '@sallyport/host/wasm';
import { beforeEach, describe, expect, it } from 'vitest';
import { runCommand } from '../../../../../test/fixtures/run-command.ts';
import { componentWith, descriptorOf } from '../../../../../test/fixtures/signed-plugin.ts';
import { temporaryFolder } from '../../../../../test/fixtures/temporary-folder.ts';
import { readSources, stampBuild } from '../../build/build-stamp.ts';

let folder = '';
const at = (name: string) => join(folder, name);
beforeEach(async () => {
  folder = await temporaryFolder();
  await runCommand(['keygen', '--key', at('key.pem')]);
});
const sign = (...more: string[]) => runCommand(['plugin', 'sign', at('redact.wasm'), '--key', at('key.pem'), ...more]);

describe('sign', () => {
  it('[AUT-05] embeds the plugin.json beside a component that carries none, and says so', async () => {
    await writeFile(at('redact.wasm'), emptyComponent);
    await writeFile(at('plugin.json'), JSON.stringify(descriptorOf()));
    const { code, stdout, stderr } = await sign('--json');
    expect(code).toBe(0);
    expect(stderr).toContain('had no descriptor');
    expect(JSON.parse(stdout)).toMatchObject({ embedded: true });
    expect(readDescriptor(await readFile(at('redact.wasm')))).toEqual(descriptorOf());
    expect(await readFile(at('redact.wasm.sig'))).toHaveLength(64);
  });

  it('[AUT-05] leaves a component that carries its descriptor as it is', async () => {
    await writeFile(at('redact.wasm'), componentWith());
    await writeFile(at('plugin.json'), JSON.stringify(descriptorOf()));
    expect(await sign()).toMatchObject({ code: 0, stderr: '' });
    expect(await readFile(at('redact.wasm'))).toEqual(Buffer.from(componentWith()));
  });

  it.each([
    {
      what: 'a descriptor that differs',
      bytes: componentWith(),
      beside: descriptorOf({ version: '2.0.0' }),
      code: 'descriptor_mismatch',
    },
    {
      what: 'a plugin.json that is wrong',
      bytes: emptyComponent,
      beside: { id: 'redact' },
      code: 'descriptor_invalid',
    },
    { what: 'a core module', bytes: emptyModule, beside: descriptorOf(), code: 'component_core_module' },
  ])('[AUT-05] refuses $what', async ({ bytes, beside, code }) => {
    await writeFile(at('redact.wasm'), bytes);
    await writeFile(at('plugin.json'), JSON.stringify(beside));
    expect(await sign()).toMatchObject({ code: 4, stderr: expect.stringContaining(code) });
    await expect(stat(at('redact.wasm.sig'))).rejects.toThrow('ENOENT');
    expect(await readFile(at('redact.wasm'))).toEqual(Buffer.from(bytes));
  });

  it('[CLI-23] that finds no place for the signature leaves none', async () => {
    await writeFile(at('redact.wasm'), componentWith());
    const { mkdir } = await import('node:fs/promises');
    await mkdir(at('redact.wasm.sig/x'), { recursive: true });
    expect(await sign()).toMatchObject({ code: 1, stderr: expect.stringContaining('file_unwritable') });
  });
});

it('[AUT-86] refuses a component whose sources have changed since it was built, unless forced', async () => {
  await writeFile(at('redact.wasm'), componentWith());
  await writeFile(at('main.go'), 'package main');
  await stampBuild(folder, componentWith(), await readSources(folder));
  expect(await sign()).toMatchObject({ code: 0 });
  await writeFile(at('main.go'), 'package changed');
  expect(await sign()).toMatchObject({
    code: 4,
    stderr: expect.stringMatching(/component_stale.*\n.*sallyport plugin test/),
  });
  expect(await sign('--force')).toMatchObject({ code: 0 });
});
