import { timingSafeEqual } from 'node:crypto';
import { hashKey } from './api-key/key-text.ts';
import { createPrincipal } from './principal.ts';
import { type Authenticate, bearerToken } from './scheme.ts';

/** A token that can be sent as a bearer token (RFC 6750 § 2.1), and is long enough that nobody guesses it. */
const tokenPattern = /^(?=.{32})[A-Za-z0-9._~+/-]+=*$/;

export const isUsableToken = (text: string): boolean => tokenPattern.test(text);

export interface StaticTokenOptions {
  /** The id of the scheme, which is the subject of its caller too. */
  readonly id: string;
  readonly scopes: readonly string[];
  /** Returns the token as it is now; undefined when it cannot be read. */
  readonly token: () => string | undefined;
}

/** Creates the scheme of one token that the operator chose. Another token is left to the schemes after it. */
export function createStaticToken({ id, scopes, token }: StaticTokenOptions): Authenticate {
  const principal = createPrincipal({ scheme: id, subject: id, scopes });
  return incoming => {
    const sent = bearerToken(incoming);
    return sent !== undefined && isToken(sent, token()) ? principal : undefined;
  };
}

/** Compares in constant time. A token that could be guessed is nobody's. */
export function isToken(sent: string, token: string | undefined): boolean {
  if (token === undefined || !isUsableToken(token)) return false;
  return timingSafeEqual(hashKey(sent), hashKey(token));
}
