import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { watGuest } from '../../../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../../../test/fixtures/guest-descriptor.ts';
import { runCommand } from '../../../../../test/fixtures/run-command.ts';
import { temporaryFolder } from '../../../../../test/fixtures/temporary-folder.ts';

const hooks = ['tool_pre_invoke', 'tool_post_invoke'];
const plugin = (before: string) => watGuest(guestDescriptor('passes', { hooks }), { before });
const request = { tag: 'tool-call', val: { name: 'x', arguments: '{}' } };
const passes = { name: 'passes', hook: 'tool_pre_invoke', request, expect: { outcome: 'proceed' } };

async function folderWith(before: string, ...cases: object[]) {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'cases'));
  await writeFile(join(folder, 'cases/a.json'), JSON.stringify({ cases }));
  await writeFile(join(folder, 'it.wasm'), await plugin(before));
  return { folder, argv: ['plugin', 'test', folder, '--component', join(folder, 'it.wasm')] };
}

it('[AUT-23] tells of each case, of the hooks that have none, and ends with 1 when one fails', {
  timeout: 600_000,
}, async () => {
  const wrong = { ...passes, name: 'blocks', expect: { outcome: 'block' } };
  const { argv } = await folderWith('', passes, wrong);
  const { code, stdout } = await runCommand(argv);
  expect({ code, stdout }).toEqual({
    code: 1,
    stdout: expect.stringMatching(
      /^plugin: passes 0\.1\.0\ncomponent: not kept sha256:[0-9a-f]{64}\n {2}ok {4}passes +[\d.]+ ms +[\d.]+ MiB\n {2}FAIL {2}blocks .*\n +outcome\n +expected "block"\n +got +"proceed"\nhooks: tool_pre_invoke 2, tool_post_invoke has no cases\n1 passed, 1 failed\n$/,
    ),
  });
  const json = JSON.parse((await runCommand([...argv, '--json'])).stdout);
  expect(json).toMatchObject({ passed: 1, failed: 1, coverage: { tool_pre_invoke: 2, tool_post_invoke: 0 } });
});

it('[AUT-23] tells where another version does not do the same', async () => {
  const { argv } = await folderWith('', passes);
  const other = await folderWith('unreachable', passes);
  const against = [...argv, '--against', join(other.folder, 'it.wasm'), '--json'];
  const { code, stdout } = await runCommand(against);
  expect({ code, ...JSON.parse(stdout) }).toMatchObject({
    code: 0,
    changes: [
      {
        name: 'passes',
        differences: expect.arrayContaining([{ path: '0.outcome', expected: 'failed', got: 'proceed' }]),
      },
    ],
  });
});

it('[SBX-105] limits the fuel of each call as --fuel says', async () => {
  const { argv } = await folderWith('(loop $l (br $l))', passes);
  const { code, stdout } = await runCommand([...argv, '--fuel', '1000000', '--json']);
  expect(code).toBe(1);
  expect(stdout).toContain('units of fuel more than the 1000000 allowed (limits.fuel)');
  const refused = await runCommand([...argv, '--fuel', '1e6']);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--fuel') });
});

it('[AUT-23] refuses a folder without cases', async () => {
  const { code, stderr } = await runCommand(['plugin', 'test', await temporaryFolder()]);
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('cases_invalid') });
});

it('[AUT-24] watches: a change is tested, what cannot be read is told, and Ctrl-C ends it', {
  timeout: 600_000,
}, async () => {
  const { folder, argv } = await folderWith('', passes);
  const main = join(import.meta.dirname, '../../../bin/sallyport.js');
  const child = spawn(process.execPath, [main, ...argv, '--watch'], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const until = reader(child);
  await until('1 passed, 0 failed');
  await writeFile(join(folder, 'cases/a.json'), '{');
  await until('cases_invalid');
  await writeFile(join(folder, 'cases/a.json'), JSON.stringify({ cases: [passes, { ...passes, name: 'again' }] }));
  await until('2 passed, 0 failed');
  const ended = new Promise(resolve => child.once('exit', resolve));
  child.kill('SIGINT');
  expect(await ended).toBe(130);
});

it('[AUT-86] puts what passed in its place, where it can be signed, and nothing that failed', {
  timeout: 600_000,
}, async () => {
  const { folder } = await folderWith('', passes);
  const source = (tag: string) => `import { transform } from '@sallyport/plugin';
    export const { lifecycle, dispatchHooks } = transform({ before: () => (${tag}) });`;
  await writeFile(join(folder, 'plugin.json'), JSON.stringify(guestDescriptor('passes', { hooks })));
  await writeFile(join(folder, 'passes.js'), source('undefined'));
  const key = join(folder, 'key.pem');
  await runCommand(['keygen', '--key', key]);
  const sign = ['plugin', 'sign', '--key', key, join(folder, 'passes.wasm')];
  expect(await runCommand(['plugin', 'test', folder])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^component: .*passes.wasm sha256:[0-9a-f]{64}$/m),
  });
  expect(await runCommand(sign)).toMatchObject({ code: 0 });

  await writeFile(join(folder, 'passes.js'), `${source('undefined')}throw new Error();`);
  expect((await runCommand(['plugin', 'test', folder])).code).toBe(1);
  expect((await runCommand(sign)).stderr).toContain('component_stale');
});

/** Resolves when the child has printed this, after what was waited for before. */
function reader({ stdout }: ChildProcess): (text: string) => Promise<void> {
  let printed = '';
  stdout?.on('data', chunk => {
    printed += String(chunk);
  });
  return async text => {
    await vi.waitUntil(() => printed.includes(text), { timeout: 600_000, interval: 50 });
    printed = printed.slice(printed.indexOf(text) + text.length);
  };
}
