/** Where a request goes, in the one form that rules are compared with and that is sent. */
export type EgressTarget = { readonly url: URL } | { readonly why: string };

const oddCharacter = /[^\x21-\x7e\u0080-\u{10ffff}]|\\/u;
const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * Normalises a URL that a guest wrote or a server redirected to: host in lower case, as ASCII (IDNA), addresses as
 * numbers, no trailing dot; path without dot segments and with nothing encoded that needs none. What cannot be brought
 * into that form is refused: two programs could read it in two ways. (WHATWG URL; RFC 3986 § 6.2.2)
 */
export function normaliseTarget(text: string, base?: URL): EgressTarget {
  if (oddCharacter.test(text)) return { why: 'the URL has a space, a backslash or a control character' };
  if (!URL.canParse(text, base?.href)) return { why: 'the URL is not well-formed' };
  const url = new URL(text, base);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return { why: `scheme ${url.protocol} is not http(s)` };
  if (url.username !== '' || url.password !== '') return { why: 'the URL carries credentials' };
  if (url.port === '0') return { why: 'port 0 is not a valid port' };
  if (url.hostname.endsWith('.')) url.hostname = url.hostname.slice(0, -1);
  if (!isHost(url.hostname)) return { why: `the host ${url.hostname} has no normal form` };
  const { pathname } = url;
  url.pathname = pathname.replace(/%[0-9a-f]{2}/gi, code => {
    const character = String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return /[A-Za-z0-9._~-]/.test(character) ? character : code.toUpperCase();
  });
  url.hash = '';
  return { url };
}

const isHost = (host: string): boolean =>
  host.startsWith('[') || (host.length <= 253 && host.split('.').every(each => label.test(each)));
