import { expect, it } from 'vitest';
import { nextMember, quoted } from './json-text.ts';

it.each([
  'plain',
  '',
  'ein "Zitat"',
  'back\\slash',
  'line\nbreak',
  'tab\t',
  '\u007f',
  '\u0000',
  'ü',
  '\u2028',
  '😀',
  '\ud800',
  '</script>',
])('[AUD-20] formats %j as JSON does', text => {
  expect(quoted(text)).toBe(JSON.stringify(text));
  expect(nextMember('name', text)).toBe(`,"name":${JSON.stringify(text)}`);
});

it('[AUD-20] leaves out what has no value', () => {
  expect([nextMember('a', undefined), nextMember('a', 0)]).toEqual(['', ',"a":0']);
});
