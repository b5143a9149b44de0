import { expect, it } from 'vitest';
import { inlineChain } from '../../../test/fixtures/inline-chain.ts';
import { ChainPlace } from './chain-place.ts';

it('[AUT-33] a request keeps the chain that it found, and the place says when the last of them is over', async () => {
  const [before, after] = [inlineChain(), inlineChain()];
  const place = new ChainPlace(before);
  const [one, other] = [place.enter(), place.enter()];
  let over = false;
  const left = place.replace(after).then(() => {
    over = true;
  });
  const later = place.enter();
  expect([one.chain, other.chain, later.chain]).toEqual([before, before, after]);
  expect(later.chain).toBe(after);
  one.leave();
  await new Promise(setImmediate);
  expect(over).toBe(false);
  other.leave();
  await left;
  expect(over).toBe(true);
});

it('[AUT-33] a place that no request keeps is given up at once', async () => {
  const place = new ChainPlace(inlineChain());
  place.enter().leave();
  await place.replace(inlineChain());
});
