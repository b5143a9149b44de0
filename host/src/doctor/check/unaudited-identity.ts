import type { Check } from '../check.ts';

/** Authenticated callers without an audit log of what they were refused. */
export const unauditedIdentity: Check = {
  id: 'DR504',
  severity: 'note',
  about: '`identity` without an audit log',
  why: 'Refused credentials and denied requests are only in the log, among all other lines.',
  fix: 'Add `audit: { file: ./audit.jsonl }`.',
  find: ({ config: { identity, audit } }) =>
    typeof identity === 'object' && audit.file === undefined && audit.sink !== 'stdout'
      ? [{ what: 'Callers are authenticated, but audit events go to the log.', at: 'audit.file' }]
      : [],
};
