import { expect, it } from 'vitest';
import { chooseInstance } from './choose-instance.ts';

const instance = (id: string, weight = 1, load = 0, isHealthy = true) => ({ id, weight, load, isHealthy, credit: 0 });

/** Who is chosen, if each choice ends before the next one begins. */
const chosen = (all: ReturnType<typeof instance>[], count: number) =>
  Array.from({ length: count }, () => chooseInstance(all)?.id).join('');

it.each([
  { what: 'equals take turns', all: [instance('a'), instance('b'), instance('c')], found: 'abcabc' },
  {
    what: 'weights are kept, and spread',
    all: [instance('a', 3), instance('b', 1), instance('c', 2)],
    found: 'acabca',
  },
  { what: 'the least load comes first', all: [instance('a', 1, 2), instance('b', 1, 1)], found: 'bbbbbb' },
  { what: 'load counts by weight', all: [instance('a', 4, 2), instance('b', 1, 1)], found: 'aaaaaa' },
  { what: 'one without weight gets nothing', all: [instance('a', 0), instance('b')], found: 'bbbbbb' },
  { what: 'one that fails gets nothing', all: [instance('a', 1, 0, false), instance('b', 1, 9)], found: 'bbbbbb' },
  {
    what: 'if all fail, all are tried',
    all: [instance('a', 1, 0, false), instance('b', 1, 0, false)],
    found: 'ababab',
  },
  { what: 'nothing is chosen from nothing', all: [instance('a', 0)], found: '' },
  { what: 'there is nothing to choose from', all: [], found: '' },
])('$what [UP-70]', ({ all, found }) => {
  expect(chosen(all, 6)).toBe(found);
});
