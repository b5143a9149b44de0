import type { Check } from '../check.ts';

/** Settings that are valid but rarely intended, and modes of plugins that protect nothing. */
export const configWarnings: Check = {
  id: 'DR002',
  severity: 'warning',
  about: 'settings that are valid but rarely intended',
  why: 'The setting is valid, but probably does something other than intended.',
  fix: 'Change the setting, or keep it if it is intended.',
  find: ({ warnings }) =>
    warnings.map(({ line, path, message, ...rest }) => ({
      what: message,
      at: line === undefined ? path : `${path} (line ${line})`,
      ...('hint' in rest && typeof rest.hint === 'string' && { fix: rest.hint }),
    })),
};
