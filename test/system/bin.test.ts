import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { root } from '../fixtures/markdown.ts';

const run = promisify(execFile);
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-bin-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('[RUN-79] runs from another folder and by a link, with no Node on the PATH', async () => {
  const link = join(folder, 'sallyport');
  await symlink(join(root, 'bin', 'sallyport'), link);
  const PATH = join(folder, 'path');
  await mkdir(PATH);
  for (const program of ['dirname', 'readlink']) await symlink(join('/usr/bin', program), join(PATH, program));
  const { stdout } = await run(link, ['keygen', '--key', 'key.pem', '--json'], { cwd: folder, env: { PATH } });
  expect(JSON.parse(stdout)).toMatchObject({ private_key: 'key.pem' });
});

it('[RUN-79] says how to install what it runs on', async () => {
  const clone = join(folder, 'clone');
  await mkdir(clone);
  await cp(join(root, 'bin'), join(clone, 'bin'), { recursive: true });
  await expect(run(join(clone, 'bin', 'sallyport'), ['--help'])).rejects.toMatchObject({
    code: 1,
    stderr: `sallyport: its dependencies are not installed: run \`npx -y pnpm@12 install\` in ${clone}\n`,
  });
});
