import { expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { readJson } from './json-reader.ts';

it.each([
  ['members in any order', { b: [1, { d: 1, c: undefined }], a: null }, '{"a":null,"b":[1,{"d":1}]}'],
  ['a list, whose order stays', [3, 1, 2], '[3,1,2]'],
  ['names that look like numbers', { b: 1, 10: 2, 9: 3 }, '{"10":2,"9":3,"b":1}'],
  ['numbers that a double cannot hold', readJson('[1.10, 725653563933458432]'), '[1.10,725653563933458432]'],
  ['numbers that JSON has not, and one that it writes without its sign', [Infinity, -0, 1e21], '[null,0,1e+21]'],
  ['a text', 'é"', '"é\\""'],
])('formats %s', (_, value, text) => {
  expect(canonicalJson(value)).toBe(text);
});
