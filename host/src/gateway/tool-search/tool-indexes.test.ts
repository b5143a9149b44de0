import { describe, expect, it } from 'vitest';
import { ToolIndexes } from './tool-indexes.ts';

/** A list of tools whose texts have `characters` each. */
const listOf = (name: string, tools: number, characters: number) =>
  Array.from({ length: tools }, (_, n) => ({ name: `${name}_${n}`, description: 'mail '.repeat(characters / 5) }));

describe('[GW-183] the indexes of lists', () => {
  it('are kept for lists of the same texts', () => {
    const indexes = new ToolIndexes();
    const first = indexes.of(listOf('a', 3, 100));
    for (let n = 0; n < 15; n += 1) indexes.of(listOf(`b${n}`, 3, 100));
    expect(indexes.of(listOf('a', 3, 100))).toBe(first);
    for (let n = 0; n < 16; n += 1) indexes.of(listOf(`c${n}`, 3, 100));
    expect(indexes.of(listOf('a', 3, 100))).not.toBe(first);
  });

  it('are bounded by the length of their texts: long lists are forgotten before others come to 16', () => {
    const indexes = new ToolIndexes();
    const first = indexes.of(listOf('a', 200, 4_000));
    indexes.of(listOf('b', 200, 4_000));
    expect(indexes.of(listOf('a', 200, 4_000))).toBe(first);
    for (const name of ['c', 'd']) indexes.of(listOf(name, 200, 4_000));
    expect(indexes.of(listOf('a', 200, 4_000))).not.toBe(first);
  });

  it('contain the first tools of a list whose texts are long', () => {
    const tools = listOf('a', 1_000, 4_000);
    const found = new ToolIndexes().of(tools).search('mail');
    expect(found.length).toBeGreaterThan(200);
    expect(found.length).toBeLessThan(300);
  });

  it('count of one text only what is searched', () => {
    const tools = [{ name: 'long', description: 'mail '.repeat(1_000_000) }, { name: 'second_mail' }];
    expect(new ToolIndexes().of(tools).search('mail')).toHaveLength(2);
  });
});
