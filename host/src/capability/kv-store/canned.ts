import { z } from 'zod';
import { createMemoryKv } from '../../state/memory/kv.ts';
import { defineCanned } from '../canned.ts';

const quota = { keys: 1_000_000, bytes: 2 ** 30 };
const textsSchema = z.record(z.string(), z.string());

/** The store is in memory, with the entries and the time of the case. `kv: null` is a store that fails. */
export const kvStoreCanned = defineCanned({
  host: { kv: textsSchema.nullable().default({}) },
  expect: { kv: textsSchema.optional() },
  async open({ kv: stated }, { plugin, tenant, time }) {
    // Lanes do not use it directly, because their clock is not that of the case.
    const { lending: _, ...kv } = createMemoryKv(() => time[0] ?? 0);
    for (const [key, value] of Object.entries(stated ?? {})) {
      await kv.set({ plugin, tenant }, key, Buffer.from(value), { quota });
    }
    return {
      facilities: { kv: () => kv },
      ...(stated === null && { serve: async () => ({ err: { tag: 'failed', val: 'the store failed' } }) }),
      async came(tenant) {
        const space = { plugin, tenant };
        const entries: Record<string, string> = {};
        for (const key of await kv.list(space, '', undefined, quota.keys)) {
          entries[key] = Buffer.from((await kv.get(space, key)) ?? []).toString('utf8');
        }
        return { kv: entries };
      },
    };
  },
});
