import type { Check } from '../check.ts';
import { foundOf } from '../found-of.ts';

/** Everything that a start would refuse, as `sallyport check` reports it. */
export const startRefused: Check = {
  id: 'DR003',
  severity: 'error',
  about: 'what a start would refuse',
  why: 'The gateway does not start.',
  fix: 'Fix what is reported.',
  loadsPlugins: true,
  async find(patient) {
    return (await patient.loaded()).faults.map(foundOf);
  },
};
