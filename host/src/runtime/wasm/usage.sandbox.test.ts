import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsGuest, watGuest } from '../../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../../test/fixtures/guest-descriptor.ts';
import { callContext, calls, toolCall } from '../../../../test/fixtures/hook-calls.ts';
import { withParts } from '../../../../test/fixtures/odd-component.ts';
import { openGuests } from '../../../../test/fixtures/sandboxed.ts';
import type { HookRunner } from '../../contract/hook-call.ts';
import { componentSection } from '../../wasm/binary-format.ts';
import { sectionsOf } from '../../wasm/binary-reader.ts';
import { section } from '../../wasm/binary-writer.ts';
import type { PluginRunner } from '../runtime.ts';

const page = 65_536;

const before = async (runner: HookRunner, args: unknown, ...plugins: string[]) =>
  (await runner.run({ stage: 'before', context: callContext, calls: calls(...plugins), value: toolCall(args) }))
    .reports;

/** What it does takes a while: by its own count of turns, of which it has no clock to tell how long they take. */
const spin = (turns: number) =>
  `(local $n i32) (loop $l (local.set $n (i32.add (local.get $n) (i32.const 1))) (br_if $l (i32.lt_u (local.get $n) (i32.const ${turns}))))`;

/** Calls a server a given number of times, working for a while after each answer. */
const asking = `
import { send } from 'sallyport:plugin/outbound-http@0.1.0';
export const lifecycle = { configure() {} };
export const dispatchHooks = {
  beforeDispatch(_context, request) {
    const { url, times = 1, work = 0, loop = false } = JSON.parse(request.val.arguments);
    for (let n = 0; n < times; n += 1) {
      send({ method: 'POST', url, headers: [['x-one', 'two']], body: new Uint8Array([1, 2, 3, 4, 5]) });
      for (let turn = 0; turn < work; turn += 1);
    }
    if (loop) for (;;);
    return { tag: 'proceed' };
  },
  afterDispatch: () => ({ tag: 'proceed' }),
};`;

