import { describe, expect, it } from 'vitest';
import { jsGuest, watGuest } from '../../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../../test/fixtures/guest-descriptor.ts';
import { callContext, calls, toolCall, toolResult } from '../../../../test/fixtures/hook-calls.ts';
import { openGuests } from '../../../../test/fixtures/sandboxed.ts';
import type { HookRunner } from '../../contract/hook-call.ts';

/** Tells how many calls this instance has served before. */
const counting = `
let served = 0;
export const lifecycle = { configure() {} };
export const dispatchHooks = {
  beforeDispatch: () => ({ tag: 'block', val: { code: 'COUNT', reason: String(served++), description: '' } }),
  afterDispatch: (_context, response) => ({ tag: 'modified', val: { tag: 'tool-result', val: { content: [{ tag: 'text', val: response.val.content[0].val.repeat(10) }], isError: false } } }),
};`;

async function served(runner: HookRunner, tenant?: string): Promise<number> {
  const context = { ...callContext, ...(tenant === undefined ? {} : { tenant }) };
  const { reports } = await runner.run({ stage: 'before', context, calls: calls('counts'), value: toolCall({}) });
  const [report] = reports;
  return report?.outcome === 'block' ? Number(report.violation.reason) : Number.NaN;
}

const open = async (isolation: 'pooled' | 'tenant' | 'fresh') =>
  openGuests([{ bytes: await jsGuest(guestDescriptor('counts'), counting), isolation }]);

describe('an instance', () => {
  it('[SBX-17] serves all callers of a pooled plugin', async () => {
    await using runner = await open('pooled');
    expect([await served(runner, 'a'), await served(runner, 'b'), await served(runner)]).toEqual([0, 1, 2]);
  });

  it('[SBX-17] never serves two tenants of a plugin that keeps them apart', async () => {
    await using runner = await open('tenant');
    expect([await served(runner, 'a'), await served(runner, 'b'), await served(runner)]).toEqual([0, 0, 0]);
    expect([await served(runner, 'a'), await served(runner, 'b'), await served(runner)]).toEqual([1, 1, 1]);
  });

  it('[SBX-17] [CAP-91] serves a tenant without a name apart from calls without a tenant', async () => {
    await using runner = await open('tenant');
    expect([await served(runner, ''), await served(runner), await served(runner, '=')]).toEqual([0, 0, 0]);
    expect([await served(runner, ''), await served(runner), await served(runner, '=')]).toEqual([1, 1, 1]);
  });

  it('[SBX-17] of a tenant is forgotten when many others came since', async () => {
    await using runner = await open('tenant');
    expect(await served(runner, 'a')).toBe(0);
    for (let n = 0; n < 40; n += 1) await served(runner, `t${n}`);
    expect(await served(runner, 'a')).toBe(0);
  });

  it('[SBX-17] serves one call of a fresh plugin', async () => {
    await using runner = await open('fresh');
    expect([await served(runner), await served(runner), await served(runner, 'a')]).toEqual([0, 0, 0]);
  });
});

describe('limits of one hook call', () => {
  it('[SBX-18] refuse what is too much to be shown, without calling the plugin', async () => {
    await using runner = await openGuests([
      { bytes: await jsGuest(guestDescriptor('counts'), counting), limits: { payloadBytes: 100 } },
    ]);
    const input = {
      stage: 'before' as const,
      context: callContext,
      calls: calls('counts'),
      value: toolCall({ text: 'x'.repeat(200) }),
    };
    expect((await runner.run(input)).reports).toMatchObject([{ outcome: 'failed', cause: 'limit' }]);
    expect(await served(runner)).toBe(0);
  });

  it('[SBX-18] refuse an answer that is too much', async () => {
    await using runner = await openGuests([
      { bytes: await jsGuest(guestDescriptor('counts'), counting), limits: { payloadBytes: 1000 } },
    ]);
    const run = async (text: string) =>
      (await runner.run({ stage: 'after', context: callContext, calls: calls('counts'), value: toolResult(text) }))
        .reports;
    expect(await run('x'.repeat(50))).toMatchObject([{ outcome: 'modified' }]);
    expect(await run('x'.repeat(500))).toMatchObject([{ outcome: 'failed', cause: 'limit' }]);
  });

  it('[SBX-18] bound the questions to capabilities that wait', async () => {
    const script = `
      import { send } from 'sallyport:plugin/outbound-http@0.1.0';
      export const lifecycle = { configure() {} };
      export const dispatchHooks = {
        beforeDispatch() {
          for (let n = 0; n < 20; n += 1) { try { send({ method: 'GET', url: 'http://nowhere.example', headers: [] }); } catch {} }
          return { tag: 'proceed' };
        },
        afterDispatch: () => ({ tag: 'proceed' }),
      };`;
    const bytes = await jsGuest(guestDescriptor('asks', { required_capabilities: ['outbound_http'] }), script);
    const grants = { outbound_http: { allow: ['https://api.example.com'] } };
    const run = async (hostCalls: number) => {
      await using runner = await openGuests([{ bytes, grants, limits: { hostCalls } }]);
      return (await runner.run({ stage: 'before', context: callContext, calls: calls('asks'), value: toolCall({}) }))
        .reports;
    };
    expect(await run(20)).toMatchObject([{ outcome: 'proceed' }]);
    expect(await run(19)).toMatchObject([{ outcome: 'failed', cause: 'limit' }]);
  });
});

describe('more calls than lanes can serve', () => {
  it.each([
    { kind: 'pure', asks: {}, grants: {} },
    {
      kind: 'waiting',
      asks: { required_capabilities: ['outbound_http'] },
      grants: { outbound_http: { allow: ['https://api.example.com'] } },
    },
  ])(
    '[SBX-19] are refused as overloaded beyond the backlog of $kind lanes, and served again later',
    async ({ asks, grants }) => {
      await using runner = await openGuests(
        [{ bytes: await jsGuest(guestDescriptor('counts', asks), counting), grants }],
        { backlog: 5 },
      );
      const results = await Promise.allSettled(Array.from({ length: 100 }, () => served(runner)));
      const refused = results.filter(result => result.status === 'rejected');
      expect(refused.length).toBeGreaterThan(0);
      for (const { reason } of refused) expect(reason).toMatchObject({ code: 'overloaded' });
      expect(await served(runner)).toBeGreaterThan(0);
    },
  );
});

describe('a trap', () => {
  it('[SBX-20] tells the guest’s own functions, where their names are kept', async () => {
    const bytes = await watGuest(guestDescriptor('traps'), {
      fields: '(func $inner_part unreachable) (func $outer_part (call $inner_part))',
      before: '(call $outer_part)',
    });
    await using runner = await openGuests([{ bytes }]);
    const { reports } = await runner.run({
      stage: 'before',
      context: callContext,
      calls: calls('traps'),
      value: toolCall({}),
    });
    expect(reports[0]).toMatchObject({ cause: 'trap', message: expect.stringContaining('inner_part < outer_part') });
  });
});
