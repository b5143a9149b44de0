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

/** Writes the output of each run to a file of its own. */
const files = (logs: readonly string[]) =>
  logs.map((text, index) => {
    const file = join(folder, `${index}.log`);
    writeFileSync(file, `some output\n${text}\n`);
    return file;
  });

const run = (script: string, args: readonly string[]) =>
  execFileSync(join(import.meta.dirname, '../.ci', script), args, { encoding: 'utf8' });

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
    what: 'the names of failed tests with their errors, each once and without colours',
    logs: [
      '\u001b[41m FAIL \u001b[49m  unit  a.test.ts > one\n FAIL   unit  a.test.ts > two\nError: a\n    b\n\n3 passed, 2 failed',
      ' FAIL   unit  a.test.ts > two\nError: a\n\n FAIL   unit  a.test.ts > three\nError: FAIL  is no name\n\n1 passed, 2 failed',
    ],
    line: [
      ' FAIL   unit  a.test.ts > one',
      ' FAIL   unit  a.test.ts > two',
      '   Error: a',
      ' FAIL   unit  a.test.ts > three',
      '   Error: FAIL  is no name',
      '4 passed, 4 failed',
    ].join('\n'),
  },
  {
    what: 'at most 50 names',
    logs: [`${names(52).join('\n')}\n0 passed, 52 failed`],
    line: `${names(50).join('\n')}\n and 2 more\n0 passed, 52 failed`,
  },
])('[RUN-30] the summaries of several runs are added up, with $what', ({ logs, line }) => {
  expect(run('merge-summaries', files(logs))).toBe(`${line}\n`);
});

const flaky = ' FAIL   system  b.test.ts > one\n   Error: slow';
const steady = ' FAIL   system  b.test.ts > two\n   Error: wrong';

it.each([
  {
    what: 'passes then',
    logs: [`${flaky}\n9 passed, 1 failed, 2 skipped (missing: a)`, '5 passed, 0 failed'],
    again: '3 passed, 0 failed',
    printed:
      ' PASSED WHEN RUN AGAIN   system  b.test.ts > one\n   Error: slow\n15 passed, 0 failed, 2 skipped (missing: a)',
  },
  {
    what: 'fails in part',
    logs: [`${flaky}\n${steady}\n8 passed, 2 failed`],
    again: `${steady}\n2 passed, 1 failed`,
    printed: ` PASSED WHEN RUN AGAIN   system  b.test.ts > one\n   Error: slow\n${steady}\n9 passed, 1 failed`,
  },
  {
    what: 'fails again',
    logs: [`${steady}\n8 passed, 1 failed`],
    again: `${steady}\n2 passed, 1 failed`,
    printed: `${steady}\n8 passed, 1 failed`,
  },
  {
    what: 'fails otherwise',
    logs: [`${flaky}\n8 passed, 1 failed`],
    again: `${steady}\n2 passed, 1 failed`,
    printed: ` PASSED WHEN RUN AGAIN   system  b.test.ts > one\n   Error: slow\n${steady}\n8 passed, 1 failed`,
  },
  {
    what: 'does not end',
    logs: [`${flaky}\n8 passed, 1 failed`],
    again: 'Killed',
    printed: ' PASSED WHEN RUN AGAIN   system  b.test.ts > one\n   Error: slow\n8 passed, 1 failed',
  },
])('[RUN-30] a second run of failed tests decides, also if it $what', ({ logs, again, printed }) => {
  const [second = '', ...first] = files([again, ...logs]);
  expect(run('merge-summaries', ['--again', second, ...first])).toBe(`${printed}\n`);
});

it.each([
  {
    what: 'each once',
    logs: [`${flaky}\n${steady}\n8 passed, 2 failed`, '5 passed, 0 failed'],
    printed: 'b.test.ts\n',
  },
  { what: 'none if nothing failed', logs: ['5 passed, 0 failed'], printed: '' },
  { what: 'none if something failed outside of a test', logs: [`${flaky}\n8 passed, 2 failed`], printed: '' },
  { what: 'none if a part did not end', logs: [`${flaky}\n8 passed, 1 failed`, 'Killed'], printed: '' },
  {
    what: 'none if they are many',
    logs: [`${[1, 2, 3, 4].map(file => ` FAIL   unit  ${file}.test.ts > x`).join('\n')}\n0 passed, 4 failed`],
    printed: '',
  },
])('[RUN-30] the files that run a second time are those of failed tests: $what', ({ logs, printed }) => {
  expect(run('failed-files', files(logs))).toBe(printed);
});
