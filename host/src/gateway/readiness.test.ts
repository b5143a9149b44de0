import { expect, it } from 'vitest';
import { createFakeHookRunner } from '../../../test/fixtures/fake-hook-runner.ts';
import type { FailureAction } from '../contract/hook-call.ts';
import { hookNames } from '../contract/hook-name.ts';
import { everyCause } from '../contract/hook-policy.ts';
import { Fault } from '../core/fault.ts';
import { silentLog } from '../core/log.ts';
import { Metrics } from '../core/metrics.ts';
import { createHookChain } from '../hook/create-hook-chain.ts';
import { PluginHealth } from '../hook/plugin-health.ts';
import { Receipts } from '../hook/receipt.ts';
import { createUpstreamPool } from '../upstream/mcp/create-upstream.ts';
import type { Binding, OpenBinding } from './binding.ts';
import { Gateway } from './gateway.ts';
import { createListWarnings } from './list-warnings.ts';
import { createReadiness } from './readiness.ts';

it('[GW-93] names the upstream that cannot be reached with its fault, and plugins that are not called', async () => {
  const log = silentLog();
  const plugin = (id: string, action: FailureAction) => ({
    ...{ id, hooks: new Set(hookNames), priority: 0, onError: everyCause(action), seesBlobs: false },
    health: new PluginHealth(id, log, { failures: action === 'ignore' ? 1 : 100, openMs: 60_000 }),
  });
  const trapped = { before: () => ({ tag: 'failed', cause: 'trap' }) as const };
  const runner = createFakeHookRunner({ off: trapped, held: trapped, good: {} });
  const plugins = [plugin('off', 'disable'), plugin('held', 'ignore'), plugin('good', 'deny')];
  const chain = createHookChain({ plugins, runner, log });
  await using down = createUpstreamPool({ id: 'down', http: { url: 'http://127.0.0.1:9/mcp' } }, { log });
  const bindings = [{ id: 'main', isDefault: true, upstreams: [down], chain }];
  const limits = { request_timeout_ms: 1_000, list_ms: 1_000 };
  using gateway = new Gateway({ bindings, limits, log });
  const { readiness } = gateway;
  expect(readiness.report(false)).toMatchObject({ ok: false, plugins: [], upstreams: [{ id: 'down' }] });

  await expect(down.start()).rejects.toBeInstanceOf(Fault);
  const on = { requestId: 'r', binding: 'main', upstream: 'down', receipts: new Receipts() };
  await chain.before(on, 'tools/call', { name: 'echo' });
  const since = expect.stringMatching(/^\d{4}-.*Z$/);
  expect(readiness.report(true)).toEqual({
    ...{ ok: false, draining: true, shadow_dropped: [], missing: [] },
    upstreams: [
      {
        ...{ id: 'down', required: true, reachable: false },
        last_failure: {
          at: since,
          code: 'upstream_unavailable',
          hint: expect.stringContaining('nothing listens on 127.0.0.1:9'),
        },
      },
    ],
    plugins: [
      { binding: 'main', plugin: 'off', state: 'disabled', since, cause: 'trap' },
      { binding: 'main', plugin: 'held', state: 'held_back', since, cause: 'trap' },
    ],
  });
});

it.each([
  { what: 'cannot be reached', ready: false, code: 'upstream_unavailable', methods: ['tools/list', 'initialize'] },
  { what: 'was reached since', ready: true, code: 'upstream_unavailable', methods: ['tools/list'] },
  { what: 'has no room for a client', ready: true, code: 'overloaded', methods: ['tools/list', 'initialize'] },
] as const)('[GW-93] names what is missing while the upstream $what', ({ ready, code, methods }) => {
  const up = { id: 'up', ready, start: async () => {} } as unknown as Binding['upstreams'][number];
  const chain = createHookChain({ plugins: [], runner: createFakeHookRunner({}), log: silentLog() });
  const notices = createListWarnings('main', silentLog(), new Metrics());
  for (const method of ['tools/list', 'initialize']) notices.leftOut('up', method, new Fault(code), false);
  const opened = new Map([
    ['main', { id: 'main', notices, upstreams: [up], current: { chain } } as unknown as OpenBinding],
  ]);
  const { missing } = createReadiness(opened, new Set()).report(false);
  expect(missing.map(({ method }) => method)).toEqual(methods);
});
