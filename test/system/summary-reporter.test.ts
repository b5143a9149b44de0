import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

/** Within the repository, so that the files below find vitest. */
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(import.meta.dirname, '../../node_modules/.summary-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const vitest = join(dirname(import.meta.resolve('vitest').replace('file://', '')), '../vitest.mjs');
const head = "import { beforeAll, describe, expect, it } from 'vitest';\n";

it.each([
  { what: 'passed', text: "it('a', () => {}); it('b', () => {});", line: '2 passed, 0 failed' },
  { what: 'failed', text: "it('a', () => {}); it('b', () => expect(1).toBe(2));", line: '1 passed, 1 failed' },
  { what: 'was skipped', text: "it('a', () => {}); it.skip('b', () => {});", line: '1 passed, 0 failed, 1 skipped' },
  {
    what: 'was skipped, with the programs that it needs,',
    text: `import { itWith } from '${join(import.meta.dirname, '../prerequisite.ts')}';
      itWith('no-such-b')('a', () => expect(1).toBe(2));
      itWith('no-such-a').each([1, 2])('b %s', { timeout: 1 }, () => expect(1).toBe(2));
      itWith('sh')('c', () => {});`,
    line: '1 passed, 0 failed, 3 skipped (missing: no-such-a, no-such-b)',
  },
  {
    what: 'fails where CI=true, because a program is missing,',
    text: `import { itWith } from '${join(import.meta.dirname, '../prerequisite.ts')}';
      itWith('no-such-a')('a', () => expect(1).toBe(2));`,
    env: { CI: 'true' },
    line: '0 passed, 1 failed',
  },
  { what: 'cannot be loaded', text: "import './none.ts'; it('a', () => {});", line: '0 passed, 1 failed' },
  {
    what: 'could not be prepared',
    text: "describe('s', () => { beforeAll(() => { throw new Error('x'); }); it('a', () => {}); });",
    line: '0 passed, 1 failed, 1 skipped',
  },
  {
    what: 'nobody caught',
    text: "it('a', () => { setTimeout(() => { throw new Error('x'); }); return new Promise(r => setTimeout(r, 50)); });",
    line: '1 passed, 1 failed',
  },
])('[RUN-30] ends a run with one plain line that counts what $what', async ({ text, line, env = {} }) => {
  await writeFile(join(folder, 'some.test.ts'), head + text);
  const reporter = join(import.meta.dirname, '../summary-reporter.ts');
  const argv = [vitest, 'run', '--root', folder, '--reporter=default', `--reporter=${reporter}`];
  const { stdout } = await promisify(execFile)(process.execPath, argv, {
    env: { ...process.env, CI: '', ...env },
  }).catch((error: { stdout: string }) => error);
  expect(stdout.trimEnd().split('\n').at(-1)).toBe(line);
});
