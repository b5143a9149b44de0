import type { HttpResponse } from '../core/contract/outbound-http.js';
import { formsOf, SecretMask } from '../core/secret-mask.ts';
import type { HeaderList } from './lane/guest-header.ts';

/**
 * Servers repeat what they are sent: in an error, a page for debugging, a redirect. A value that the gateway put into a
 * request is hidden in the answer, in the forms in which it is commonly written, before the guest sees any of it.
 */
export function withoutEcho(response: HttpResponse, used: ReadonlySet<string>): HttpResponse {
  if (used.size === 0) return response;
  const encoding = response.headers.find(([name]) => name.toLowerCase() === 'content-encoding')?.[1] ?? 'identity';
  if (response.body.length > 0 && encoding.toLowerCase() !== 'identity') {
    throw new Error('the answer to a request with a secret is encoded, so that nobody could look for the secret in it');
  }
  const text = Buffer.from(response.body.buffer, response.body.byteOffset, response.body.length).toString('latin1');
  const hidden = text.replace(patternOf(used, asBytes), SecretMask.stars);
  const body = hidden === text ? response.body : new Uint8Array(Buffer.from(hidden, 'latin1'));
  const headers = response.headers.map(([name, value]): [string, string] => [
    hideIn(name, used),
    body !== response.body && name.toLowerCase() === 'content-length' ? String(body.length) : hideIn(value, used),
  ]);
  return { ...response, headers, body };
}

/** A text of ours or of a server, without the values. */
export const hideIn = (text: string, used: ReadonlySet<string>): string =>
  used.size === 0 ? text : text.replace(patternOf(used, asText), SecretMask.stars);

/** The headers of a request whose answer must come as it is. (RFC 9110 § 12.5.3) */
export const askingPlainly = (headers: HeaderList): HeaderList => [
  ...headers.filter(([name]) => name.toLowerCase() !== 'accept-encoding'),
  ['accept-encoding', 'identity'],
];

/** Header values come as latin1, in which a value may stand in UTF-8, or as itself. */
const asText = (form: string): string[] => [form, asUtf8(form)];
const asBytes = (form: string): string[] => [form, asUtf8(form), asUtf16(form)];
const asUtf8 = (form: string) => Buffer.from(form).toString('latin1');
const asUtf16 = (form: string) => Buffer.from(form, 'utf16le').toString('latin1');

function patternOf(used: ReadonlySet<string>, written: (form: string) => string[]): RegExp {
  return SecretMask.pattern([...used].flatMap(formsOf).flatMap(written));
}
