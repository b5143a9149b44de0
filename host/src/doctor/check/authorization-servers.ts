import type { Check } from '../check.ts';
import { issuersOf, readMetadata } from './issuer.ts';

/** Whether authorization servers can be reached, and name themselves as the configuration does. */
export const authorizationServers: Check = {
  id: 'DR405',
  severity: 'error',
  about: 'authorization servers: whether they publish metadata under the name of the configuration',
  why: 'Tokens cannot be verified or obtained, and callers or upstreams are refused.',
  fix: 'Write the issuer exactly as its metadata has it, and let the gateway reach it.',
  isOnline: true,
  async find(patient) {
    const found = issuersOf(patient).map(async server => {
      const { issuer, at } = server;
      const { problem } = await readMetadata(server, patient.signal);
      return problem === undefined ? [] : [{ what: `${issuer}: ${problem}`, at }];
    });
    return (await Promise.all(found)).flat();
  },
};
