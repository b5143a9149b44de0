import { expect, it } from 'vitest';
import type { Config } from '../../config/config.ts';
import { Metrics } from '../../core/metrics.ts';
import { forgetRemoved } from './forget-removed.ts';

/** A configuration with these ids, which are all that is looked at. */
const served = (ids: { plugins?: string[]; upstreams?: object[]; bindings?: string[]; tenants?: string[] }) => {
  const named = (all: string[] = []) => all.map(id => ({ id }));
  return {
    config: {
      plugins: named(ids.plugins),
      upstreams: ids.upstreams ?? [],
      bindings: named(ids.bindings),
      tenants: named(ids.tenants),
    } as unknown as Config,
  };
};

const current = served({
  plugins: ['p'],
  upstreams: [{ id: 'up', http: { instances: [{ url: 'http://a:1/' }, { id: 'b', url: 'http://b/' }] } }],
  bindings: ['main'],
  tenants: ['acme'],
});
const draining = served({ plugins: ['old'] });

it.each<{ what: string; labels: Record<string, string>; stays: boolean }>([
  { what: 'of a plugin', labels: { plugin: 'p' }, stays: true },
  { what: 'of a removed plugin', labels: { plugin: 'gone', hook: 'tool_pre_invoke' }, stays: false },
  { what: 'of a plugin that requests still use', labels: { plugin: 'old' }, stays: true },
  { what: 'of lanes of no plugin', labels: { pool: 'shared', plugin: '' }, stays: true },
  { what: "with a plugin's own label", labels: { plugin: 'p', upstream: 'x', binding: 'x', tenant: 'x' }, stays: true },
  { what: 'of an upstream', labels: { upstream: 'up' }, stays: true },
  { what: 'of a removed upstream', labels: { binding: 'main', upstream: 'gone' }, stays: false },
  { what: 'of an instance', labels: { upstream: 'up', instance: 'a:1' }, stays: true },
  { what: 'of an instance with a name', labels: { upstream: 'up', instance: 'b' }, stays: true },
  { what: 'of a removed instance', labels: { upstream: 'up', instance: 'c' }, stays: false },
  { what: 'of a binding', labels: { binding: 'main' }, stays: true },
  { what: 'of a removed binding', labels: { binding: 'gone', tenant: 'acme' }, stays: false },
  { what: 'of requests to no binding', labels: { binding: '' }, stays: true },
  { what: 'of a tenant', labels: { tenant: 'acme' }, stays: true },
  { what: 'of all further tenants', labels: { tenant: 'other' }, stays: true },
  { what: 'of a removed tenant', labels: { tenant: 'gone' }, stays: false },
  { what: 'of the whole gateway', labels: {}, stays: true },
])('[MET-09] series $what: kept $stays', ({ labels, stays }) => {
  const metrics = new Metrics();
  metrics.declare('things', { type: 'gauge', help: 'Things.' });
  const series = metrics.series('things', labels);
  forgetRemoved(metrics, [current, draining]);
  expect(metrics.read('things', labels)).toEqual(stays ? [series] : []);
  expect(series.isForgotten).toBe(!stays);
});
