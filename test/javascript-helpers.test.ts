import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { block, readConfig, replaceInJson, replaceText, sha256 } from '../sdk/js/index.ts';

const loud = (text: string) => text.replaceAll('a', 'A');

describe('the helpers of plugins in JavaScript', () => {
  it.each([
    ['{"a":"a"}', '{"a":"A"}'],
    ['[ 12345678901234567890, 1e400, "a" ]', '[ 12345678901234567890, 1e400, "A" ]'],
    [String.raw`{"\"a\\" : "x\\", "b":"\"a\""}`, String.raw`{"\"a\\" : "x\\", "b":"\"A\""}`],
    [String.raw`"\u0061\n"`, String.raw`"A\n"`],
    ['{"b":{"a" \n: ["b"]}}', '{"b":{"a" \n: ["b"]}}'],
    ['"a"', '"A"'],
    ['12', '12'],
  ])('[AUT-53] replaces the strings of %s', (json, replaced) => {
    expect(replaceInJson(json, loud)).toBe(replaced);
  });

  it('[AUT-53] refuses what is no JSON', () => {
    expect(() => replaceInJson('"a', loud)).toThrow('not JSON');
  });

  it.each([
    [
      { tag: 'tool-call', val: { name: 'a', arguments: '{"a":"a"}' } },
      { name: 'a', arguments: '{"a":"A"}' },
    ],
    [
      { tag: 'prompt-get', val: { name: 'a', arguments: '{"b":"a"}' } },
      { name: 'a', arguments: '{"b":"A"}' },
    ],
    [{ tag: 'resource-read', val: { uri: 'a:a' } }, undefined],
    [{ tag: 'tool-list', val: [] }, undefined],
    [
      { tag: 'tool-result', val: { content: [{ tag: 'text', val: 'b' }], structuredContent: null, isError: false } },
      undefined,
    ],
    [
      { tag: 'tool-result', val: { content: [{ tag: 'opaque', val: 1 }], structuredContent: '["a"]', isError: true } },
      { content: [{ tag: 'opaque', val: 1 }], structuredContent: '["A"]', isError: true },
    ],
    [
      {
        tag: 'prompt-result',
        val: { description: 'a', messages: [{ role: 'a', content: { tag: 'text', val: 'a' } }] },
      },
      { description: 'A', messages: [{ role: 'a', content: { tag: 'text', val: 'A' } }] },
    ],
    [
      { tag: 'resource-result', val: { contents: [{ uri: 'a', content: { tag: 'json', val: '"a"' } }] } },
      { contents: [{ uri: 'a', content: { tag: 'json', val: '"A"' } }] },
    ],
  ] as const)('[AUT-53] replaces the text of %j', (value, val) => {
    const outcome = replaceText(structuredClone(value) as never, loud);
    expect(outcome).toEqual(val ? { tag: 'modified', val: { tag: value.tag, val } } : { tag: 'proceed' });
  });

  it('[AUT-53] reads the configuration over its defaults, and refuses another kind', () => {
    const defaults = { list: ['x'], label: 'none', on: true };
    expect(readConfig('{"label":"mine","more":1}', defaults)).toEqual({ ...defaults, label: 'mine', more: 1 });
    expect(() => readConfig('{"list":{}}', defaults)).toThrow('list must be a list');
    expect(() => readConfig('null', defaults)).toThrow('the configuration must be an object');
  });

  it('[AUT-53] blocks with a violation, and hashes as Node does', () => {
    const val = { code: 'C', reason: 'r', description: '', details: '{"n":1}' };
    expect(block('C', 'r', { details: { n: 1 } })).toEqual({ tag: 'block', val });
    for (const text of ['', 'abc', 'é😀'.repeat(50), ...[55, 56, 63, 64, 119, 120].map(length => 'a'.repeat(length))]) {
      expect(sha256(text)).toBe(createHash('sha256').update(text).digest('hex'));
    }
  });
});
