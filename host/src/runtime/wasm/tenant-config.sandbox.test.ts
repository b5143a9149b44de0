import { describe, expect, it } from 'vitest';
import { jsGuest } from '../../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../../test/fixtures/guest-descriptor.ts';
import { callContext, calls, toolCall } from '../../../../test/fixtures/hook-calls.ts';
import { isolationLevels } from '../../../../test/fixtures/isolation-levels.ts';
import { type Guest, openGuests } from '../../../../test/fixtures/sandboxed.ts';
import type { HookRunner } from '../../contract/hook-call.ts';

/** Reports its configuration, and the tenants that this instance has served. */
const remembering = `
let config = {};
const served = [];
export const lifecycle = {
  configure(json) {
    config = JSON.parse(json);
    if (config.refuse) throw 'no thanks';
    if (config.trap) (() => { const dive = () => dive() + 1; dive(); })();
  },
};
export const dispatchHooks = {
  beforeDispatch(context) {
    served.push(context.tenant ?? '-');
    return { tag: 'block', val: { code: 'SERVED', reason: [config.name, ...new Set(served)].join(' '), description: '' } };
  },
  afterDispatch: () => ({ tag: 'proceed' }),
};`;

const tenantConfigs = new Map([
  ['one', { name: 'of-one' }],
  ['two', { name: 'of-two' }],
  ['', { name: 'of-nameless' }],
]);
const guest = (more: Partial<Guest>, requires: readonly string[] = []) =>
  jsGuest(guestDescriptor('remembers', { required_capabilities: [...requires] }), remembering).then(bytes => ({
    ...{ bytes, config: { name: 'base' }, tenantConfigs },
    ...more,
  }));

/** Returns the configuration of the instance that served a call, and the tenants that it has served. */
async function served(runner: HookRunner, tenant?: string): Promise<string> {
  const context = { ...callContext, ...(tenant !== undefined && { tenant }) };
  const { reports } = await runner.run({ stage: 'before', context, calls: calls('remembers'), value: toolCall({}) });
  const [report] = reports;
  return report?.outcome === 'block' ? report.violation.reason : JSON.stringify(report);
}

const http = { outbound_http: { allow: ['https://api.example.com'] } };
const levels = [
  ...isolationLevels.map(({ isolation, limits }) => ({ name: isolation, more: { isolation, limits }, requires: [] })),
  { name: 'waiting', more: { grants: http }, requires: ['outbound_http'] },
];

describe('a configuration of a tenant', () => {
  it.each(levels)('[SBX-132] is that of instances which serve no other tenant: $name', async ({ more, requires }) => {
    await using runner = await openGuests([await guest(more, requires)], { lanes: 2 });
    const callers = ['one', 'other', 'two', undefined, '', 'one', 'two', 'other', 'one'];
    for (const tenant of [...callers, ...callers]) {
      const [config, ...tenants] = (await served(runner, tenant)).split(' ');
      const isOwn = tenant !== undefined && tenantConfigs.has(tenant);
      expect(config).toBe(isOwn ? tenantConfigs.get(tenant)?.name : 'base');
      if (isOwn) expect(tenants).toEqual(tenant === '' ? [''] : [tenant]);
      else for (const each of tenants) expect(['other', '-']).toContain(each);
    }
  });

  it.each(levels)('[SBX-132] is tried at the start: $name', async ({ more, requires }) => {
    const opening = openGuests([
      await guest(
        {
          ...more,
          tenantConfigs: new Map([
            ['one', {}],
            ['two', { refuse: true }],
            ['six', { trap: true }],
          ]),
        },
        requires,
      ),
    ]);
    await expect(opening).rejects.toMatchObject({
      faults: [
        {
          code: 'plugin_refused_config',
          details: { plugin: 'remembers', tenant: 'two', reason: expect.stringContaining('no thanks') },
        },
        { code: 'plugin_start_failed', details: { plugin: 'remembers', tenant: 'six' } },
      ],
    });
  });

  it('[SBX-132] has a bounded number of instances in each lane, and all of them are counted', async () => {
    const many = new Map(Array.from({ length: 50 }, (_, at) => [`t${at}`, { name: `of-t${at}` }]));
    const most = 32;
    await using alone = await openGuests([await guest({ tenantConfigs: new Map() })]);
    await served(alone);
    const one = alone.usage().get('remembers')?.memoryBytes ?? 0;
    await using runner = await openGuests([await guest({ tenantConfigs: many })]);
    for (let at = 0; at < 50; at += 1) expect(await served(runner, `t${at}`)).toBe(`of-t${at} t${at}`);
    const used = runner.usage().get('remembers')?.memoryBytes ?? 0;
    expect(used / one).toBeGreaterThan(most / 2);
    expect(used / one).toBeLessThan(most * 1.2);
  });
});
