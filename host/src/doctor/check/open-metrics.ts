import type { Check } from '../check.ts';
import { isReachable } from './open-to-everybody.ts';

/** Metrics that other machines may read. */
export const openMetrics: Check = {
  id: 'DR203',
  severity: 'warning',
  about: 'metrics that other machines may read',
  why: 'They show bindings, tenants, plugins, upstreams and how much each is used.',
  fix: 'Set `metrics.serve: loopback`, or let only the network of Prometheus reach the address.',
  find: ({ config: { listen, metrics } }) =>
    metrics.serve === 'everybody' && isReachable(listen)
      ? [{ what: 'Everybody who reaches this address may read /metrics.', at: 'metrics.serve' }]
      : [],
};
