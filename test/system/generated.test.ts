import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);

describe('the repository', () => {
  it('[RUN-09] has generated files that are what their sources make', async () => {
    const { stderr } = await run(process.execPath, ['tools/scripts/generate.ts', '--check'], { cwd: root });
    expect(stderr).toContain('Generated files are up to date.');
  });

  // Locally they are run by `pnpm check`, which a developer waits for anyway.
  it.runIf(process.env.CI === 'true').each(['check:style', 'check:types', 'check:unused'])(
    '[RUN-09] passes `pnpm %s`',
    async script => {
      await run(process.execPath, ['--run', script], { cwd: root });
    },
    300_000,
  );
});

it('[RUN-09] the Node that dependencies are chosen for is the one that is installed', async () => {
  const { nodeVersion } = parse(await readFile(join(root, 'pnpm-workspace.yaml'), 'utf8'));
  const { devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  expect(nodeVersion).toBe(devDependencies.node);
});
