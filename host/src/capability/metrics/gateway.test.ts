import { describe, expect, it } from 'vitest';
import { Metrics } from '../../core/metrics.ts';
import { SecretMask } from '../../core/secret-mask.ts';
import type { ServeContext } from '../capability.ts';
import { metrics as capability } from './gateway.ts';

/** Opens the capability for a plugin, as each start of its lanes does. Measures and returns what was refused. */
function opening(metrics: Metrics, grant: object = {}, plugin = 'p') {
  const refused: unknown[] = [];
  const on = {
    ...{ plugin, metrics, mask: new SecretMask() },
    refused: (_what: string, _call: unknown, reason: string) => void refused.push(reason),
  } as unknown as ServeContext;
  const hear = capability.hear?.(capability.grant.parse(grant), on);
  const measure = (value: number, { type = 'counter', name = 'huge', labels = [] as [string, string][] } = {}) =>
    hear?.({ type, name, labels, value }, {} as never);
  return { measure, refused };
}

describe('the limits of a plugin [CAP-123]', () => {
  const grant = { max_series: 3, max_names: 2 };
  const measureAll = ({ measure }: ReturnType<typeof opening>, from: number) => {
    for (let at = from; at < from + 5; at += 1) measure(1, { name: 'seen', labels: [['at', String(at)]] });
  };

  it('are for all its starts together', () => {
    const metrics = new Metrics();
    for (const start of [0, 1, 2]) measureAll(opening(metrics, grant), start * 5);
    expect(metrics.read('plugin_seen_total', { plugin: 'p' })).toHaveLength(3);
  });

  it('let it continue the series that it has, but add none beyond a limit that is lower now', () => {
    const metrics = new Metrics();
    measureAll(opening(metrics, grant), 0);
    const later = opening(metrics, { max_series: 1 });
    measureAll(later, 2);
    const values = metrics.read('plugin_seen_total', { plugin: 'p' }).map(({ value }) => value);
    expect([values, later.refused]).toEqual([[1, 1, 2], Array(4).fill('over_limit')]);
  });

  it('are not used up by another plugin', () => {
    const metrics = new Metrics();
    for (const plugin of ['p', 'q']) measureAll(opening(metrics, grant, plugin), 0);
    expect(metrics.read('plugin_seen_total', { plugin: 'q' })).toHaveLength(3);
  });

  it.each(['a new start', 'lanes that have not ended'])('begin again for %s after the plugin was removed', which => {
    const metrics = new Metrics();
    const before = opening(metrics, grant);
    measureAll(before, 0);
    metrics.forget(({ plugin }) => plugin === 'p');
    measureAll(which === 'a new start' ? opening(metrics, grant) : before, 5);
    expect(metrics.read('plugin_seen_total', { plugin: 'p' }).map(({ labels }) => labels.at)).toEqual(['5', '6', '7']);
  });
});

it.each(['counter', 'histogram'] as const)('[CAP-96] a %s never grows beyond what a number can be', type => {
  const metrics = new Metrics();
  const { measure, refused } = opening(metrics);
  for (let times = 0; times < 3; times += 1) measure(1e308, { type });
  expect(metrics.text()).not.toMatch(/Inf$/m);
  expect(refused).toEqual(['invalid', 'invalid']);
});
