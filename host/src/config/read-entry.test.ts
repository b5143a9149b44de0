import { describe, expect, it } from 'vitest';
import { toFaults } from '../core/fault.ts';
import { readEntry } from './read-entry.ts';

const problem = (text: string) => {
  try {
    return readEntry(text, 'crm.yaml');
  } catch (error) {
    return toFaults(error).map(({ code, details: { file, line, message } }) => `${code} ${file}:${line} ${message}`);
  }
};

describe('one entry in a file [CLI-80]', () => {
  it.each([
    ['YAML', 'id: crm\nhttp: { url: https://crm.example/mcp }\n'],
    ['JSON', '{"id": "crm", "http": {"url": "https://crm.example/mcp"}}'],
  ])('is read from %s', (_, text) => {
    expect(readEntry(text, 'crm')).toEqual({ id: 'crm', http: { url: 'https://crm.example/mcp' } });
  });

  it('keeps what looks like a variable', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what is tested
    expect(readEntry('id: ${HOME}', 'crm')).toEqual({ id: '${HOME}' });
  });

  const bomb = [
    'a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]',
    ...['b', 'c', 'd'].map((name, at) => {
      const before = '*abc'.charAt(0) + 'abc'.charAt(at);
      return `${name}: &${name} [${Array.from({ length: 10 }, () => before).join(', ')}]`;
    }),
  ].join('\n');
  it.each([
    ['a list', '- id: crm', /crm\.yaml:1 expected one entry/],
    ['nothing', '', /expected one entry/],
    ['two documents', 'id: a\n---\nid: b\n', /crm\.yaml:\d/],
    ['a name twice', 'id: a\nid: b\n', /crm\.yaml:2 /],
    ['aliases that grow', bomb, /alias/i],
  ])('is refused if it is %s', (_, text, says) => {
    expect(problem(text)).toEqual([expect.stringMatching(says)]);
  });
});
