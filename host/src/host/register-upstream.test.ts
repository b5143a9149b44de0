import { expect, it } from 'vitest';
import { SecretMask } from '../core/secret-mask.ts';
import { createRegister } from './register-upstream.ts';

it('[EMB-02] one of two upstreams that are registered at once with the same id is refused', async () => {
  const added: string[] = [];
  const standard = { add: (pool: { id: string }) => void added.push(pool.id) };
  const register = createRegister({
    config: { secrets: [], tenants: [], upstreams: [], mask: new SecretMask() },
    gateway: { bindings: new Map([['main', standard]]), standard },
    upstreams: { add: async ({ id }: { id: string }) => ({ id }) },
    federation: { admit: async () => {}, checked: <Pool>(pool: Pool) => pool, registered: () => {} },
    ...{ optionalUpstreams: new Set(), folder: undefined },
  } as never);
  const upstream = { id: 'api', http: { url: 'http://127.0.0.1:9/mcp' } };
  const both = await Promise.allSettled([register(upstream), register(upstream)]);
  expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  expect(String(both.find(({ status }) => status === 'rejected')?.['reason' as never])).toContain('duplicate id: api');
  expect(added).toEqual(['api']);
  await expect(register(upstream)).rejects.toThrow('duplicate id: api');
});
