import type { Dispatcher } from 'undici';
import type { HeaderList } from '../core/http-header.ts';
import type { AllowedHosts } from './allowed-hosts.ts';
import { EgressRefused } from './egress-refused.ts';
import type { Hop } from './hop.ts';

/** The server redirected more often than the grant allows. */
export class TooManyRedirects extends Error {}

/** @throws TooManyRedirects if no redirect may follow those that were followed */
export function limitRedirects(followed: number, { max_redirects: most }: { readonly max_redirects: number }): void {
  if (followed >= most) throw new TooManyRedirects(`more than ${most} redirects`);
}

const followed = new Set([301, 302, 303, 307, 308]);

/** Returns where a response redirects to; undefined if it is no redirect that is followed. */
export const locationOf = ({ statusCode, headers }: Dispatcher.ResponseData): string | readonly string[] | undefined =>
  followed.has(statusCode) ? headers.location : undefined;

/**
 * Returns the request that follows a redirect, checked like the first one. (RFC 9110 § 15.4)
 * @throws EgressRefused
 */
export function redirectedHop(
  hop: Hop,
  status: number,
  location: string | readonly string[],
  allowed: AllowedHosts,
): Hop {
  if (typeof location !== 'string') throw new Error('the redirect has several Location headers');
  const next = becomesGet(hop.method, status)
    ? { method: 'GET', headers: withoutContent(hop.headers), body: undefined }
    : { method: hop.method, headers: hop.headers, body: hop.body };
  const target = allowed.check(next.method, location, hop.url);
  if (target.url.origin === hop.url.origin) return { ...next, ...target };
  if (hop.url.protocol === 'https:' && target.url.protocol === 'http:') {
    throw new EgressRefused('a redirect leads from https to http');
  }
  return { ...next, ...target, headers: withoutCredentials(next.headers) };
}

const becomesGet = (method: string, status: number): boolean =>
  (status === 303 && method !== 'HEAD' && method !== 'GET') || (status <= 302 && method === 'POST');

/** Headers that do not identify the sender. Any other header may be a credential, whatever its name is. */
const anonymous = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'content-encoding',
  'content-language',
  'content-type',
  'if-modified-since',
  'if-none-match',
  'range',
  'user-agent',
]);

/** Returns the headers that may be sent to another origin. (RFC 9110 § 15.4, item 2) */
const withoutCredentials = (headers: HeaderList): HeaderList =>
  headers.filter(([name]) => anonymous.has(name.toLowerCase()));

/** Returns the headers of a request whose content was dropped. (RFC 9110 § 15.4, item 4) */
const withoutContent = (headers: HeaderList): HeaderList =>
  headers.filter(([name]) => !/^(content-.*|digest|last-modified)$/i.test(name));
