import type { Check } from '../check.ts';

/** Values of secrets with white space around them. Those that cannot be read are refused by a start. */
export const secretValues: Check = {
  id: 'DR107',
  severity: 'warning',
  about: 'values of secrets that begin or end with white space',
  why: 'A server refuses a token with a line break or a space, and says only that it is wrong. One line break at the end of a file is removed.',
  fix: 'Write the value without it, for example with `printf %s`.',
  find({ config: { secrets }, secrets: known }) {
    return secrets.flatMap(({ name }) => {
      const value = known.read(name);
      return value === undefined || value === value.trim()
        ? []
        : [{ what: `The secret ${name} begins or ends with white space.`, at: `secrets.${name}` }];
    });
  },
};
