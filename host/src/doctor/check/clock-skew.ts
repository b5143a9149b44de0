import type { Check } from '../check.ts';
import { issuersOf, readMetadata } from './issuer.ts';

/** Differences that the headers of HTTP, which have whole seconds, and slow networks do not explain. */
const mostMs = 15_000;

/** Whether the clock differs from those of authorization servers. */
export const clockSkew: Check = {
  id: 'DR406',
  severity: 'warning',
  about: "this machine's clock, against those of authorization servers",
  why: 'Valid tokens are refused as expired or not yet valid, and expired ones are accepted.',
  fix: 'Synchronize the clocks of both machines with NTP.',
  isOnline: true,
  async find(patient) {
    const found = issuersOf(patient).map(async server => {
      const { issuer, at } = server;
      const { date } = await readMetadata(server, patient.signal);
      const difference = date === undefined ? 0 : patient.machine.now() - date;
      if (Math.abs(difference) <= mostMs) return [];
      const seconds = Math.round(Math.abs(difference) / 1000);
      return [
        {
          what: `This machine's clock is ${seconds} s ${difference > 0 ? 'ahead of' : 'behind'} that of ${issuer}.`,
          at,
        },
      ];
    });
    return (await Promise.all(found)).flat();
  },
};
