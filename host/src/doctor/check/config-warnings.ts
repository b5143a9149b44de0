import type { Check } from '../check.ts';

/** What is valid in the configuration but rarely intended, with the modes that protect nothing. */
export const configWarnings: Check = {
  id: 'DR002',
  severity: 'warning',
  about: 'what is valid in the configuration but rarely intended',
  why: 'The configuration says something else than it seems to.',
  fix: 'Change the setting, or leave it if it is intended.',
  find: ({ warnings }) =>
    warnings.map(({ line, path, message, ...rest }) => ({
      what: message,
      at: line === undefined ? path : `${path} (line ${line})`,
      ...('hint' in rest && typeof rest.hint === 'string' && { fix: rest.hint }),
    })),
};
