import type { Check } from '../check.ts';
import { foundOf } from '../found-of.ts';

/** Everything that a start would refuse, as `sallyport check` reports it. */
export const startRefused: Check = {
  id: 'DR003',
  severity: 'error',
  about: 'everything that `sallyport check` reports',
  why: 'The gateway does not start.',
  fix: 'Fix the reported problem.',
  loadsPlugins: true,
  async find(patient) {
    return (await patient.loaded()).faults.map(foundOf);
  },
};
