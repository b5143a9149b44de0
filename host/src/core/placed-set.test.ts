import { describe, expect, it } from 'vitest';
import { type Placed, PlacedSet } from './placed-set.ts';

interface Named extends Placed {
  readonly name: string;
}

const namesOf = (set: PlacedSet<Named>) => [...set].map(({ name }) => name).sort();

describe('a set of placed objects', () => {
  it.each([
    { removed: 'a', left: ['b', 'c'] },
    { removed: 'b', left: ['a', 'c'] },
    { removed: 'c', left: ['a', 'b'] },
  ])('removes $removed and keeps $left', ({ removed, left }) => {
    const set = new PlacedSet<Named>();
    const members = ['a', 'b', 'c'].map((name): Named => ({ name }));
    for (const member of members) set.add(member);
    const leaving = members.filter(({ name }) => name === removed);
    for (const member of leaving) set.delete(member);
    expect(namesOf(set)).toEqual(left);
    for (const member of leaving) set.add(member);
    expect(namesOf(set)).toEqual(['a', 'b', 'c']);
    for (const member of members) set.delete(member);
    expect(set.size).toBe(0);
  });

  it('ignores an object that is added or removed twice', () => {
    const set = new PlacedSet<Named>();
    const [one, other]: [Named, Named] = [{ name: 'one' }, { name: 'other' }];
    set.add(one);
    set.add(one);
    set.add(other);
    expect(namesOf(set)).toEqual(['one', 'other']);
    set.delete(one);
    set.delete(one);
    expect(namesOf(set)).toEqual(['other']);
  });

  it('can be changed while it is iterated over', () => {
    const set = new PlacedSet<Named>();
    for (const name of ['a', 'b', 'c']) set.add({ name });
    const seen: string[] = [];
    for (const member of set) {
      seen.push(member.name);
      set.delete(member);
    }
    expect(seen.sort()).toEqual(['a', 'b', 'c']);
    expect(set.size).toBe(0);
  });
});
