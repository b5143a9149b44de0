import { expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';

it.each([
  ['members in any order', { b: [1, { d: 1, c: undefined }], a: null }, '{"a":null,"b":[1,{"d":1}]}'],
  ['a list, whose order stays', [3, 1, 2], '[3,1,2]'],
  ['a text', 'é"', '"é\\""'],
])('formats %s', (_, value, text) => {
  expect(canonicalJson(value)).toBe(text);
});
