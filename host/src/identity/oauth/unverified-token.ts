import { isJsonObject, type JsonObject } from '../../core/json.ts';

/** The parts of a JWT that are needed before it can be verified. Nothing in them is proven. */
export interface UnverifiedToken {
  readonly header: JsonObject;
  readonly issuer: string | undefined;
}

/** The maximum lengths of a token and of its header. HTTP headers have 16 KiB in all. */
const most = { token: 16 * 1024, header: 4 * 1024 };

/** Returns whether a token has the form of a JWT. Others are opaque, also encrypted ones. */
export const isJwt = (token: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token) && token.length <= most.token;

/** Returns what a JWT claims to be, or undefined if it is malformed. */
export function readUnverified(token: string): UnverifiedToken | undefined {
  const [first = '', second = ''] = token.split('.', 2);
  if (first.length > most.header) return undefined;
  const header = objectIn(first);
  const claims = objectIn(second);
  if (header === undefined || claims === undefined) return undefined;
  return { header, issuer: typeof claims.iss === 'string' ? claims.iss : undefined };
}

function objectIn(part: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
