import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

/** Phrases that read as translated, each with what to write in its place. */
const phrases: readonly (readonly [string, string])[] = [
  ['is due', 'is required'],
  ['are due', 'are required'],
  ['that there are', 'known'],
  ['makes no sense', 'is invalid'],
  ['as it must be', 'valid'],
  ['anew', 'again'],
  ['mend', 'fix'],
  ['whoever', 'anyone who, or the noun'],
  ['to who', 'to clients that'],
  ['so many', 'this many'],
  ['is here twice', 'duplicate'],
  ['without more ado', 'at once'],
  ['which it does not know', 'unknown'],
  ['nothing to refuse', 'OK'],
  ['is none of', 'is not one of'],
  ['stays so', 'happens again'],
  ['tells of', 'reports'],
  ['yields nothing', 'returns nothing'],
];

const pattern = new RegExp(`(?<!\\w)(${phrases.map(([phrase]) => phrase).join('|')})(?!\\w)`, 'i');

const tracked = execFileSync('git', ['ls-files', 'README.md', 'docs', 'host/src', 'tools'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter(Boolean);
const documents = tracked.filter(path => path.endsWith('.md') && !path.includes('/template/'));
const sources = tracked.filter(
  path => /^(host|tools\/\w+)\/src\/.*\.ts$/.test(path) && !/\.(test|case|d)\.ts$|generated\//.test(path),
);

/** The text literals of a source; its comments are not for users. */
const literalsOf = (source: string): readonly string[] =>
  source
    .replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    .match(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g) ?? [];

it('[RUN-109] no message and no document has a phrase that reads as translated', () => {
  const found = [
    ...documents.flatMap(path =>
      read(path)
        .split('\n')
        .map((line, at) => [`${path}:${at + 1}`, line] as const),
    ),
    ...sources.flatMap(path => literalsOf(read(path)).map(text => [path, text] as const)),
  ].filter(([, text]) => pattern.test(text));
  expect(documents.length).toBeGreaterThan(5);
  expect(sources.length).toBeGreaterThan(300);
  expect(found.map(([place, text]) => `${place}: ${text.trim().slice(0, 120)}`)).toEqual([]);
});

const read = (path: string) => readFileSync(join(root, path), 'utf8');
