import { expect, it } from 'vitest';
import { operations } from './operations.ts';

it('[ADM-110] the paths of two operations never match the same URL, whatever the ids in it', () => {
  const paths = [...new Set(operations.map(({ path }) => path))];
  const overlap = (one: string, other: string) => {
    const [segments, others] = [one.split('/'), other.split('/')];
    const isPart = (segment = '') => segment.startsWith('{');
    return (
      segments.length === others.length &&
      segments.every((segment, at) => segment === others[at] || isPart(segment) || isPart(others[at]))
    );
  };
  const pairs = paths.flatMap((one, at) => paths.slice(at + 1).map(other => [one, other] as const));
  expect(pairs.filter(([one, other]) => overlap(one, other))).toEqual([]);
});
