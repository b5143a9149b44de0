import { expect, it } from 'vitest';
import { createPrincipal } from '../../identity/principal.ts';
import type { Upstream, UpstreamPool } from '../upstream.ts';
import { Instance } from './instance.ts';
import { InstancedPool } from './instanced-pool.ts';

const checks = { failures: 3, successes: 2, intervalMs: 60_000, timeoutMs: 1_000 };

it.each([
  { what: 'one caller', isPerCaller: true },
  { what: 'all callers', isPerCaller: false },
])('[UP-92] instances share lists among the clients of $what only where nothing ends with the caller', async each => {
  const pool = {
    common: {} as Upstream,
    for: () => pool,
    async [Symbol.asyncDispose]() {},
  } as unknown as UpstreamPool;
  const instance = new Instance({
    ...{ id: 'a', url: new URL('http://a.example/mcp'), weight: 1, pool, checks },
    events: { onHealth() {}, onRequest() {} },
  });
  await using instances = new InstancedPool({
    ...{ id: 'up', instances: [instance], credentialHeader: undefined, sessionLost: 'end', retryMs: 1_000 },
    isPerCaller: each.isPerCaller,
    onFailover() {},
  });
  const ada = createPrincipal({ scheme: 'sso', subject: 'ada' });
  expect(instances.for(ada).common === undefined).toBe(each.isPerCaller);
});
