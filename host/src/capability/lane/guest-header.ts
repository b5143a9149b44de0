export type HeaderList = readonly (readonly [name: string, value: string])[];

/** These are the host's to set: they decide framing, routing, and for whom is asked. */
const forbidden = new Set([
  'alt-used',
  'connection',
  'content-length',
  'expect',
  'forwarded',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
]);

/** Whether a header is the host's, and no guest's, to set. */
export const isForbiddenHeader = (name: string): boolean => forbidden.has(name.toLowerCase());

/** Whether a header may have this name. (RFC 9110 § 5.1) */
export const isHeaderName = (name: string): boolean => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);

/** Whether a header has a name and a value that are one: a line break would begin another. (RFC 9110 § 5.5) */
export const isHeader = ([name, value]: HeaderList[number]): boolean =>
  isHeaderName(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
