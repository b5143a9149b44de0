import { expect, it } from 'vitest';
import { cpuMs } from '../../../test/fixtures/cpu-ms.ts';
import { canBeginWith, matchesGlob, matchesParts, pathGlob } from './glob.ts';

it.each([
  ['search', 'search', true],
  ['search', 'searches', false],
  ['search*', 'search', true],
  ['*_read', 'db_write', false],
  ['*_read', 'db_read', true],
  ['a*b*c', 'a-b-c', true],
  ['a*b*c', 'acb', false],
  ['ab*ba', 'aba', false],
  ['*', '', true],
  ['', '', true],
  ['a.c', 'abc', false],
])('the glob %s and the text %s: %s', (glob, text, expected) => {
  expect(matchesGlob(glob, text)).toBe(expected);
});

it('takes time in proportion to the text, whatever the glob', () => {
  const glob = `${'a*'.repeat(200)}b`;
  expect(cpuMs(() => expect(matchesGlob(glob, 'a'.repeat(100_000))).toBe(false))).toBeLessThan(5_000);
});

it('matches the literal parts of a template, which do not overlap', () => {
  expect(matchesParts(['file:///', '/', ''], 'file:///a/b')).toBe(true);
  expect(matchesParts(['file:///', '/x/', '.txt'], 'file:///a/x.txt')).toBe(false);
});

it.each([
  ['github__*', 'github__', true],
  ['*__issue', 'github__', true],
  ['git*', 'github__', true],
  ['issue', 'github__', false],
])('a text that matches %s can begin with %s: %s', (glob, prefix, expected) => {
  expect(canBeginWith(glob, prefix)).toBe(expected);
});

it.each([
  ['/v1/*', '/v1/a', true],
  ['/v1/*', '/v1/a/b', false],
  ['/v1/**', '/v1/a/b', true],
  ['/v1/a.b', '/v1/aXb', false],
])('the path glob %s and the path %s: %s', (glob, path, expected) => {
  expect(pathGlob(glob).test(path)).toBe(expected);
});
