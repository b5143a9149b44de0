import { expect, it } from 'vitest';
import { visible } from './visible.ts';

it.each([
  ['text as it is', 'plain ünïcödé 漢字\n\ttext', 'plain ünïcödé 漢字\n\ttext'],
  ['what a terminal obeys', '\u001b[2J\u0007\r\u009b31m\u007f', '\\u001b[2J\\u0007\\u000d\\u009b31m\\u007f'],
  ['what turns or hides text', '\u202ea\u200b\u2028\u2029\ufeff', '\\u202ea\\u200b\\u2028\\u2029\\ufeff'],
  ['tags beyond the first plane', '\u{e0041}', '\\udb40\\udc41'],
])('[RUN-100] shows %s', (_, text, shown) => {
  expect(visible(text)).toBe(shown);
});

it('[RUN-100] leaves JSON of the same value', () => {
  const value = { '\u202e': ['\u009b', '\u2028', '\u{e0041}', '\u001b', 'a\nb'] };
  const shown = visible(JSON.stringify(value));
  expect(JSON.parse(shown)).toEqual(value);
  expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
});
