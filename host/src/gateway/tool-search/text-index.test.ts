import { describe, expect, it } from 'vitest';
import { TextIndex } from './text-index.ts';
import { wordsOf } from './words.ts';

describe('[GW-180] the words of a text', () => {
  it.each<[text: string, words: readonly string[]]>([
    ['listPullRequests', ['list', 'pull', 'request']],
    ['github__list_pull_requests', ['github', 'list', 'pull', 'request']],
    ['HTTPServer-v2', ['http', 'server', 'v', '2']],
    ['Lists the files, and their sizes.', ['list', 'file', 'their', 'size']],
    ['repositories boxes classes status bus glass as', ['repository', 'box', 'class', 'status', 'bus', 'glass']],
    ['ÄRZTE über ﬁles', ['ärzte', 'über', 'file']],
    ['  …  ', []],
  ])('%j are %j', (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });

  it('are those of its beginning, where it is long', () => {
    expect(wordsOf(`${'x '.repeat(10_000)}end`)).not.toContain('end');
  });
});

describe('[GW-180] a search', () => {
  const search = (query: string, ...documents: readonly string[]) =>
    new TextIndex(documents.map(text => [{ text, weight: 1 }])).search(query);

  it.each<[what: string, query: string, documents: readonly string[], found: readonly number[]]>([
    ['finds nothing without a word in common', 'mail', ['send a file', ''], []],
    ['finds nothing among nothing', 'mail', [], []],
    ['ranks by how many words match', 'send mail', ['send a file', 'send a mail', 'read a mail now'], [1, 0, 2]],
    [
      'ranks rare words above frequent ones',
      'get invoice',
      ['get user', 'get file', 'invoice data', 'get team'],
      [2, 0, 1, 3],
    ],
    ['ranks short texts above long ones', 'mail', ['mail and much else that is about other things', 'mail'], [1, 0]],
    ['ranks frequent mentions higher, but not without end', 'mail', ['mail mail x', 'mail x y'], [0, 1]],
    ['finds no common words', 'the', ['the mail'], []],
    ['keeps the order of equals', 'mail', ['mail', 'mail', 'mail'], [0, 1, 2]],
    ['counts a word of the query once', 'mail mail mail file', ['mail', 'file', 'file'], [0, 1, 2]],
  ])('%s', (_, query, documents, found) => {
    expect(search(query, ...documents)).toEqual(found);
  });

  it('counts words by the weight of their text', () => {
    const index = new TextIndex([
      [
        { text: 'other', weight: 3 },
        { text: 'mail', weight: 1 },
      ],
      [
        { text: 'mail', weight: 3 },
        { text: 'other', weight: 1 },
      ],
    ]);
    expect(index.search('mail')).toEqual([1, 0]);
  });

  it('is not misled by words that every object has', () => {
    expect(search('constructor __proto__ toString', 'a', 'b')).toEqual([]);
    expect(search('constructor', 'the constructor', 'b')).toEqual([0]);
  });
});
