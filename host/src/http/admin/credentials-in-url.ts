import { keyPrefix } from '../../identity/api-key/key-text.ts';

/** Names of query parameters that other APIs take credentials in. */
const names: ReadonlySet<string> = new Set([
  ...['token', 'access_token', 'admin_token', 'auth', 'authorization', 'bearer'],
  ...['key', 'api_key', 'apikey', 'api-key', 'password', 'secret'],
]);

/**
 * Returns whether a URL contains credentials: a parameter with such a name, an API key anywhere, or the gateway's token.
 * @param isToken whether a text is the token
 */
export function hasCredentials(url: string, isToken: (text: string) => boolean): boolean {
  const [path = '', ...rest] = url.split('?');
  const query = [...new URLSearchParams(rest.join('?'))];
  if (query.some(([name]) => names.has(name.toLowerCase()))) return true;
  const texts = [...path.split('/').map(decoded), ...query.flat()];
  return texts.some(text => text.includes(keyPrefix) || isToken(text));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