describe('what a plugin uses', () => {
  it('[SBX-65] is counted by plugin: calls and time, those that fail too', async () => {
    await using runner = await openGuests([
      { bytes: await watGuest(guestDescriptor('works'), { before: spin(20_000_000) }), limits: { timeoutMs: 20_000 } },
      { bytes: await watGuest(guestDescriptor('traps'), { before: 'unreachable' }) },
      { bytes: await watGuest(guestDescriptor('idle')) },
    ]);
    let wallMs = 0;
    for (let n = 0; n < 3; n += 1) {
      for (const report of await before(runner, {}, 'works', 'traps')) wallMs += report.wallMs;
    }
    const { works, traps, idle } = Object.fromEntries(runner.usage());
    expect(works).toMatchObject({ calls: 3, hostCalls: 0, egressBytes: 0 });
    expect(traps).toMatchObject({ calls: 3 });
    expect(idle).toMatchObject({ calls: 0, wallMs: 0, cpuMs: 0 });
    expect((works?.wallMs ?? 0) + (traps?.wallMs ?? 0)).toBeCloseTo(wallMs);
    expect(works?.cpuMs).toBe(works?.wallMs);
    expect(works?.cpuMs).toBeGreaterThan(10);
  });

  it('[SBX-65] is its lane until the deadline, where it loops', async () => {
    const bytes = await watGuest(guestDescriptor('loops'), { before: '(loop $l (br $l))' });
    await using runner = await openGuests([{ bytes, limits: { timeoutMs: 100 } }]);
    await before(runner, {}, 'loops');
    expect(runner.usage().get('loops')?.cpuMs).toBeGreaterThanOrEqual(100);
  });

  describe('of memory', () => {
    /** Grows by one page at each call. */
    const growing = (id: string) =>
      watGuest(guestDescriptor(id), { before: '(drop (memory.grow (i32.const 1)))', memory: '2' });

    /** The lane and its spare, which starts later, hold one instance each. */
    const withSpare = (runner: PluginRunner, plugin: string) =>
      expect.poll(() => runner.usage().get(plugin)?.memoryBytes).toBe(4 * page);

    it('[SBX-66] is what its instances have, in all lanes, and at most what they had', async () => {
      await using runner = await openGuests([{ bytes: await growing('grows') }], { lanes: 1 });
      await withSpare(runner, 'grows');
      for (let n = 0; n < 3; n += 1) await before(runner, {}, 'grows');
      expect(runner.usage().get('grows')).toMatchObject({ memoryBytes: 7 * page, memoryMaxBytes: 7 * page });
    });

    it('[SBX-66] is given back with an instance that is dropped, and not forgotten', async () => {
      const bytes = await watGuest(guestDescriptor('bursts'), {
        before: '(drop (memory.grow (i32.const 10))) unreachable',
      });
      await using runner = await openGuests([{ bytes }], { lanes: 1 });
      await withSpare(runner, 'bursts');
      for (let n = 0; n < 3; n += 1) await before(runner, {}, 'bursts');
      // Of the one that was dropped nothing is left; the spare was not called.
      expect(runner.usage().get('bursts')).toMatchObject({ memoryBytes: 2 * page, memoryMaxBytes: 14 * page });
    });

    it('[SBX-66] counts an instance that serves one call', async () => {
      await using runner = await openGuests([{ bytes: await growing('once'), isolation: 'fresh' }], { lanes: 1 });
      await withSpare(runner, 'once');
      for (let n = 0; n < 3; n += 1) await before(runner, {}, 'once');
      // The first was the one that the lane started with.
      expect(runner.usage().get('once')).toMatchObject({ memoryBytes: 2 * page, memoryMaxBytes: 5 * page });
    });

    it('[SBX-90] [SBX-91] is that of all its core instances, and below the limit in all of them together', async () => {
      const greedy = await parse(`(module (memory 1)
        (func $all (loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))) (start $all))`);
      const honest = await watGuest(guestDescriptor('spreads'));
      const module = [...sectionsOf(honest)].filter(({ id }) => id === componentSection.coreModule).length;
      const instances = section(componentSection.coreInstance, [4, ...Array(4).fill([0x00, module, 0x00]).flat()]);
      const bytes = withParts(honest, { modules: [greedy], sections: [instances] });
      await using runner = await openGuests([{ bytes, limits: { memoryBytes: 2 ** 20 } }], { lanes: 1 });
      // Two pages of its own, and a share for each of the others, in the lane and in its spare.
      const share = 1 + Math.floor((16 - 2 - 4) / 6);
      await expect.poll(() => runner.usage().get('spreads')?.memoryBytes).toBe(2 * page * (2 + 4 * share));
    });

    it('[SBX-66] is given back with a lane that is ended', async () => {
      const bytes = await watGuest(guestDescriptor('gone'), {
        before: '(drop (memory.grow (i32.const 10))) (loop $l (br $l))',
      });
      await using runner = await openGuests([{ bytes, limits: { timeoutMs: 100 } }], { lanes: 1 });
      await withSpare(runner, 'gone');
      await before(runner, {}, 'gone');
      // The spare has taken its place, and a new spare is started.
      await expect.poll(() => runner.usage().get('gone')?.memoryBytes).toBe(4 * page);
    });
  });
});

