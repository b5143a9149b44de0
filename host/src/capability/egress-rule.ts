import { z } from 'zod';

/** What a guest asked for, in words that a grant's rule has. */
export type EgressDecision =
  | { readonly allowed: true; readonly url: URL }
  | { readonly allowed: false; readonly why: string };

/** An exact origin in the form that a URL parser leaves alone: `https://api.example.com`, `http://127.0.0.1:9000`. */
export const originSchema = z
  .string()
  .refine(
    text => /^https?:\/\/([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d+)?$/.test(text) && hostOf(text) === hostAsWritten(text),
    'an exact origin is due: scheme://host[:port] in lower case, without path, for example https://api.example.com',
  );

const hostOf = (text: string) => (URL.canParse(text) ? new URL(text).hostname : undefined);
const hostAsWritten = (text: string) => text.replace(/^https?:\/\//, '').replace(/:\d+$/, '');

/**
 * Decides whether `text` may be asked for with `method` by a grant that lists exact origins.
 * Credentials in the URL are refused, and so is a host that its URL had to normalise: what is compared is what is sent.
 */
export function decideEgress(
  allow: readonly string[],
  methods: readonly string[],
  method: string,
  text: string,
): EgressDecision {
  if (!URL.canParse(text)) return { allowed: false, why: 'the URL is not well-formed' };
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return { allowed: false, why: 'the URL carries credentials' };
  if (!methods.includes(method)) return { allowed: false, why: `method ${method} is not in the grant's methods` };
  if (!allow.some(origin => new URL(origin).origin === url.origin)) {
    return { allowed: false, why: `${url.origin} is not in the grant's allow list` };
  }
  return { allowed: true, url };
}
