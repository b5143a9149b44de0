import { z } from 'zod';
import { cidr } from '../../core/cidr.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { isLoopback } from '../../core/loopback.ts';
import { memberAt } from '../member-at.ts';
import type { Path, Problem } from '../problem.ts';
import { text } from './fields.ts';
import { entryPaths, listed, unknownNames } from './named.ts';
import { secretNames, sharedUseProblems } from './secrets.ts';

/** A URL to which tokens or keys may travel: https, or http on this machine. */
export const protectedUrl = z.string().refine(value => {
  const url = URL.parse(value);
  if (url === null || url.username !== '' || url.password !== '' || /[?#]/.test(value)) return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}, 'expected an https URL without user, query and fragment; http is accepted for loopback only');

/** A scope (RFC 6749 § 3.3). */
export const scope = z
  .string()
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'not a scope: expected visible ASCII characters other than " and \\');

/** Signatures with a public key. A MAC would make the public key a secret, and `none` is no signature. */
const algorithm = z.enum([
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]);

const claim = (what: string) =>
  text.describe(`The claim with ${what}: its name, or a JSON pointer such as /realm_access/roles.`);

export const oauth = z
  .strictObject({
    issuer: protectedUrl.describe('The authorization server, exactly as its tokens and its metadata name it.'),
    audience: text
      .optional()
      .describe('The audience of its tokens, for servers that cannot name the URL of a binding as the audience.'),
    jwks_url: protectedUrl.optional().describe("The issuer's public keys. Default: as its metadata says."),
    algorithms: z.array(algorithm).min(1).default(['RS256', 'PS256', 'ES256', 'EdDSA']),
    type: z
      .enum(['at+jwt', 'any'])
      .default('at+jwt')
      .describe('The type that the header of a token must state. `any` accepts JWT and none too.'),
    required_scopes: z.array(scope).default([]).describe('Scopes without which no token of this issuer is accepted.'),
    claims: z
      .strictObject({
        subject: claim('the subject').default('sub'),
        tenant: claim('the tenant').optional(),
        scopes: claim('the scopes, as a list or separated by spaces').default('scope'),
      })
      .prefault({}),
    clock_skew_s: z.int().min(0).max(300).default(30).describe("How far the issuer's clock may differ."),
    introspection: z
      .strictObject({
        url: protectedUrl,
        client_id: text.describe("The gateway's client at the server."),
        client_secret: text.describe('The name of a secret, with which the client authenticates.'),
      })
      .optional()
      .describe('Accepts opaque tokens too, and asks the server about them. For one scheme at most.'),
    allow_private: z
      .array(cidr)
      .default([])
      .describe('Addresses of the issuer that may be reached although they are not public.'),
  })
  .optional()
  .describe('An authorization server whose access tokens are accepted.');

/** Reports authorization servers without a URL under which clients know the gateway, and introspection that is wrong. */
export function oauthProblems(value: JsonObject, isReachable: boolean): readonly Problem[] {
  const schemes = entryPaths(value, ['identity', 'schemes']).filter(
    path => (memberAt(value, [...path, 'oauth']) ?? null) !== null,
  );
  const introspections = schemes
    .map(path => [...path, 'oauth', 'introspection'])
    .filter(path => (memberAt(value, path) ?? null) !== null);
  const secrets = introspections.flatMap(path => {
    const name = memberAt(value, [...path, 'client_secret']);
    return typeof name === 'string' ? [{ name, path: [...path, 'client_secret'] }] : [];
  });
  const found = [
    ...unknownNames(secretNames(value), secrets, 'secret'),
    ...sharedUseProblems(value, secrets),
    ...introspections.slice(1).map(path => ({
      path,
      message: 'another scheme has `introspection` already, and an opaque token does not name its issuer',
      hint: 'keep it in one scheme, and let the other servers issue JWTs',
    })),
  ];
  const publicUrl = memberAt(value, ['identity', 'public_url']) ?? null;
  if (!isReachable || publicUrl !== null) return found;
  const missing = schemes.slice(0, 1).map(path => ({
    path: [...path, 'oauth'],
    message: 'tokens are issued for the URL that clients use, and `identity.public_url` does not name it',
    hint: 'add `public_url: https://the-name-that-clients-use` to `identity`',
  }));
  return [...found, ...missing];
}

/** Reports scopes of a binding that no caller can have. */
export const requiredScopesProblems = (value: JsonObject, binding: Path): readonly Problem[] =>
  isJsonObject(memberAt(value, ['identity'])) || listed(value, [...binding, 'required_scopes']).length === 0
    ? []
    : [
        {
          path: [...binding, 'required_scopes'],
          message: 'no caller has scopes: without `identity`, all callers are anonymous',
          hint: 'add an `identity` section, or remove `required_scopes`',
        },
      ];
