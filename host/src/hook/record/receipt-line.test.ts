import { expect, it } from 'vitest';
import { blocksOf, read } from '../../../../test/fixtures/markdown.ts';
import { KeyedHashes } from './keyed-hash.ts';
import { type HookCallRecord, lineOf } from './receipt-line.ts';
import { receiptSchema } from './receipt-schema.ts';

const hashes = new KeyedHashes(Buffer.alloc(32, 1));

const documented: HookCallRecord = {
  receipt: {
    ...{ plugin: 'mask-pii', hook: 'tool_post_invoke', outcome: 'modified', wallMs: 0.4123, fuel: 18_250 },
  },
  endedMs: Date.UTC(2026, 10, 21, 11, 34, 55, 894),
  ...{ request: 'c56ba26b-b4e9-4f97-979a-5f4321710ca8', call: 2, binding: 'support', upstream: 'crm' },
  ...{ tenant: 'acme', subject: 'alice', method: 'tools/call', tool: 'find', version: '0.1.0' },
  digest: 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  change: {
    before: {
      content: [{ type: 'text', text: 'alice@example.com' }],
      structuredContent: { email: 'alice@example.com', 'alice@example.com': 'alice@example.com' },
    },
    after: {
      content: [{ type: 'text', text: '[email]' }],
      structuredContent: { email: '[email]', 'alice@example.com': '[email]' },
    },
    tools: [{ outputSchema: { type: 'object', properties: { email: { type: 'string' } } } }],
  },
};

it('[HOOK-120] is documented with a receipt as it is written', () => {
  const [example] = blocksOf('docs/receipts.md').filter(({ language }) => language === 'json');
  expect(example?.text.trim()).toBe(JSON.stringify(lineOf(documented, hashes)));
});

it('[HOOK-120] is documented with each member of the schema, and no other', () => {
  const rows = [...read('docs/receipts.md').matchAll(/^\| (`.+?) \| /gm)].flatMap(([, names = '']) =>
    [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name),
  );
  expect(rows.toSorted()).toEqual(Object.keys(receiptSchema.shape).toSorted());
});

it.each<[string, HookCallRecord['receipt'], object]>([
  [
    'a failure',
    { ...base(), outcome: 'failed', cause: 'trap', message: 'alice' },
    { outcome: 'failed', cause: 'trap' },
  ],
  [
    'a call in a lane where calls wait',
    { ...base(), outcome: 'proceed', cpuMs: 0.25, hostCalls: 2 },
    { cpu_ms: 0.25, host_calls: 2 },
  ],
  ['a call that used no time', { ...base(), outcome: 'proceed', cpuMs: 0 }, { outcome: 'proceed', cpu_ms: 0 }],
  [
    'a block that is only recorded',
    {
      ...base(),
      mode: 'permissive',
      outcome: 'block',
      violation: { code: 'NO', reason: 'alice', description: 'alice' },
    },
    { mode: 'permissive', outcome: 'would_block', code: 'NO' },
  ],
  [
    'a change in shadow',
    { ...base(), mode: 'shadow', outcome: 'modified' },
    { mode: 'shadow', outcome: 'would_modify' },
  ],
])('[HOOK-120] has what a hook call came to: %s', (_, receipt, members) => {
  const line = JSON.parse(JSON.stringify(lineOf({ ...documented, receipt, change: undefined }, hashes)));
  expect(receiptSchema.parse(line)).toMatchObject(members);
  expect(JSON.stringify(line)).not.toContain('alice');
});

it('[HOOK-122] has no hash of a value that is nested too deeply to be written', () => {
  let deep: object = {};
  for (let depth = 0; depth < 100_000; depth += 1) deep = { deep };
  const change = { before: {}, after: deep as never, tools: [] };
  const line = lineOf({ ...documented, change }, hashes);
  expect(line.before).toBeDefined();
  expect(line.after).toBeUndefined();
});

function base() {
  return { plugin: 'mask-pii', hook: 'tool_post_invoke', wallMs: 1 } as const;
}
