import { expect, it } from 'vitest';
import { Metrics } from './metrics.ts';
import { observeProcess } from './process-metrics.ts';

const gauge = { type: 'gauge', help: 'Things.' } as const;

it('[MET-04] values that are observed are read when the metrics are written, until their end', () => {
  const metrics = new Metrics();
  let things = 1;
  const end = metrics.observe('things', gauge, () => [[{ kind: 'a' }, things]]);
  things = 2;
  expect(metrics.text()).toBe('# HELP things Things.\n# TYPE things gauge\nthings{kind="a"} 2\n');
  end();
  expect(metrics.text()).toBe('');
});

it('[MET-04] of two values with the same labels, the later one is written', () => {
  const metrics = new Metrics();
  metrics.declare('things', gauge);
  metrics.series('things', { kind: 'a' }).set(1);
  metrics.observe('things', gauge, () => [[{ kind: 'a' }, 2]]);
  metrics.observe('things', gauge, () => [[{ kind: 'a' }, 3]]);
  expect(metrics.text().match(/^things.*$/gm)).toEqual(['things{kind="a"} 3']);
});

it.each([
  [Number.POSITIVE_INFINITY, '+Inf'],
  [Number.NEGATIVE_INFINITY, '-Inf'],
  [Number.NaN, 'NaN'],
  [1e21, '1e+21'],
])('the number %s is written as %s', (value, text) => {
  const metrics = new Metrics();
  metrics.observe('things', gauge, () => [[{}, value]]);
  expect(metrics.text()).toContain(`\nthings ${text}\n`);
});

it('[MET-04] the process is described by the usual names', async () => {
  const metrics = new Metrics();
  const end = observeProcess(metrics);
  metrics.text();
  await new Promise(resolve => setTimeout(resolve, 50));
  const text = metrics.text();
  for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'process_start_time_seconds'])
    expect(Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1])).toBeGreaterThan(0);
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
  end();
  expect(metrics.text()).toBe('');
});
