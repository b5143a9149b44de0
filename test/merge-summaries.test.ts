import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-summaries-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const names = (count: number) => Array.from({ length: count }, (_, index) => ` FAIL   unit  a.test.ts > ${index}`);

it.each([
  { what: 'two runs', logs: ['10 passed, 0 failed', '5 passed, 1 failed'], line: '15 passed, 1 failed' },
  {
    what: 'what was skipped, and each missing program once',
    logs: ['1 passed, 0 failed, 2 skipped (missing: a, b)', '1 passed, 0 failed, 1 skipped (missing: b, c)'],
    line: '2 passed, 0 failed, 3 skipped (missing: a, b, c)',
  },
  {
    what: 'what follows a summary',
    logs: ['3 passed, 1 failed\n ELIFECYCLE  Test failed.'],
    line: '3 passed, 1 failed',
  },
  { what: 'a run that did not end', logs: ['3 passed, 0 failed', 'Killed'], line: '3 passed, 1 failed' },
  {
    what: 'the names of failed tests, each once and without colours',
    logs: [
      '\u001b[41m FAIL \u001b[49m  unit  a.test.ts > one\n FAIL   unit  a.test.ts > two\n3 passed, 2 failed',
      ' FAIL   unit  a.test.ts > two\nError: FAIL  is no name\n1 passed, 1 failed',
    ],
    line: ' FAIL   unit  a.test.ts > one\n FAIL   unit  a.test.ts > two\n4 passed, 3 failed',
  },
  {
    what: 'at most 50 names',
    logs: [`${names(52).join('\n')}\n0 passed, 52 failed`],
    line: `${names(50).join('\n')}\n and 2 more\n0 passed, 52 failed`,
  },
])('[RUN-30] the summaries of several runs are added up, with $what', ({ logs, line }) => {
  const files = logs.map((text, index) => {
    const file = join(folder, `${index}.log`);
    writeFileSync(file, `some output\n${text}\n`);
    return file;
  });
  const script = join(import.meta.dirname, '../.ci/merge-summaries');
  expect(execFileSync(script, files, { encoding: 'utf8' })).toBe(`${line}\n`);
});
