import { describe, expect, it } from 'vitest';
import { AddressShare } from './address-share.ts';

describe('places', () => {
  /** How many places an address gets when it takes all that it can. */
  const takeAll = (share: AddressShare, address: string) => {
    while (!share.isFull && !share.isSpent(address)) share.take(address);
    return share.held(address);
  };

  it.each([
    { places: 8, part: 1, first: 8, second: 0 },
    { places: 8, part: 0.5, first: 4, second: 2 },
    { places: 1, part: 0.5, first: 1, second: 0 },
    { places: 100, part: 0.9, first: 90, second: 9 },
  ])('of $places, $part for each address: the first takes $first, the second $second', row => {
    const share = new AddressShare(row.places, row.part);
    expect([takeAll(share, 'a'), takeAll(share, 'b')]).toEqual([row.first, row.second]);
  });

  it('leave one for each further address, while there are any', () => {
    const share = new AddressShare(4, 0.5);
    expect(['a', 'b', 'c', 'd'].map(address => takeAll(share, address))).toEqual([2, 1, 1, 0]);
    expect(share.isFull).toBe(true);
  });

  it('can be given back, and then taken by another address', () => {
    const share = new AddressShare(2, 0.5);
    takeAll(share, 'a');
    takeAll(share, 'b');
    share.giveBack('a');
    expect([share.held('a'), share.isFull, takeAll(share, 'c')]).toEqual([0, false, 1]);
  });
});
