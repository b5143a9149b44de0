import { from, type RefusalCase } from '../refusal.case.ts';

export const refusalCase: RefusalCase = {
  imports: `import * as kv from ${from('kv-store')};`,
  functions: 'get: kv.get, add: kv.increment, set: (key, value, ttl) => kv.set(key, bytes(value), ttl)',
  grant: { max_keys: 2, max_value_bytes: 20 },
  refused: [
    { reason: 'over_limit', task: ['set', 'a', 'x'.repeat(21)], what: 'set: more than 20 bytes' },
    { reason: 'invalid', task: ['set', '', 'x'], what: 'a key must have' },
  ],
  uses: [
    ['get', 'a'],
    ['set', 'a', 'x'.repeat(100), 60_000],
    ['add', 'b', 1, 1000],
  ],
  smallest: { max_keys: 2, max_bytes: 128, max_value_bytes: 128, max_ttl_ms: 65_536 },
};
