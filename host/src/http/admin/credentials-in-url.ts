import { keyPrefix } from '../../identity/api-key/key-text.ts';

/** Names of query parameters that other APIs take credentials in. */
const names: ReadonlySet<string> = new Set([
  ...['token', 'access_token', 'admin_token', 'auth', 'authorization', 'bearer'],
  ...['key', 'api_key', 'apikey', 'api-key', 'password', 'secret'],
]);

/** Returns whether a URL looks as if it had credentials: a parameter with such a name, or an API key anywhere. */
export const looksLikeCredentials = (url: string): boolean =>
  queryIn(url).some(([name]) => names.has(name.toLowerCase())) || textsIn(url).some(text => text.includes(keyPrefix));

/** Returns the texts in a URL: the parts of its path, and the names and values of its query. */
export const textsIn = (url: string): readonly string[] => [
  ...(url.split('?', 1)[0] ?? '').split('/').map(decoded),
  ...queryIn(url).flat(),
];

const queryIn = (url: string) => [...new URLSearchParams(url.split('?').slice(1).join('?'))];

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
