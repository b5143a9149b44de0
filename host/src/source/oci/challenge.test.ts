import { expect, it } from 'vitest';
import { parseChallenges } from './challenge.ts';

const read = (field: string) =>
  parseChallenges(field).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

it.each<[string, string, unknown[]]>([
  ['nothing', '', []],
  ['Basic', 'Basic realm="Registry"', [['basic', { realm: 'Registry' }]]],
  ['a scheme alone', 'Bearer', [['bearer', {}]]],
  [
    'Bearer with all of its parameters',
    'Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push"',
    [
      [
        'bearer',
        { realm: 'https://auth.example/token', service: 'registry.example', scope: 'repository:a/b:pull,push' },
      ],
    ],
  ],
  [
    'two challenges in one field',
    'Basic realm="x", charset=UTF-8 , BEARER realm = "y"',
    [
      ['basic', { realm: 'x', charset: 'UTF-8' }],
      ['bearer', { realm: 'y' }],
    ],
  ],
  [
    'a scheme alone before another',
    'Negotiate, Bearer realm="y"',
    [
      ['negotiate', {}],
      ['bearer', { realm: 'y' }],
    ],
  ],
  [
    'text in the place of parameters',
    'Negotiate dGVzdA==, Bearer realm="y"',
    [
      ['negotiate', {}],
      ['bearer', { realm: 'y' }],
    ],
  ],
  ['quotes within quotes', String.raw`Bearer realm="a\"b, Basic c"`, [['bearer', { realm: 'a"b, Basic c' }]]],
  ['the first of two realms', 'Bearer realm="a",realm="b"', [['bearer', { realm: 'a' }]]],
  [
    'what came before a quote that is not closed',
    'Basic realm="a", Bearer realm="b',
    [
      ['basic', { realm: 'a' }],
      ['bearer', {}],
    ],
  ],
])('[SRC-09] reads %s', (_, field, challenges) => {
  expect(read(field)).toEqual(challenges);
});

it('ends on text of any kind', () => {
  expect(read(`${'= '.repeat(1000)}`)).toEqual([]);
  expect(read(`Bearer ${'a '.repeat(20_000)}`).length).toBeGreaterThan(0);
  expect(read(`Bearer realm="${'\\'.repeat(50_001)}`)).toEqual([['bearer', {}]]);
});
