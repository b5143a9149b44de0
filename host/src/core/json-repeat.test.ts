import { expect, it } from 'vitest';
import { repeatedName } from './json-repeat.ts';

it.each([
  ['{"id":"a","id":"b"}', 'id'],
  ['{"id":"a","x":{"y":[{"z":1,"z":2}]}}', 'z'],
  [String.raw`{"id":"a","\u0069d":"b"}`, 'id'],
  ['{ "a" : 1,\n\t"a"\n:2}', 'a'],
  [String.raw`{"a\"":1,"a\"":2}`, 'a"'],
  ['{"__proto__":1,"__proto__":2}', '__proto__'],
])('[VER-12] a name that stands twice is found: %s', (text, name) => {
  expect(repeatedName(text)).toBe(name);
});

it.each(['{"a":{"a":{"a":1}}}', '[{"a":1},{"a":2}]', '{"a":"a","b":["a","a"]}', '"{\\"a\\":1,\\"a\\":2}"', '5', '{}'])(
  '[VER-12] names that stand once in each object are fine: %s',
  text => {
    expect(repeatedName(text)).toBeUndefined();
  },
);
