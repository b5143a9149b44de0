import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Metrics } from '../core/metrics.ts';
import { createTenantLabel, QuotaRefusals } from '../core/tenant-label.ts';
import { createPrincipal } from '../identity/principal.ts';
import { Quotas, type TenantSettings } from './quotas.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const settings = (id: string, more: Partial<TenantSettings>): TenantSettings => ({
  ...{ id, limits: {}, caller_limits: {} },
  ...more,
});
const caller = (subject: string, tenant?: string) =>
  createPrincipal({ scheme: 'test', subject, ...(tenant !== undefined && { tenant }) });
const ada = caller('ada', 'one');
const bob = caller('bob', 'one');
const eve = caller('eve', 'two');
const exceeded = (setting: string, wait: unknown = expect.any(Number)) =>
  expect.objectContaining({
    code: 'quota_exceeded',
    details: expect.objectContaining({ setting, retry_after_ms: wait }),
  });

function open(...tenants: TenantSettings[]) {
  const metrics = new Metrics();
  const quotas = new Quotas(tenants, new QuotaRefusals(metrics, createTenantLabel(tenants.map(({ id }) => id))));
  return { quotas, metrics, enter: (who: typeof ada, binding = 'main') => quotas.enter(who, binding) };
}

describe('the quotas of tenants [GW-123]', () => {
  it('limit requests per minute, for a tenant and for each caller, and say when to come back', () => {
    const limits = { limits: { requests_per_minute: 3 }, caller_limits: { requests_per_minute: 2 } };
    const { enter, metrics } = open(settings('one', limits), settings('two', {}));
    for (const _ of [1, 2]) enter(ada);
    expect(() => enter(ada)).toThrow(exceeded('tenants.one.caller_limits.requests_per_minute', 30_000));
    enter(bob);
    expect(() => enter(bob)).toThrow(exceeded('tenants.one.limits.requests_per_minute', 20_000));
    for (let at = 0; at < 100; at += 1) enter(eve);
    vi.advanceTimersByTime(20_000);
    expect(() => enter(ada)).toThrow(exceeded('tenants.one.caller_limits.requests_per_minute'));
    expect(() => enter(bob)).not.toThrow();
    expect(metrics.text()).toContain(
      'sallyport_quota_refusals_total{tenant="one",limit="caller_limits.requests_per_minute"} 2',
    );
  });

  it('limit concurrent requests, and count each that ends once', () => {
    const { enter } = open(settings('one', { limits: { concurrent_requests: 2 } }));
    const [first] = [enter(ada), enter(bob)];
    expect(() => enter(ada)).toThrow(exceeded('tenants.one.limits.concurrent_requests', 1_000));
    first?.leave(0);
    expect(() => enter(ada)).not.toThrow();
    expect(() => enter(ada)).toThrow(exceeded('tenants.one.limits.concurrent_requests'));
  });

  it('limit the time of plugins, which is known after the request', () => {
    const { enter } = open(settings('one', { limits: { hook_ms_per_minute: 600 } }));
    enter(ada)?.leave(599);
    enter(ada)?.leave(601);
    expect(() => enter(bob)).toThrow(exceeded('tenants.one.limits.hook_ms_per_minute', 60_100));
    vi.advanceTimersByTime(60_100);
    expect(() => enter(bob)).not.toThrow();
  });

  it('limit the time that plugins went on to work for an aborted request [GW-159]', () => {
    const { enter } = open(settings('one', { caller_limits: { hook_ms_per_minute: 600 } }));
    const use = enter(ada);
    use?.leave(0);
    expect(() => enter(ada)).not.toThrow();
    use?.charge(700);
    expect(() => enter(ada)).toThrow(exceeded('tenants.one.caller_limits.hook_ms_per_minute', 10_100));
    expect(() => enter(bob)).not.toThrow();
  });

  it('of * are those of each other tenant, and of callers without one together', () => {
    const { enter } = open(settings('*', { limits: { requests_per_minute: 1 } }), settings('two', {}));
    enter(ada);
    expect(() => enter(bob)).toThrow(exceeded('tenants.*.limits.requests_per_minute'));
    enter(caller('dan', 'three'));
    enter(caller('dan'));
    expect(() => enter(caller('fay'))).toThrow(exceeded('tenants.*.limits.requests_per_minute'));
    expect(() => enter(caller('fay', ''))).not.toThrow();
    for (const _ of [1, 2, 3]) expect(() => enter(eve)).not.toThrow();
  });

  it('count nothing for a tenant that has no settings', () => {
    expect(open(settings('two', {})).enter(ada)).toBeUndefined();
  });

  it('do not grow with the number of callers', () => {
    const { enter, quotas } = open(settings('*', { caller_limits: { requests_per_minute: 1 } }));
    for (let at = 0; at < 9_000; at += 1) enter(caller(`early ${at}`, 'one'))?.leave(0);
    vi.advanceTimersByTime(60_000);
    for (let at = 0; at < 9_000; at += 1) enter(caller(`late ${at}`, 'one'))?.leave(0);
    expect(quotas.accounts).toBeLessThanOrEqual(10_001);
    expect(() => enter(caller('late 8999', 'one'))).toThrow(exceeded('tenants.*.caller_limits.requests_per_minute'));
  });
});

