import { expect, it } from 'vitest';
import { Fault } from '../core/fault.ts';
import { anonymous } from '../identity/principal.ts';
import type { UpstreamPool } from '../upstream/upstream.ts';
import type { OpenBinding } from './binding.ts';
import { reachUpstreams } from './reach-upstreams.ts';

type Behaviour = 'there' | 'slow' | 'silent' | 'down';
const facts = { revision: '', implementation: {}, capabilities: {} };

/** Upstreams that were all reached before, and what was told of them. */
function open(behaviours: Readonly<Record<string, Behaviour>>) {
  const told: string[] = [];
  const upstreams = Object.entries(behaviours).map(([id, behaviour]) => ({
    ...{ id, ready: behaviour === 'there', serverInfo: facts, wasReached: true },
    for() {
      return this;
    },
    start: (signal: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        if (behaviour === 'there') resolve();
        if (behaviour === 'slow') setTimeout(resolve, 20);
        if (behaviour === 'down') reject(new Fault('upstream_unavailable', { upstream: id }));
      }),
    checkRoom() {},
  }));
  const notices = {
    leftOut: (id: string, _: string, reason: unknown) => void told.push(`${id} ${(reason as Fault).code}`),
    isBack: (id: string) => void told.push(`${id} is there`),
  };
  return {
    entry: { id: 'main', upstreams: upstreams as unknown as UpstreamPool[], notices } as unknown as OpenBinding,
    told,
  };
}
const patience = { requestTimeoutMs: 30_000, listMs: 500 };

it.each<{ upstreams: Record<string, Behaviour>; told: string[] }>([
  { upstreams: { a: 'there', b: 'there' }, told: ['a is there', 'b is there'] },
  { upstreams: { a: 'there', b: 'slow' }, told: ['a is there', 'b is there'] },
  { upstreams: { a: 'silent', b: 'there' }, told: ['a upstream_timeout', 'b is there'] },
  {
    upstreams: { a: 'silent', b: 'slow', c: 'down' },
    told: ['a upstream_timeout', 'b is there', 'c upstream_unavailable'],
  },
])('waits a list’s time for $upstreams [GW-27]', async ({ upstreams, told }) => {
  const opened = open(upstreams);
  const began = performance.now();
  await reachUpstreams(opened.entry, anonymous, patience);
  expect(opened.told).toEqual(told);
  // It did not wait for as long as a request may take.
  expect(performance.now() - began).toBeLessThan(patience.requestTimeoutMs);
});

it('tells how long it waited', async () => {
  const { entry } = open({ a: 'silent' });
  await expect(reachUpstreams(entry, anonymous, { requestTimeoutMs: 50, listMs: 10 })).rejects.toMatchObject({
    code: 'upstream_timeout',
    details: { upstream: 'a', method: 'initialize', after_ms: 50 },
  });
});

it('fails when none is there', async () => {
  const { entry } = open({ a: 'down', b: 'down' });
  await expect(reachUpstreams(entry, anonymous, patience)).rejects.toMatchObject({ code: 'upstream_unavailable' });
});
