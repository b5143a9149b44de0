import { describe, expect, it } from 'vitest';
import { cpuMs } from '../../../test/fixtures/cpu-ms.ts';
import { isJsonObject, type Json, withDoubles } from './json.ts';
import { doubleOf, KeptNumber } from './json-number.ts';
import { readJson } from './json-reader.ts';

const small = { values: 10, depth: 3 };

describe('numbers', () => {
  it.each([
    ...['725653563933458432', '9223372036854775807', '-9223372036854775808', '12345678901234567890', '1.10', '1.0'],
    ...['-0', '-0.0', '0.0', '0.10', '100.000', '1e400', '-1e400', '1E5', '1e5', '1e+5', '1e22', '1e+22', '1e-400'],
    ...['0.1000000000000000055', '123456789012345.60', '3.14159265358979323846', '1.7976931348623157e308'],
  ])('[GW-61] %s keeps its text', number => {
    const text = `{"a":[${number},{"b":${number}}],"c":${number},"d":"${number}"}`;
    const value = readJson(text);
    expect(JSON.stringify(value)).toBe(text);
    expect(withDoubles(value)).toEqual(JSON.parse(text));
    expect(readJson(number)).toEqual(new KeptNumber(number));
  });

  it.each([
    ...['0', '7', '-1', '123456789012345', '1764460000000000', '9007199254740991', '0.5', '-0.25', '12.345', '0.05'],
    ...['1e-7', '0.000001', '0.30000000000000004', '123456.789012345', '1e+21', '5e-324', '-1.5'],
  ])('[GW-61] %s is a plain number, because it is written the same', number => {
    expect(readJson(` [ ${number} , "${number}" ]`)).toEqual(JSON.parse(`[${number},"${number}"]`));
  });

  it('[GW-61] keeps each number in its own place, whatever the order of members', () => {
    const value = readJson('{"b":1.0,"2":2.0,"1":3.0,"b":4.0,"__proto__":5.0,"x":[{"y":-6.0}]}');
    expect(JSON.stringify(value)).toBe('{"1":3.0,"2":2.0,"b":4.0,"__proto__":5.0,"x":[{"y":-6.0}]}');
  });

  it('[GW-61] tells a number that kept its text from an object', () => {
    const value = readJson('1.10');
    expect(isJsonObject(value)).toBe(false);
    expect(doubleOf(value)).toBe(1.1);
    expect(doubleOf('1.10')).toBeUndefined();
    expect(isJsonObject(readJson('{"rawJSON":"1.10"}'))).toBe(true);
  });
});

/** Pseudo-random, and the same on each run. */
function createRandom() {
  let state = 1;
  return (below: number) => {
    state = (state * 48_271) % 0x7fffffff;
    return state % below;
  };
}

describe('against JSON.parse', () => {
  const pieces = [
    '1.0',
    '-0',
    '1e99',
    '12345678901234567',
    '0',
    '1',
    '.',
    'e',
    '-',
    '+',
    '"',
    '\\',
    '"a"',
    'true',
    'null',
  ];
  const signs = ['[', ']', '{', '}', ',', ':', ' ', '"b":', '"__proto__":', '\\"', '01'];
  const random = createRandom();
  const all = [...pieces, ...signs];
  const compose = () => Array.from({ length: 1 + random(9) }, () => all[random(all.length)]).join('');
  const attempt = (read: () => Json) => {
    try {
      return { value: read() };
    } catch {
      return 'refused';
    }
  };

  it('[GW-61] accepts the same texts, and reads the same values', () => {
    let accepted = 0;
    for (let count = 0; count < 40_000; count += 1) {
      const text = random(2) === 0 ? compose() : `[${compose()}]`;
      const read = attempt(() => readJson(text));
      if (read !== 'refused') accepted += 1;
      const plain = read === 'refused' ? read : { value: withDoubles(read.value) };
      expect(plain, text).toEqual(attempt(() => JSON.parse(text)));
    }
    expect(accepted).toBeGreaterThan(1_000);
  });

  it('[GW-61] accepts a byte order mark, which JSON.parse refuses', () => {
    expect(readJson('\ufeff{"a":1.0}')).toEqual({ a: new KeptNumber('1.0') });
    expect(() => readJson('\ufeff\ufeff{}')).toThrow(SyntaxError);
    expect(() => readJson('{}\ufeff')).toThrow(SyntaxError);
  });
});

describe('bounds', () => {
  it.each([
    { what: 'as many values as allowed', text: '[1,2,3,4,5,6,7,8,9]' },
    { what: 'as many levels as allowed', text: '[[[1]],[[1]]]' },
    { what: 'brackets and commas within strings', text: JSON.stringify(`${'['.repeat(99)}\\",,,,,,,,,,,,,`) },
    { what: 'escaped quotes', text: '"\\\\\\",[[[[,\\\\"' },
  ])('[GW-62] reads $what', ({ text }) => {
    expect(readJson(text, small)).toEqual(JSON.parse(text));
  });

  it.each([
    { what: 'a value too many', text: '[1,2,3,4,5,6,7,8,9,10]', why: 'more than 10 values' },
    { what: 'objects within a list', text: '[{},{},{},{},{},{}]', why: 'more than 10 values' },
    { what: 'a level too many', text: '[[[[1]]]]', why: 'nested deeper than 3 levels' },
    { what: 'levels of objects', text: '{"a":{"b":{"c":{}}}}', why: 'nested deeper than 3 levels' },
    { what: 'levels without an end', text: '['.repeat(1_000_000), why: 'nested deeper than 3 levels' },
  ])('[GW-62] refuses $what', ({ text, why }) => {
    expect(() => readJson(text, small)).toThrow(expect.objectContaining({ name: 'JsonExcess', message: why }));
  });

  it.each([
    { what: 'digits in a string', text: JSON.stringify('1234567890123456'.repeat(250_000)) },
    { what: 'escaped quotes', text: JSON.stringify('"'.repeat(2_000_000)) },
    { what: 'backslashes', text: JSON.stringify('\\'.repeat(2_000_000)) },
    { what: 'one number', text: '1'.repeat(4_000_000) },
  ])('[GW-62] reads 4 MB of $what within milliseconds', ({ text }) => {
    expect(cpuMs(() => readJson(text))).toBeLessThan(100 + 10 * cpuMs(() => JSON.parse(text)));
  });
});
