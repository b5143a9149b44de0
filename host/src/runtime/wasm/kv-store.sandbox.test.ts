import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { jsGuest, watGuest } from '../../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../../test/fixtures/guest-descriptor.ts';
import { callContext, calls, toolCall } from '../../../../test/fixtures/hook-calls.ts';
import { asVerified, openGuests } from '../../../../test/fixtures/sandboxed.ts';
import { openFacilities } from '../../capability/open-facilities.ts';
import { capabilities } from '../../capability/registry.ts';
import { silentLog } from '../../core/log.ts';
import { defaultLimits } from '../limits.ts';
import type { Isolation } from './lane/message.ts';
import { createWasmRuntime } from './wasm-runtime.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-kv-store-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Adds to the number of its tenant, and blocks with the sum and a secret. */
const counter = (more = '') =>
  jsGuest(
    guestDescriptor('counts', { required_capabilities: ['kv_store', 'secret_store', ...(more && ['outbound_http'])] }),
    `
import { increment } from 'sallyport:plugin/kv-store@0.1.0';
import { get } from 'sallyport:plugin/secret-store@0.1.0';${more}
export const lifecycle = { configure() { get('word'); } };
export const dispatchHooks = {
  beforeDispatch() {
    return { tag: 'block', val: { code: 'SUM', reason: String(increment('n', 1n)), description: get('word') } };
  },
  afterDispatch: () => ({ tag: 'proceed' }),
};`,
  );
const withWaiting = "\nimport { send } from 'sallyport:plugin/outbound-http@0.1.0'; globalThis.send = send;";
const grants = { kv_store: {}, secret_store: { names: ['word'] } };

const stores = {
  memory: { store: 'memory' },
  sqlite: { store: 'sqlite', path: join(folder, 'kv.sqlite') },
} as const;

function facilitiesWith(kv: (typeof stores)[keyof typeof stores]) {
  const file = join(folder, 'word');
  writeFileSync(file, 'sesame');
  return openFacilities({ kv, secrets: [{ name: 'word', file }], audit: {}, log: silentLog() });
}

it.each<[string, Isolation | undefined, string, boolean]>([
  ['shares its lane', 'pooled', '', false],
  ['shares its lane where each call has an instance', 'fresh', '', false],
  ['waits where its lane is a process', 'process', '', true],
  ['waits beside what must wait', 'pooled', withWaiting, true],
])('[CAP-109] a plugin with kv_store and secret_store %s', async (_, isolation, more, waits) => {
  const runtime = createWasmRuntime({ capabilities, log: silentLog() });
  const inspected = runtime.inspect(asVerified(await counter(more)));
  expect((await runtime.compile(inspected, defaultLimits, isolation)).asynchronous).toBe(waits);
});

it.each<[string, keyof typeof stores, Isolation, string]>([
  ['of values in memory', 'memory', 'pooled', ''],
  ['of values in memory, beside what must wait', 'memory', 'pooled', withWaiting],
  ['of values in memory, from a process', 'memory', 'process', ''],
  ['of values in a file', 'sqlite', 'pooled', ''],
  ['of values in a file, from a process', 'sqlite', 'process', ''],
])('[CAP-43] [CAP-109] loses no addition %s, in several lanes', async (_, store, isolation, more) => {
  await using facilities = facilitiesWith(stores[store]);
  const guest = {
    bytes: await counter(more),
    grants: { ...grants, ...(more && { outbound_http: { allow: ['https://a.example'] } }) },
  };
  await using runner = await openGuests([{ ...guest, isolation }], { facilities, lanes: 3 });
  const tenant = `${store} ${isolation} ${more}`;
  const outputs = await Promise.all(
    Array.from({ length: 60 }, async () => {
      const input = { stage: 'before', calls: calls('counts'), value: toolCall({}) } as const;
      return (await runner.run({ ...input, context: { ...callContext, tenant } })).reports[0];
    }),
  );
  const sums = outputs.map(report => (report?.outcome === 'block' ? Number(report.violation.reason) : report));
  expect(sums.toSorted((one, other) => Number(one) - Number(other))).toEqual(
    Array.from({ length: 60 }, (_, n) => n + 1),
  );
  expect(outputs).toContainEqual(
    expect.objectContaining({ violation: expect.objectContaining({ description: 'sesame' }) }),
  );
  expect(outputs).toContainEqual(expect.objectContaining({ hostCalls: 2 }));
});

it('[CAP-110] a chain that stored something does not run again when another chain ends its lane', async () => {
  await using facilities = facilitiesWith(stores.memory);
  const loops = await watGuest(guestDescriptor('loops'), { before: '(loop $l (br $l))' });
  await using runner = await openGuests(
    [
      { bytes: await counter(), grants },
      { bytes: loops, limits: { timeoutMs: 200 } },
    ],
    { facilities, lanes: 2 },
  );
  const run = (plugin: string) =>
    runner.run({ stage: 'before', context: callContext, calls: calls(plugin), value: toolCall({}) });
  let counted = 0;
  for (let round = 0; round < 5; round += 1) {
    // In one message to a lane where that is possible: those before the loop have finished, those after it have not begun.
    const outputs = await Promise.all(Array.from({ length: 20 }, (_, n) => run(n === 10 ? 'loops' : 'counts')));
    counted += outputs.filter(({ reports: [report] }) => report?.outcome === 'block').length;
  }
  expect(counted).toBe(95);
  const space = { plugin: 'counts', tenant: undefined };
  const write = { quota: { keys: 10, bytes: 1000 } };
  expect(await facilities.kv().increment(space, 'n', 0n, write)).toBe(95n);
});
