import type { Check } from '../check.ts';

/** More lanes than cores. */
export const lanesAndCores: Check = {
  id: 'DR502',
  severity: 'warning',
  about: 'more lanes than cores',
  why: 'Lanes that share a core are not faster, and each has an instance of every plugin in memory.',
  fix: 'Remove `limits.lanes`: the default is the number of cores.',
  find: ({ config: { limits, plugins }, machine: { cores } }) =>
    plugins.length > 0 && limits.lanes > cores
      ? [{ what: `There are ${limits.lanes} lanes and ${cores} cores.`, at: 'limits.lanes' }]
      : [],
};
