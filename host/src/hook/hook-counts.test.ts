import { describe, expect, it } from 'vitest';
import { Metrics } from '../core/metrics.ts';
import { HookCounts } from './hook-counts.ts';
import type { Receipt } from './receipt.ts';

/** The lines of a family, after these hook calls. */
function counted(family: string, receipts: readonly Receipt[], mask?: (text: string) => string): string[] {
  const metrics = new Metrics();
  const counts = new HookCounts(metrics, mask);
  for (const receipt of receipts) counts.count(receipt);
  return metrics
    .text()
    .split('\n')
    .filter(line => line.startsWith(`sallyport_plugin_${family}`) && !line.endsWith(' 0'));
}

const call = { plugin: 'p', hook: 'tool_pre_invoke', wallMs: 0.02 } as const;
const blocked = (code: string, more: object = {}): Receipt => ({
  ...call,
  ...{ outcome: 'block', violation: { code, reason: '', description: '' } },
  ...more,
});
const failed = (cause: 'trap' | 'timeout'): Receipt => ({ ...call, outcome: 'failed', cause, message: '' });

describe('hook calls are counted [MET-01]', () => {
  it.each<{ what: string; receipt: Receipt; status: string }>([
    { what: 'its outcome', receipt: { ...call, outcome: 'proceed' }, status: 'proceed' },
    { what: 'a block', receipt: blocked('NO'), status: 'block' },
    { what: 'what was only recorded', receipt: blocked('NO', { mode: 'permissive' }), status: 'would_block' },
    { what: 'a failure, whatever its cause', receipt: failed('trap'), status: 'failed' },
  ])('by $what', ({ receipt, status }) => {
    expect(counted('executions_total', [receipt, receipt])).toEqual([
      `sallyport_plugin_executions_total{plugin="p",hook="tool_pre_invoke",status="${status}"} 2`,
    ]);
  });

  it('with their time, in buckets from microseconds on', () => {
    const lines = counted('duration_seconds', [
      { ...call, outcome: 'proceed' },
      { ...call, outcome: 'proceed', wallMs: 20_000 },
    ]);
    const labels = 'plugin="p",hook="tool_pre_invoke"';
    expect(lines[0]).toBe(`sallyport_plugin_duration_seconds_bucket{${labels},le="0.000025"} 1`);
    expect(lines.slice(-4)).toEqual([
      `sallyport_plugin_duration_seconds_bucket{${labels},le="10"} 1`,
      `sallyport_plugin_duration_seconds_bucket{${labels},le="+Inf"} 2`,
      `sallyport_plugin_duration_seconds_sum{${labels}} 20.00002`,
      `sallyport_plugin_duration_seconds_count{${labels}} 2`,
    ]);
  });

  it('and failures by cause, from zero on', () => {
    const metrics = new Metrics();
    const counts = new HookCounts(metrics);
    counts.count(failed('timeout'));
    for (const [cause, value] of [
      ['timeout', 1],
      ['trap', 0],
      ['merge', 0],
    ])
      expect(metrics.text()).toContain(`sallyport_plugin_errors_total{plugin="p",cause="${cause}"} ${value}\n`);
  });
});

describe('violations are counted by code [MET-02]', () => {
  it('as the plugin states it, also where it was only recorded', () => {
    expect(
      counted('violations_total', [blocked('EMAIL_FOUND'), blocked('EMAIL_FOUND', { mode: 'permissive' })]),
    ).toEqual(['sallyport_plugin_violations_total{plugin="p",code="EMAIL_FOUND"} 2']);
  });

  it.each([
    { what: 'text', code: 'ada@example.com wrote "hello"\n' },
    { what: 'an empty code', code: '' },
    { what: 'a long code', code: 'x'.repeat(65) },
    { what: 'a code with a secret', code: 'KEY_s3cret' },
  ])('as other, where it is $what', ({ code }) => {
    expect(counted('violations_total', [blocked(code)], text => text.replaceAll('s3cret', '***'))).toEqual([
      'sallyport_plugin_violations_total{plugin="p",code="other"} 1',
    ]);
  });

  it('of which each plugin has a bounded number', () => {
    const many = Array.from({ length: 5_000 }, (_, at) => blocked(`CODE_${at}`));
    const lines = counted('violations_total', [...many, { ...blocked('OWN'), plugin: 'q' }]);
    expect(lines).toHaveLength(34);
    expect(lines).toContain('sallyport_plugin_violations_total{plugin="p",code="other"} 4968');
    expect(lines).toContain('sallyport_plugin_violations_total{plugin="q",code="OWN"} 1');
  });
});

it('[MET-09] a plugin that is removed and added again is counted from zero on, where it can be seen', () => {
  const metrics = new Metrics();
  const counts = new HookCounts(metrics);
  const shown = () => metrics.read('sallyport_plugin_executions_total', { plugin: 'p' }).map(({ value }) => value);
  counts.count({ ...call, outcome: 'proceed' });
  counts.count({ ...call, outcome: 'proceed' });
  metrics.forget(({ plugin }) => plugin === 'p');
  expect(metrics.text()).not.toContain('plugin="p"');
  counts.count({ ...call, outcome: 'proceed' });
  expect(shown()).toEqual([1]);
});
