import type { Check } from '../check.ts';

/** Values of secrets with white space around them. A start refuses those that it cannot read. */
export const secretValues: Check = {
  id: 'DR107',
  severity: 'warning',
  about: 'secrets that start or end with white space',
  why: 'Servers reject a token with an extra space or line break, and do not say why. (One line break at the end of a file is removed.)',
  fix: 'Write the value without it, for example with `printf %s`.',
  find({ config: { secrets }, secrets: known }) {
    return secrets.flatMap(({ name }) => {
      const value = known.read(name);
      return value === undefined || value === value.trim()
        ? []
        : [{ what: `The value of the secret ${name} starts or ends with white space.`, at: `secrets.${name}` }];
    });
  },
};