it('a refusal is counted under the name of its tenant, if that is configured [GW-216]', () => {
  const { enter, quotas, metrics } = open(
    settings('one', { limits: { requests_per_minute: 1 } }),
    settings('*', { limits: { requests_per_minute: 1, sessions: 1 } }),
  );
  const callers = [ada, caller('gil'), ...Array.from({ length: 500 }, (_, at) => caller('eve', `tenant-${at}`))];
  for (const who of callers) {
    enter(who);
    expect(() => enter(who)).toThrow(expect.objectContaining({ code: 'quota_exceeded' }));
  }
  for (const { refused } of quotas.sessionLimits(eve)) refused();
  const lines = metrics
    .text()
    .split('\n')
    .filter(each => each.startsWith('sallyport_quota'));
  expect(lines).toEqual([
    'sallyport_quota_refusals_total{tenant="one",limit="limits.requests_per_minute"} 1',
    'sallyport_quota_refusals_total{limit="limits.requests_per_minute"} 1',
    'sallyport_quota_refusals_total{tenant="other",limit="limits.requests_per_minute"} 500',
    'sallyport_quota_refusals_total{tenant="other",limit="limits.sessions"} 1',
  ]);
});

describe('the settings of a tenant [GW-124]', () => {
  it('name the bindings that it may use', () => {
    const { enter } = open(settings('one', { bindings: ['main'] }), settings('*', { bindings: [] }));
    expect(() => enter(ada)).not.toThrow();
    expect(() => enter(ada, 'other')).toThrow(expect.objectContaining({ code: 'access_denied' }));
    expect(() => enter(eve)).toThrow(expect.objectContaining({ code: 'access_denied' }));
  });

  it('limit its sessions, and those of each caller', () => {
    const { quotas } = open(settings('one', { limits: { sessions: 5 }, caller_limits: { sessions: 2 } }));
    const limits = quotas.sessionLimits(ada);
    expect(limits.map(({ most, setting }) => ({ most, setting }))).toEqual([
      { most: 5, setting: 'tenants.one.limits.sessions' },
      { most: 2, setting: 'tenants.one.caller_limits.sessions' },
    ]);
    const owners = (who: typeof ada) => quotas.sessionLimits(who).map(({ owner }) => owner);
    expect(owners(bob)[0]).toBe(owners(ada)[0]);
    expect(owners(bob)[1]).not.toBe(owners(ada)[1]);
    expect(quotas.sessionLimits(eve)).toEqual([]);
  });
});

it('[RUN-151] keep what was used when their limits change', () => {
  const label = createTenantLabel(['one']);
  const of = (most: number) => [settings('one', { limits: { requests_per_minute: most, concurrent_requests: most } })];
  const { enter, quotas } = open(...of(4));
  const running = [enter(ada), enter(ada), enter(ada)];
  quotas.changeTo(of(8), label);
  for (const _ of [1, 2]) enter(ada)?.leave(0);
  expect(() => enter(ada)).toThrow(exceeded('tenants.one.limits.requests_per_minute'));
  quotas.changeTo(of(2), label);
  vi.advanceTimersByTime(60_000);
  expect(() => enter(ada)).toThrow(exceeded('tenants.one.limits.concurrent_requests'));
  for (const each of running) each?.leave(0);
  expect(() => enter(ada)).not.toThrow();
});
