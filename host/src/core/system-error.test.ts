import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { toFault } from './fault.ts';
import { makeFolderSync } from './make-folder.ts';

const refusedBy = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

it.each([
  ['a missing file', () => readFileSync('/nowhere/at/all'), 'ENOENT', '/nowhere/at/all'],
  ['a file as a folder', () => readFileSync('/etc/hostname/x'), 'ENOTDIR', '/etc/hostname/x'],
  ['a folder in a place that takes none', () => makeFolderSync('/proc/a/b'), 'ENOENT', '/proc/a'],
])('[RUN-104] tells %s as a refusal of the system, with file, reason and remedy', (_, work, code, file) => {
  const fault = toFault(refusedBy(work));
  expect(fault).toMatchObject({ code: 'system_refused', exit: 1, details: { file } });
  expect(fault.message).toContain(code);
});

it('[RUN-104] tells a mistake of our own as such', () => {
  expect(toFault(new TypeError('x is not a function'))).toMatchObject({
    code: 'internal',
    hint: 'x is not a function',
  });
});
