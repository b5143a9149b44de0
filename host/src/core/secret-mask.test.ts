import { describe, expect, it } from 'vitest';
import { cut } from './cut.ts';
import { KeptNumber } from './json-number.ts';
import { createLog } from './log.ts';
import { SecretMask } from './secret-mask.ts';

const value = 'a-token-of-some-length';
function maskOf(...values: string[]) {
  const mask = new SecretMask();
  for (const each of values) mask.learn(each);
  return mask;
}

describe('a mask', () => {
  it('[CAP-76] hides the beginning of a value where the text was cut, however long it is', () => {
    for (let length = 4; length < value.length; length += 1)
      expect(maskOf(value).text(cut(`it is ${value} here`, 6 + length)), `${length} characters`).toBe('it is ***…');
  });

  it.each([
    { what: 'no value', text: 'it is nothing…' },
    { what: 'what is too short to be known', text: 'it is a-t…' },
  ])('[CAP-76] leaves a text that was cut and holds $what', ({ text }) => {
    expect(maskOf(value).text(text)).toBe(text);
  });

  it('[CAP-76] hides the longest beginning, and values that begin alike', () => {
    expect(maskOf('abcd', 'abcdefgh', 'xxabcdefzz').text('xxabcdef…')).toBe('***…');
    expect(maskOf('abcd', 'abcdefgh').text('abcd abcdefgh')).toBe('*** ***');
  });

  it('[GW-61] leaves a number its text, but for a value that it holds', () => {
    const details = { id: new KeptNumber('725653563933458432'), pin: new KeptNumber('12345678901234567890') };
    expect(JSON.stringify(maskOf('12345678901234567890').value(details))).toBe('{"id":725653563933458432,"pin":"***"}');
  });

  it('[CAP-76] hides values in lines of a log and of its children, whatever they hold', () => {
    const lines: string[] = [];
    const log = maskOf(value).log(createLog('debug', { write: (line: string) => void lines.push(line) }));
    log.error({ err: new Error(`no ${value}`), [value]: [value] }, `with ${value}`);
    const child = log.child({ of: value });
    child.info('child');
    child.child({}).warn({ deep: { value } }, value);
    expect(lines).toHaveLength(3);
    expect(lines.join('')).not.toContain(value);
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ of: '***', msg: 'child' });
  });

  it('[CAP-76] knows no value that is shorter than four characters', () => {
    expect(maskOf('abc', '').text('abc')).toBe('abc');
  });
});
