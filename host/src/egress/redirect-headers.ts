import type { HeaderList } from '../core/http-header.ts';

/** What says nothing of who asks. Any other header may be a credential, whatever its name is. */
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

/** The headers that may go along to another origin. (RFC 9110 § 15.4, item 2) */
export const withoutCredentials = (headers: HeaderList): HeaderList =>
  headers.filter(([name]) => anonymous.has(name.toLowerCase()));

/** The headers of a request whose content was dropped. (RFC 9110 § 15.4, item 4) */
export const withoutContent = (headers: HeaderList): HeaderList =>
  headers.filter(([name]) => !/^(content-.*|digest|last-modified)$/i.test(name));

const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What the guest sees of a response's headers: not those that speak of the connection. (RFC 9110 § 7.6.1) */
export const responseHeaders = (headers: Readonly<Record<string, string | string[] | undefined>>): [string, string][] =>
  Object.entries(headers).flatMap(([name, value]) =>
    hopByHop.has(name)
      ? []
      : (Array.isArray(value) ? value : [value]).flatMap(one =>
          one === undefined ? [] : [[name, one] as [string, string]],
        ),
  );
