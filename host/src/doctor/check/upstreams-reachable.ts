import type { Check, Found } from '../check.ts';
import { foundOf } from '../found-of.ts';

const slowMs = 5_000;

/** Whether upstreams can be reached, by a handshake. */
export const upstreamsReachable: Check = {
  id: 'DR401',
  severity: 'error',
  about: 'upstreams: whether they can be reached',
  why: 'A start waits for a required upstream and fails without it; of any other, clients see nothing.',
  fix: 'See whether the server runs, and whether its URL or command is right.',
  isOnline: true,
  async find(patient) {
    return (await patient.surveyed()).flatMap(({ upstream: { id, required }, ms, fault }): readonly Found[] => {
      const at = `upstreams.${id}`;
      if (fault !== undefined) {
        const { what, fix } = foundOf(fault);
        const severity = required ? 'error' : 'warning';
        return [{ severity, what: `${what} (after ${Math.round(ms)} ms)`, fix, at }];
      }
      const what = `The upstream ${id} took ${Math.round(ms)} ms to answer.`;
      return ms > slowMs ? [{ severity: 'note', what, at }] : [];
    });
  },
};
