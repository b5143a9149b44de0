import { expect, it } from 'vitest';
import { fakeUpstream, routeTo } from '../../../test/fixtures/fake-route.ts';
import type { JsonObject } from '../core/json.ts';
import { mayOffer, reachedMembers } from './binding.ts';

const facts = (capabilities: JsonObject) => ({
  serverInfo: { revision: '2025-11-25', implementation: {}, capabilities },
});
const never = { serverInfo: undefined };

it.each([
  { what: 'offered it', more: facts({ tools: {} }), may: true },
  { what: 'was never reached', more: never, may: true },
  { what: 'offered something else, and would say so if that changed', more: facts({ prompts: {} }), may: false },
  {
    what: 'offered something else, and may have been replaced unheard',
    more: { ...facts({ prompts: {} }), listeningSince: undefined },
    may: true,
  },
  {
    what: 'offered something else, and is gone',
    more: { ...facts({ prompts: {} }), listeningSince: undefined, ready: false },
    may: false,
  },
])('an upstream that $what may have tools: $may', ({ more, may }) => {
  expect(mayOffer(fakeUpstream('a', {}, more), 'tools')).toBe(may);
});

it.each([
  { what: 'all are reached', a: {}, b: {}, reached: ['a', 'b'] },
  { what: 'one was never reached', a: {}, b: never, reached: ['a'] },
  { what: 'none was ever reached', a: never, b: never, reached: ['a', 'b'] },
])('when $what, these are asked: $reached', ({ a, b, reached }) => {
  const route = routeTo(fakeUpstream('a', {}, a), fakeUpstream('b', {}, b));
  expect(reachedMembers(route).map(({ upstream }) => upstream.id)).toEqual(reached);
});
