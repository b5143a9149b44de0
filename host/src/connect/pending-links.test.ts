import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPrincipal } from '../identity/principal.ts';
import { PendingLinks } from './pending-links.ts';

const lifetimeMs = 600_000;
const user = (subject: string, scheme = 'staff') => createPrincipal({ subject, scheme });
const open = () => new PendingLinks({ publicUrl: 'https://gateway.example', lifetimeMs, schemes: new Set(['staff']) });
const tokenIn = (url: string) => url.split('/').at(-1) ?? '';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a link [UP-51]', () => {
  it('is the same for a user and an upstream until it is used or half of its time is over', () => {
    using links = open();
    const first = links.request('tickets', user('ada'));
    expect(first.url).toMatch(/^https:\/\/gateway\.example\/connect\/link\/[\w-]{43}$/);
    expect(first.url).not.toContain(first.id);
    expect(links.request('tickets', user('ada'))).toBe(first);
    expect(links.request('tickets', user('bob')).url).not.toBe(first.url);
    expect(links.request('other', user('ada')).url).not.toBe(first.url);
    vi.advanceTimersByTime(lifetimeMs / 2);
    expect(links.request('tickets', user('ada')).url).not.toBe(first.url);
    expect(links.find(tokenIn(first.url)).upstream).toBe('tickets');
  });

  it('is valid once, and for its time', () => {
    using links = open();
    const [used, late] = [links.request('tickets', user('ada')), links.request('tickets', user('bob'))].map(({ url }) =>
      tokenIn(url),
    );
    expect(links.use(used ?? '').user.subject).toBe('ada');
    expect(() => links.use(used ?? '')).toThrow('connect_link_unknown');
    expect(() => links.find(used ?? '')).toThrow('connect_link_unknown');
    vi.advanceTimersByTime(lifetimeMs);
    expect(() => links.find(late ?? '')).toThrow('connect_link_unknown');
    expect(() => links.use(late ?? '')).toThrow('connect_link_unknown');
  });

  it.each([user('key-owner', 'keys'), user('ada', 'other')])('is not for users who cannot sign in: $scheme', caller => {
    using links = open();
    expect(() => links.request('tickets', caller)).toThrow('upstream_auth_caller');
  });

  it('tells its clients whether the account was connected', async () => {
    using links = open();
    const [ada, bob] = [links.request('tickets', user('ada')), links.request('tickets', user('bob'))];
    const link = links.use(tokenIn(ada.url));
    const again = links.request('tickets', user('ada'));
    links.connected(link);
    expect(await Promise.all([ada.completed, again.completed])).toEqual([true, true]);
    expect(() => links.find(tokenIn(again.url))).toThrow('connect_link_unknown');
    vi.advanceTimersByTime(2 * lifetimeMs);
    expect(await bob.completed).toBe(false);
  });

  it('is dropped when there are too many, the oldest first', () => {
    using links = open();
    const [first = ''] = Array.from(
      { length: 10_001 },
      (_, index) => links.request('tickets', user(`user-${index}`)).url,
    );
    expect(() => links.find(tokenIn(first))).toThrow('connect_link_unknown');
    expect(links.request('tickets', user('user-1')).url).toBeDefined();
  });
});
