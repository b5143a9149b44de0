import type { Check } from '../check.ts';

/** Callers that are identified, without a file of what they were refused. */
export const unauditedIdentity: Check = {
  id: 'DR504',
  severity: 'note',
  about: '`identity` without a file of audit events',
  why: 'Refused credentials and accesses are in the log alone, among all other lines.',
  fix: 'Add `audit: { file: … }`.',
  find: ({ config: { identity, audit } }) =>
    typeof identity === 'object' && audit.file === undefined && audit.sink !== 'stdout'
      ? [{ what: 'Callers are identified, and audit events go to the log.', at: 'audit.file' }]
      : [],
};
