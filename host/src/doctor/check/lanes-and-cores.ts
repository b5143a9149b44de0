import type { Check } from '../check.ts';

/** More lanes than cores. */
export const lanesAndCores: Check = {
  id: 'DR502',
  severity: 'warning',
  about: 'more lanes than cores',
  why: 'Lanes that share a core are no faster, and each lane keeps an instance of every plugin in memory.',
  fix: 'Remove `limits.lanes`. The default fits the number of cores.',
  find: ({ config: { limits, plugins }, machine: { cores } }) =>
    plugins.length > 0 && limits.lanes > cores
      ? [{ what: `${limits.lanes} lanes are configured, but the machine has only ${cores} cores.`, at: 'limits.lanes' }]
      : [],
};
