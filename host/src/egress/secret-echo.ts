import type { HttpResponse } from '../contract/generated/outbound-http.js';
import type { HeaderList } from '../core/http-header.ts';
import { SecretMask } from '../core/secret-mask.ts';
import { createEchoSearch, type EchoSearch, hideEchoes } from './echo-search.ts';

/**
 * Servers repeat what they are sent: in an error, a page for debugging, a redirect. A value that the gateway put into a
 * request is hidden in the answer, whole or in part and however it is escaped, before the guest sees any of it.
 * @throws Error when the answer is encoded, or a part of another: nobody could look for the value in it
 */
export function withoutEcho(response: HttpResponse, used: ReadonlySet<string>): HttpResponse {
  if (used.size === 0) return response;
  if (response.status === 206) throw new Error('the response to a request with a secret is partial content');
  const encoding = response.headers.find(([name]) => name.toLowerCase() === 'content-encoding')?.[1] ?? 'identity';
  if (response.body.length > 0 && encoding.toLowerCase() !== 'identity') {
    throw new Error('the response to a request with a secret is encoded, so it cannot be searched for the secret');
  }
  const search = createEchoSearch(used);
  const hide = (text: string) => hideIn(text, search, 'latin1');
  const body = hideEchoes(search, response.body, SecretMask.stars);
  const headers = response.headers.map(([name, value]): [string, string] => [
    hide(name),
    body !== response.body && name.toLowerCase() === 'content-length' ? String(body.length) : hide(value),
  ]);
  return { ...response, headers, body };
}

/** A text of ours or of a server, without the values. */
export const withoutValues = (text: string, used: ReadonlySet<string>): string =>
  used.size === 0 ? text : hideIn(text, createEchoSearch(used), 'utf8');

function hideIn(text: string, search: EchoSearch, encoding: 'latin1' | 'utf8'): string {
  const bytes = Buffer.from(text, encoding);
  const hidden = hideEchoes(search, bytes, SecretMask.stars);
  return hidden === bytes ? text : Buffer.from(hidden).toString(encoding);
}

/** What would have an answer come in pieces, or encoded. (RFC 9110 § 12.5.3, § 14.2, § 13.1.5) */
const ofParts = new Set(['accept-encoding', 'range', 'if-range']);

/** The headers of a request whose answer must come whole, and as it is. */
export const askingPlainly = (headers: HeaderList): HeaderList => [
  ...headers.filter(([name]) => !ofParts.has(name.toLowerCase())),
  ['accept-encoding', 'identity'],
];
