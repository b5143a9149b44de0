import type { Check } from '../check.ts';
import { isReachable } from './open-to-everybody.ts';

/** Metrics that other machines can read. */
export const openMetrics: Check = {
  id: 'DR203',
  severity: 'warning',
  about: 'metrics that other machines can read',
  why: 'They show the names of bindings, tenants, plugins and upstreams, and how much each is used.',
  fix: 'Set `metrics.serve: loopback`, or let only Prometheus reach the address.',
  find: ({ config: { listen, metrics } }) =>
    metrics.serve === 'everybody' && isReachable(listen)
      ? [{ what: 'Anyone who can reach this address can read /metrics.', at: 'metrics.serve' }]
      : [],
};
