import { randomBytes } from 'node:crypto';

/**
 * Makes the ids of one connection's requests: unguessable, so that none stands in a text by chance, and strings, so
 * that they never meet the numbers of the MCP client that shares the connection.
 */
export function createRequestIds(): () => string {
  const prefix = `sallyport-${randomBytes(9).toString('base64url')}-`;
  let count = 0;
  return () => `${prefix}${++count}`;
}
