import { expect, it } from 'vitest';
import { readJson } from './json-reader.ts';
import { findTwins, foldCase } from './json-twins.ts';

const many = Array.from({ length: 50 }, (_, place) => `"name${place}":${place}`).join();

it.each([
  { text: '{"arguments":1,"Arguments":2}', twins: ['arguments', 'Arguments'] },
  { text: '{"a":{"b":[1,{"query":1,"limit":2,"QUERY":3}]}}', twins: ['query', 'QUERY'] },
  { text: '[[{"s":1,"ſ":2}]]', twins: ['s', 'ſ'] },
  { text: '{"k":1,"\\u212a":2}', twins: ['k', '\u212a'] },
  { text: '{"tasks":1,"taſks":2}', twins: ['tasks', 'taſks'] },
  { text: '{"straße":1,"STRAẞE":2}', twins: ['straße', 'STRAẞE'] },
  { text: '{"Ὀδός":1,"ὀδόσ":2}', twins: ['Ὀδός', 'ὀδόσ'] },
  { text: '{"𐐀":1,"𐐨":2}', twins: ['𐐀', '𐐨'] },
  { text: `{${many},"NAME7":1}`, twins: ['name7', 'NAME7'] },
  { text: `{${many},"\\u212a":1,"k":2}`, twins: ['\u212a', 'k'] },
  { text: '{"":{"a":1,"A":2}}', twins: ['a', 'A'] },
])('[GW-64] finds that $twins differ in case only', ({ text, twins }) => {
  expect(findTwins(readJson(text))).toEqual(twins);
});

it.each([
  '{"a":1,"b":2,"c":{"a":1},"d":{"A":1}}',
  '[{"a":1},{"A":1}]',
  '{"straße":1,"strasse":2}',
  '{"ä":1,"a":2,"a\\u0308":3}',
  '{"a_":1,"a?":2,"[":3,"{":4,"@":5,"`":6}',
  '{"rawJSON":"1.0","x":1.0,"list":[1.0,null,"A","a"]}',
  `{${many}}`,
  'null',
  '1.0',
])('[GW-64] finds none in %s', text => {
  expect(findTwins(readJson(text))).toBeUndefined();
});

it('[GW-64] folds as simple case folding does, but for what Unicode added in 15.1, and the dotless i', () => {
  const cased = /\p{Changes_When_Casemapped}|\p{Changes_When_Casefolded}/u;
  const characters: string[] = [];
  for (let code = 0; code <= 0x10ffff; code += 1) {
    if (code >= 0xd800 && code < 0xe000) continue;
    const character = String.fromCodePoint(code);
    if (cased.test(character)) characters.push(character);
  }
  expect(characters.length).toBeGreaterThan(2_800);
  const all = characters.join('');
  const groups = Map.groupBy(characters, foldCase);
  const wrong = characters.filter(character => {
    // A regular expression with `i` and `u` compares by simple case folding (ECMA-262, Canonicalize).
    const same = all.match(new RegExp(character, 'giu')) ?? [];
    return same.join() !== groups.get(foldCase(character))?.join();
  });
  expect(wrong).toEqual(['I', 'i', '\u0131', '\u0390', '\u03b0', '\u1fd3', '\u1fe3', '\ufb05', '\ufb06']);
});
