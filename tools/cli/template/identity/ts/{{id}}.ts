import { get } from 'sallyport:plugin/secret-store@0.1.0';
import { identity, known } from '@sallyport/plugin';

interface Config {
  readonly secret: string;
  readonly subject: string;
}

export const { lifecycle, identityCheck } = identity<Config>({
  defaults: { secret: 'service-key', subject: 'service' },

  configure({ subject }) {
    if (subject === '') throw new Error('subject must not be empty');
  },

  identify({ value }, _context, { secret, subject }) {
    return isSame(value, get(secret)) ? known(subject) : undefined;
  },
});

/** Compares in a time that does not depend on where the difference is. */
function isSame(one: string, other: string): boolean {
  let difference = one.length ^ other.length;
  for (let at = 0; at < one.length; at += 1) difference |= one.charCodeAt(at) ^ other.charCodeAt(at);
  return difference === 0;
}
