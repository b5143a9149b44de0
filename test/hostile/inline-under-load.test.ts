import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CallReport, ChainInput } from '../../host/src/contract/hook-call.ts';
import { inlineFuel } from '../../host/src/runtime/limits.ts';
import type { PluginRunner } from '../../host/src/runtime/runtime.ts';
import { attackScript, binaryAttacks } from '../fixtures/attacks.ts';
import { jsGuest, type WatGuest, watGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { openHonestLoad } from '../fixtures/honest-load.ts';
import { callContext, calls, toolCall, toolResult } from '../fixtures/hook-calls.ts';
import { openHost } from '../fixtures/open-host.ts';
import { type RawHttpServer, startRawHttpServer } from '../fixtures/raw-http-server.ts';
import { type Guest, openGuests } from '../fixtures/sandboxed.ts';
import { endure } from '../fixtures/siege.ts';

/** Ways to use the thread for as long as fuel lasts: work, memory that no cache holds, and everything with a length. */
const burners: Readonly<Record<string, WatGuest>> = {
  'a loop': { before: '(loop $l (br $l))' },
  'a loop of divisions': {
    before: `(local $i i64) (loop $l
      (local.set $i (i64.div_u (i64.const 9000000000000000007) (i64.or (local.get $i) (i64.const 1)))) (br $l))`,
  },
  'reads all over its memory': {
    memory: '900',
    before: `(local $i i32) (loop $l (local.set $i (i32.and (i32.add (i32.mul (local.get $i) (i32.const 1664525))
      (i32.add (i32.load (local.get $i)) (i32.const 1013904223))) (i32.const 0x1fffffc))) (br $l))`,
  },
  'writes all over its memory': {
    memory: '900',
    before: `(local $i i32) (loop $l (local.set $i (i32.add (local.get $i) (i32.const 4096007)))
      (i32.store (i32.and (local.get $i) (i32.const 0x1fffffc)) (local.get $i)) (br $l))`,
  },
  'fills of 50 MB': {
    memory: '900',
    before: '(loop $l (memory.fill (i32.const 65536) (i32.const 7) (i32.const 50000000)) (br $l))',
  },
  'fills of a byte': { before: '(loop $l (memory.fill (i32.const 65536) (i32.const 7) (i32.const 1)) (br $l))' },
  'copies of 20 MB': {
    memory: '900',
    before: '(loop $l (memory.copy (i32.const 65536) (i32.const 25000000) (i32.const 20000000)) (br $l))',
  },
  'memory that grows by nothing': { before: '(loop $l (drop (memory.grow (i32.const 0))) (br $l))' },
  'memory that grows to its limit': { before: '(loop $l (drop (memory.grow (i32.const 1))) (br $l))' },
  'fills of a table': {
    fields: '(table $t 90000 funcref)',
    before: '(loop $l (table.fill $t (i32.const 0) (ref.null func) (i32.const 90000)) (br $l))',
  },
  recursion: { fields: '(func $r (call $r))', before: '(call $r)' },
};

/** Attacks of the script that end by fuel, a limit or a trap. */
const scripted = ['loop', 'dive', 'hog', 'regex', 'log forever', 'log a megabyte forever', 'read state forever'].concat(
  ['write state forever', 'grow state', 'a hundred megabytes', 'deep arguments', 'no outcome'],
);

const inline = { isolation: 'inline', limits: { fuel: inlineFuel, memoryBytes: 64 * 2 ** 20 } } as const;

/** The CPU time of a call, with the start of an instance after one that failed. It is below 100 ms on an idle core. */
const longestMs = 1000;

describe('inline, an attack', () => {
  const longest: { attack: string; cpuMs: number; stallMs: number }[] = [];
  let script: PluginRunner;
  beforeAll(async () => {
    script = await openGuests([{ bytes: await jsGuest(guestDescriptor('plugin'), attackScript), ...inline }]);
  });
  afterAll(async () => {
    await script?.[Symbol.asyncDispose]();
    const lines = longest.sort((one, other) => other.cpuMs - one.cpuMs).slice(0, 8);
    const shown = lines.map(
      each => `${each.attack}: ${each.cpuMs.toFixed(0)} ms of CPU, ${each.stallMs.toFixed(0)} ms`,
    );
    console.log(`the longest that an attack held up the event loop:\n${shown.join('\n')}`);
  });

  /** Makes a call several times, and notes the longest time that it held up the event loop. */
  async function measured(attack: string, runner: PluginRunner, input: ChainInput): Promise<CallReport | undefined> {
    const stalls = monitorEventLoopDelay({ resolution: 1 });
    stalls.enable();
    let cpuMs = 0;
    let last: CallReport | undefined;
    for (let call = 0; call < 4; call += 1) {
      const before = process.threadCpuUsage();
      [last] = (await runner.run(input)).reports;
      const { user, system } = process.threadCpuUsage(before);
      cpuMs = Math.max(cpuMs, (user + system) / 1000);
      await turn();
    }
    stalls.disable();
    longest.push({ attack, cpuMs, stallMs: stalls.max / 1e6 });
    expect(cpuMs).toBeLessThan(longestMs);
    return last;
  }
  const calling = (args: unknown): ChainInput => ({
    ...{ stage: 'before', context: callContext, calls: calls('plugin'), value: toolCall(args) },
  });

  it.each(Object.entries(burners))(
    '[SBX-130] holds up the event loop for no longer than its fuel: %s',
    async (what, guest) => {
      await using runner = await openGuests([{ bytes: await watGuest(guestDescriptor('plugin'), guest), ...inline }]);
      const report = await measured(what, runner, calling({}));
      expect(report).toMatchObject({ outcome: 'failed', cause: expect.stringMatching(/^(limit|trap)$/) });
    },
  );

  it.each(scripted)('[SBX-130] holds up the event loop for no longer than its fuel: %s, in JavaScript', async what => {
    const report = await measured(what, script, calling({ before: what }));
    if (what !== 'deep arguments') expect(report?.outcome).toBe('failed');
    expect((await script.run(calling({}))).reports).toMatchObject([{ outcome: 'proceed' }]);
  });

  it.each(Object.entries(binaryAttacks))('[SBX-130] fails as in a lane: %s', async (what, { guest, cause }) => {
    const descriptor = guestDescriptor('plugin');
    await using runner = await openGuests([{ bytes: await watGuest(descriptor, guest), ...inline }]);
    const after: ChainInput = { stage: 'after', context: callContext, calls: calls('plugin'), value: toolResult('x') };
    const report = await measured(what, runner, guest.after === undefined ? calling({}) : after);
    // Fuel ends what a deadline ends in a lane.
    expect(report).toMatchObject({ outcome: 'failed', cause: cause === 'timeout' ? 'limit' : cause });
  });

  it.each([
    { what: 'loops in configure', guest: { configure: '(loop $l (br $l))' } },
    { what: 'loops in its start function', guest: { fields: '(func $s (loop $l (br $l))) (start $s)' } },
    { what: 'recurses in configure', guest: { fields: '(func $dive (call $dive))', configure: '(call $dive)' } },
  ])('[SBX-130] is refused at the start, which its fuel ends: $what', async ({ guest }) => {
    const refused: Guest = { bytes: await watGuest(guestDescriptor('plugin'), guest), ...inline };
    await expect(openGuests([refused])).rejects.toMatchObject({ faults: [{ code: 'plugin_start_failed' }] });
  });
});

describe('under attack by an inline plugin, honest clients', () => {
  let upstream: RawHttpServer;
  let gateway: Awaited<ReturnType<typeof openHost>>;
  let load: Awaited<ReturnType<typeof openHonestLoad>>;
  beforeAll(async () => {
    upstream = await startRawHttpServer({ name: 'upstream' });
    const settings = { isolation: 'inline', breaker: { failures: 1_000_000 }, limits: { fuel: 5_000_000 } };
    const example = join(import.meta.dirname, '../../plugins-examples/redact-emails/redact-emails.js');
    const redact = guestDescriptor('redact', { hooks: ['tool_post_invoke'] });
    const honest = await jsGuest(redact, await readFile(example, 'utf8'));
    const plugins = [
      { id: 'plugin', bytes: await jsGuest(guestDescriptor('plugin'), attackScript), ...settings },
      { id: 'loops', bytes: await watGuest(guestDescriptor('loops'), { before: '(loop $l (br $l))' }), ...settings },
    ];
    const bindings = [
      { id: 'honest', upstreams: ['upstream'], transforms: ['redact'] },
      ...plugins.map(({ id }) => ({ id, upstreams: ['upstream'], transforms: [id] })),
    ];
    const all = [{ id: 'redact', bytes: honest, limits: { timeout_ms: 30_000 } }, ...plugins];
    gateway = await openHost(all, upstream.url, { bindings, allowInline: true, log: { level: 'warn' } });
    load = await openHonestLoad(`${gateway.url}/mcp/honest`, 4);
    await load.run(500);
  });
  afterAll(async () => {
    await load?.[Symbol.asyncDispose]();
    await gateway?.[Symbol.asyncDispose]();
    await upstream?.[Symbol.asyncDispose]();
  });

  it.each(['plugin', 'loops'])('[SBX-130] lose no request: %s', async binding => {
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const params = { name: 'echo', arguments: { before: 'loop' } };
    // While a plugin runs inline, everyone waits for it: what counts is that each answer comes.
    await endure(
      load,
      async () => {
        const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
        await (await fetch(`${gateway.url}/mcp/${binding}`, { method: 'POST', headers, body })).text();
      },
      1000,
    );
  });
});
