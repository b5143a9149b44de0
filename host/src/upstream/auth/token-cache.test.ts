import { expect, it, vi } from 'vitest';
import { Credential } from './credential.ts';
import { TokenCache } from './token-cache.ts';

const later = (ms: number) => Date.now() + ms;
const fresh = (value: string) => new Credential(value, { staleAt: later(60_000), expiresAt: later(90_000) });
const stale = (value: string) => new Credential(value, { staleAt: later(-1), expiresAt: later(60_000) });
const expired = (value: string) => new Credential(value, { staleAt: later(-2), expiresAt: later(-1) });

it('[UP-41] requests one token for concurrent requests, and the next when the first is stale', async () => {
  const cache = new TokenCache();
  const request = vi.fn(async () => (request.mock.calls.length === 1 ? stale('one') : fresh('two')));
  const all = await Promise.all(['a', 'a', 'a'].map(key => cache.get(key, request)));
  expect(all.map(({ value }) => value)).toEqual(['one', 'one', 'one']);
  expect((await cache.get('a', request)).value).toBe('two');
  expect((await cache.get('a', request)).value).toBe('two');
  expect(request).toHaveBeenCalledTimes(2);
});

it('[UP-41] keeps the tokens of different keys apart', async () => {
  const cache = new TokenCache();
  expect((await cache.get('a', async () => fresh('one'))).value).toBe('one');
  expect((await cache.get('b', async () => fresh('two'))).value).toBe('two');
});

it('[UP-41] uses a stale token while no other can be had, and an expired one never', async () => {
  const cache = new TokenCache();
  const fails = async () => Promise.reject(new Error('down'));
  await cache.get('a', async () => stale('one'));
  expect((await cache.get('a', fails)).value).toBe('one');
  await cache.get('b', async () => expired('two'));
  await expect(cache.get('b', fails)).rejects.toThrow('down');
});

it('[UP-41] answers with a failure for a short time, without another request', async () => {
  vi.useFakeTimers();
  try {
    const cache = new TokenCache();
    const request = vi.fn(async () =>
      request.mock.calls.length === 1 ? Promise.reject(new Error('no')) : fresh('one'),
    );
    await expect(cache.get('a', request)).rejects.toThrow('no');
    await expect(cache.get('a', request)).rejects.toThrow('no');
    expect(request).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(2_001);
    expect((await cache.get('a', request)).value).toBe('one');
  } finally {
    vi.useRealTimers();
  }
});

it('[UP-42] renews a rejected token once for all that were rejected, and not again within a second', async () => {
  const cache = new TokenCache();
  const first = await cache.get('a', async () => fresh('one'));
  const request = vi.fn(async () => fresh(`more ${request.mock.calls.length}`));
  const renewed = await Promise.all([1, 2, 3].map(() => cache.renew('a', first, request)));
  expect(renewed.map(each => each?.value)).toEqual(['more 1', 'more 1', 'more 1']);
  const [second] = renewed;
  expect((await cache.renew('a', first, request))?.value).toBe('more 1');
  expect(second && (await cache.renew('a', second, request))).toBeUndefined();
  expect(request).toHaveBeenCalledTimes(1);
});

it('[UP-41] drops the tokens that were used longest ago', async () => {
  const cache = new TokenCache(2);
  for (const key of ['a', 'b', 'a', 'c']) await cache.get(key, async () => fresh(key));
  expect(cache.size).toBe(2);
  const request = vi.fn(async () => fresh('new'));
  expect((await cache.get('a', request)).value).toBe('a');
  expect((await cache.get('b', request)).value).toBe('new');
});
