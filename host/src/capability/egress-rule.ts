import { z } from 'zod';

/** What a guest asked for, in words that a grant's rule has. */
export type EgressDecision =
  | { readonly allowed: true; readonly url: URL }
  | { readonly allowed: false; readonly why: string };

/** An origin without path, query or credentials: `https://api.example.com` or `http://127.0.0.1:9000`. */
export const originSchema = z.string().superRefine((text, issue) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url === undefined ||
    !/^https?:$/.test(url.protocol) ||
    url.origin !== text.replace(/:(443|80)$/, matched => dropDefault(url, matched))
  ) {
    issue.addIssue({
      code: 'custom',
      message:
        'an exact origin is due, scheme://host[:port] in lower case, without path, for example https://api.example.com',
    });
  }
});

const dropDefault = (url: URL, port: string) => (url.port === '' ? '' : port);

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
