import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsGuest, loopingScript, watGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { openHost } from '../fixtures/open-host.ts';
import { type RawHttpServer, startRawHttpServer } from '../fixtures/raw-http-server.ts';

/** Less than a second of computing; more than the engine needs to start. */
const fuel = 500_000_000;
const usedUp = /^it used \d+ units of fuel more than the 500000000 allowed \(limits\.fuel\)$/;
/** Clocks that do not end a call of these tests. */
const patient = { timeout_ms: 60_000, cpu_ms: 60_000, start_ms: 60_000 };

let upstream: RawHttpServer;
let loops: Uint8Array;
beforeAll(async () => {
  upstream = await startRawHttpServer({ name: 'upstream' });
  loops = await jsGuest(guestDescriptor('loops', { hooks: ['tool_pre_invoke'] }), loopingScript);
});
afterAll(() => upstream?.[Symbol.asyncDispose]());

type Gateway = Awaited<ReturnType<typeof openHost>>;

/** Returns what the gateway logged about each failure of the plugin. */
const failures = ({ lines }: Gateway) =>
  lines.filter(({ msg }) => msg === 'a plugin failed').map(({ plugin, cause, reason }) => ({ plugin, cause, reason }));

describe('a plugin with limits.fuel', () => {
  it.each(['pooled', 'tenant', 'fresh', 'process'])(
    '[SBX-105] fails a call that loops by cause limit, and serves the next: %s',
    async isolation => {
      const settings = { isolation, limits: { fuel }, breaker: { failures: 100 } };
      await using gateway = await openHost([{ id: 'loops', bytes: loops, ...settings }], upstream.url, {
        limits: { lanes: 1, plugin: patient },
      });
      for (const text of ['first', 'second']) {
        await expect(gateway.call('echo', { loop: true })).rejects.toMatchObject({
          code: -32001,
          data: { plugin: 'loops', code: 'plugin_failed', details: { cause: 'limit' } },
        });
        expect((await gateway.call('echo', { text })).content).toEqual([{ type: 'text', text }]);
      }
      const failure = { plugin: 'loops', cause: 'limit', reason: expect.stringMatching(usedUp) };
      expect(failures(gateway)).toEqual([failure, failure]);
    },
  );

  it('[SBX-105] has that of all plugins, unless it has one of its own', async () => {
    const passes = `(local $rest i32) (local.set $rest (i32.const 100000))
      (loop $l (br_if $l (local.tee $rest (i32.sub (local.get $rest) (i32.const 1)))))`;
    const guest = (id: string) => watGuest(guestDescriptor(id, { hooks: ['tool_pre_invoke'] }), { before: passes });
    const plugins = [
      { id: 'more', bytes: await guest('more'), limits: { fuel: 10_000_000 } },
      { id: 'default', bytes: await guest('default'), on_error: 'ignore' },
    ];
    await using gateway = await openHost(plugins, upstream.url, {
      limits: { lanes: 1, plugin: { ...patient, fuel: 100_000 } },
    });
    expect((await gateway.call('echo', { text: 'a' })).content).toEqual([{ type: 'text', text: 'a' }]);
    expect(failures(gateway)).toMatchObject([{ plugin: 'default', cause: 'limit' }]);
  });

  it('[SBX-105] does not start if configure uses more', async () => {
    const bytes = await watGuest(guestDescriptor('starts'), { configure: '(loop $l (br $l))' });
    const opening = openHost([{ id: 'starts', bytes, limits: { fuel: 1_000_000 } }], upstream.url);
    await expect(opening).rejects.toMatchObject({
      faults: [{ code: 'plugin_start_failed', details: { reason: expect.stringContaining('(limits.fuel)') } }],
    });
  });
});