describe('a plugin that waits', () => {
  const waitMs = 150;
  const held: (() => void)[] = [];
  let hold = false;
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      if (hold) held.push(() => response.end('late'));
      else setTimeout(() => response.end('fine'), waitMs);
    });
  });
  let url: string;
  let bytes: Uint8Array;
  beforeAll(async () => {
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/in?a=b`;
    bytes = await jsGuest(guestDescriptor('asks', { required_capabilities: ['outbound_http'] }), asking);
  });
  afterAll(() => {
    for (const end of held) end();
    server.close();
  });
  const open = (limits: object, isolation: 'pooled' | 'process' = 'pooled') =>
    openGuests([
      {
        ...{ bytes, limits, isolation },
        grants: { outbound_http: { allow: [new URL(url).origin], allow_private: ['127.0.0.1/32'] } },
      },
    ]);

  it('[SBX-65] is charged for what it asks and sends, and not for waiting', async () => {
    await using runner = await open({ timeoutMs: 20_000 });
    const reports = await before(runner, { url, times: 3 }, 'asks');
    expect(reports).toMatchObject([{ outcome: 'proceed', hostCalls: 3 }]);
    const request = 'POST /in?a=b HTTP/1.1\r\nx-one: two\r\n\r\n12345';
    const usage = runner.usage().get('asks');
    expect(usage).toMatchObject({ calls: 1, hostCalls: 3, egressBytes: 3 * request.length });
    expect(usage?.wallMs).toBeGreaterThan(3 * waitMs * 0.9);
    expect(usage?.cpuMs).toBeLessThan((usage?.wallMs ?? 0) / 2);
    expect(usage?.cpuMs).toBeGreaterThan(0);
    expect(usage?.memoryBytes).toBeGreaterThan(page);
  });

  it('[SBX-66] gives its memory back when a call is dropped', async () => {
    await using runner = await open({ timeoutMs: 6_000 });
    const idle = runner.usage().get('asks')?.memoryBytes ?? 0;
    hold = true;
    const reports = await before(runner, { url }, 'asks').finally(() => {
      hold = false;
    });
    expect(reports).toMatchObject([{ outcome: 'failed', cause: 'timeout' }]);
    await expect.poll(() => runner.usage().get('asks')?.memoryBytes).toBe(0);
    expect(await before(runner, { url }, 'asks')).toMatchObject([{ outcome: 'proceed' }]);
    expect(runner.usage().get('asks')?.memoryBytes).toBeGreaterThanOrEqual(idle);
  });

  it.each([
    { what: 'in a thread', isolation: 'pooled' as const },
    { what: 'in a process', isolation: 'process' as const },
  ])('[SBX-67] $what may wait longer than it may work', async ({ isolation }) => {
    await using runner = await open({ timeoutMs: 20_000, cpuMs: 1_000 }, isolation);
    expect(await before(runner, { url, times: 8 }, 'asks')).toMatchObject([{ outcome: 'proceed' }]);
  });

  it.each([
    { what: 'in a thread, at one go', isolation: 'pooled' as const, args: { loop: true } },
    { what: 'in a thread, a bit after each answer', isolation: 'pooled' as const, args: { times: 90, work: 300_000 } },
    { what: 'in a process, at one go', isolation: 'process' as const, args: { loop: true } },
  ])('[SBX-67] is ended by name of the limit when it works too long: $what', async ({ isolation, args }) => {
    await using runner = await open({ timeoutMs: 120_000, cpuMs: 200 }, isolation);
    const reports = await before(runner, { url, ...args }, 'asks');
    expect(reports).toMatchObject([
      { outcome: 'failed', cause: 'limit', message: expect.stringMatching(/200 ms of CPU .*limits\.cpu_ms/) },
    ]);
    await expect.poll(() => runner.usage().get('asks')?.cpuMs).toBeGreaterThan(100);
    expect(await before(runner, { url }, 'asks')).toMatchObject([{ outcome: 'proceed' }]);
  });
});

describe('a plugin that waits for nothing', () => {
  it('[SBX-67] is ended when it uses more CPU than it may, long before its deadline', async () => {
    const bytes = await watGuest(guestDescriptor('loops'), { before: '(loop $l (br $l))' });
    const honest = { bytes: await watGuest(guestDescriptor('honest')) };
    await using runner = await openGuests([{ bytes, limits: { timeoutMs: 60_000, cpuMs: 100 } }, honest]);
    const [looped, other] = await Promise.all([
      before(runner, {}, 'honest', 'loops'),
      before(runner, {}, 'honest', 'honest'),
    ]);
    expect(looped).toMatchObject([{ outcome: 'proceed' }, { outcome: 'failed', cause: 'limit' }]);
    expect(looped[1]).toMatchObject({ message: expect.stringContaining('limits.cpu_ms') });
    expect(other).toMatchObject([{ outcome: 'proceed' }, { outcome: 'proceed' }]);
  });

  it('[SBX-67] in a process of its own is ended as well', async () => {
    const bytes = await watGuest(guestDescriptor('loops'), { before: '(loop $l (br $l))' });
    await using runner = await openGuests([{ bytes, isolation: 'process', limits: { timeoutMs: 60_000, cpuMs: 100 } }]);
    expect(await before(runner, {}, 'loops')).toMatchObject([{ outcome: 'failed', cause: 'limit' }]);
  });
});
