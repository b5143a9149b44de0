import { z } from 'zod';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { memberAt } from '../member-at.ts';
import type { Path, Problem } from '../problem.ts';
import { text } from './fields.ts';
import { scope } from './identity-oauth.ts';
import { duplicates, entries, listed, unknownNames } from './named.ts';
import { secretNames, sharedUseProblems } from './secrets.ts';
import { section } from './section.ts';

const claim = (what: string) =>
  text.optional().describe(`The claim of an ID token with ${what}. Default: as \`claims\` of the scheme says.`);

const signIn = z.strictObject({
  scheme: text.describe('The id of a scheme with `oauth`, whose users can connect accounts.'),
  client_id: text.describe("The gateway's registration with the provider, as a client that signs users in."),
  client_secret: text.optional().describe('The name of a secret; a public client has none.'),
  client_auth: z.enum(['basic', 'post']).default('basic').describe('How the client secret is sent.'),
  scopes: z
    .array(scope)
    .default(['openid'])
    .refine(scopes => scopes.includes('openid'), 'expected openid among them: without it there is no ID token'),
  claims: z.strictObject({ subject: claim('the subject'), tenant: claim('the tenant') }).prefault({}),
});

/** `accounts`: how users connect accounts of their own at upstreams, and where these are kept. */
export const accountsSection = section({
  shape: {
    accounts: z
      .strictObject({
        sign_in: z.array(signIn).min(1).describe('How users sign in with a browser.'),
        encryption_keys: z
          .array(text)
          .min(1)
          .describe(
            'The names of secrets with 32 bytes in base64. The first one encrypts; the others are earlier ones.',
          ),
        path: text.default('~/.local/state/sallyport/accounts.sqlite').describe('The file of the accounts.'),
        link_minutes: z.int().min(1).max(60).default(10).describe('How long a link can be used.'),
      })
      .optional()
      .describe('Accounts that users connect at upstreams with `auth: { authorization_code: … }`.'),
  },
  finish: ({ accounts }, files) => ({ accounts: accounts && { ...accounts, path: files.absolute(accounts.path) } }),
  problems(value) {
    if (!isJsonObject(memberAt(value, ['accounts']))) return [];
    if (!isJsonObject(memberAt(value, ['identity']))) {
      const message = 'the gateway does not know its users: there is no `identity`';
      return [{ path: ['accounts'], message, hint: 'add `identity` with a scheme that has `oauth`' }];
    }
    const schemes = entries(value, ['identity', 'schemes']).filter(
      ({ path }) => (memberAt(value, [...path, 'oauth']) ?? null) !== null,
    );
    const signIns = entries(value, ['accounts', 'sign_in'], 'scheme');
    const secrets = signIns.flatMap(({ path }) => {
      const name = memberAt(value, [...path, 'client_secret']);
      return typeof name === 'string' ? [{ name, path: [...path, 'client_secret'] }] : [];
    });
    const used = [...secrets, ...listed(value, ['accounts', 'encryption_keys'])];
    const named = signIns.map(({ name, path }) => ({ name, path: [...path, 'scheme'] }));
    return [
      ...unknownNames(schemes, named, 'scheme with oauth'),
      ...duplicates(signIns, 'scheme'),
      ...unknownNames(secretNames(value), used, 'secret'),
      ...sharedUseProblems(value, used),
      ...publicUrlProblems(value),
    ];
  },
});

function publicUrlProblems(value: JsonObject): readonly Problem[] {
  if ((memberAt(value, ['identity', 'public_url']) ?? null) !== null) return [];
  const message = 'browsers are sent to the gateway, and `identity.public_url` does not say where it is';
  return [{ path: ['accounts'], message, hint: 'add `public_url: https://the-name-that-browsers-use` to `identity`' }];
}

/** Reports upstreams at which users have to connect accounts, and cannot. */
export function accountProblems(value: JsonObject): readonly Problem[] {
  if (isJsonObject(memberAt(value, ['accounts']))) return [];
  const paths: readonly Path[] = entries(value, ['upstreams']).map(({ path }) => [
    ...path,
    'auth',
    'authorization_code',
  ]);
  return paths
    .filter(path => (memberAt(value, path) ?? null) !== null)
    .map(path => ({
      path,
      message: 'users cannot connect accounts: there is no `accounts`',
      hint: 'add `accounts` with `sign_in` and `encryption_keys`',
    }));
}
