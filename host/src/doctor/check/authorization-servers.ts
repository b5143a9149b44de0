import type { Check } from '../check.ts';
import { issuersOf, readMetadata } from './issuer.ts';

/** Whether authorization servers can be reached, and have the configured issuer. */
export const authorizationServers: Check = {
  id: 'DR405',
  severity: 'error',
  about: 'whether authorization servers can be reached, and publish metadata for the configured issuer',
  why: 'Tokens cannot be verified or obtained, so callers are refused, or requests to the upstream fail.',
  fix: 'Make sure that the gateway can reach the server, and copy `issuer` exactly as its metadata states it.',
  isOnline: true,
  async find(patient) {
    const found = issuersOf(patient).map(async server => {
      const { issuer, at } = server;
      const { problem } = await readMetadata(server, patient.signal);
      return problem === undefined
        ? []
        : [{ what: `The metadata of the authorization server ${issuer} cannot be used: ${problem}.`, at }];
    });
    return (await Promise.all(found)).flat();
  },
};
