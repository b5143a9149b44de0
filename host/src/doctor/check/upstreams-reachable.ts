import type { Check, Found } from '../check.ts';
import { foundOf } from '../found-of.ts';

const slowMs = 5_000;

/** Whether upstreams can be reached, tried with a handshake. */
export const upstreamsReachable: Check = {
  id: 'DR401',
  severity: 'error',
  about: 'whether upstreams can be reached',
  why: 'The gateway does not start without a required upstream. Clients see none of the tools of any other one.',
  fix: 'Check that the server is running, and that its URL or command is correct.',
  isOnline: true,
  async find(patient) {
    return (await patient.surveyed()).flatMap(({ upstream: { id, required }, ms, fault }): readonly Found[] => {
      const at = `upstreams.${id}`;
      if (fault !== undefined) {
        const found = foundOf(fault);
        const why = required
          ? 'The upstream is required, so the gateway does not start without it.'
          : 'Until it can be reached, clients see none of its tools.';
        return [
          {
            ...found,
            severity: required ? 'error' : 'warning',
            what: `${found.what} (after ${Math.round(ms)} ms)`,
            why,
            at,
          },
        ];
      }
      const what = `The upstream ${id} took ${Math.round(ms)} ms to answer.`;
      const why = 'The first request of each client waits that long.';
      return ms > slowMs ? [{ severity: 'note', what, why, at, fix: 'Find out why the server starts slowly.' }] : [];
    });
  },
};
