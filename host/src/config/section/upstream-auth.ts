import { z } from 'zod';
import { headerName } from '../../core/http-header.ts';
import { isLoopback } from '../../core/loopback.ts';
import { headerNameProblems } from '../header.ts';
import { memberAt } from '../member-at.ts';
import type { Path } from '../problem.ts';
import { oneOf, text } from './fields.ts';
import type { Named } from './named.ts';

/** A URL of an authorization server. Secrets and tokens are sent there. */
const serverUrl = z
  .url({ protocol: /^https?$/, error: 'expected an https URL', abort: true })
  .superRefine((written, context) => {
    const url = new URL(written);
    const issue = (message: string) => context.addIssue({ code: 'custom', message });
    if (url.username !== '' || url.password !== '') issue('a URL cannot contain a user or a password here');
    if (url.hash !== '') issue('a URL cannot have a fragment here');
    if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
      issue('expected https: without TLS, others could read the tokens (http only for this machine itself)');
    }
  });

const secretName = text.describe('The name of one of the `secrets`.');
const scope = z
  .string()
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'expected one scope, without spaces, quotes and backslashes');
const tokenType = z
  .string()
  .regex(/^[a-z][a-z0-9+.-]*:\S+$/i, 'expected a URI, such as urn:ietf:params:oauth:token-type:jwt');

/** Parameters of the request that the gateway sets, or that would change who asks. */
const ownParameters = new Set([
  ...['grant_type', 'client_id', 'client_secret', 'client_assertion', 'client_assertion_type', 'assertion'],
  ...['subject_token', 'subject_token_type', 'requested_token_type', 'scope', 'audience', 'resource'],
  ...['code', 'code_verifier', 'redirect_uri', 'refresh_token'],
]);

/** Parameters of the authorization request that the gateway sets, or that would change where the answer goes. */
const ownAuthorizationParameters = new Set([
  ...['response_type', 'response_mode', 'client_id', 'redirect_uri', 'scope', 'state', 'nonce', 'resource'],
  ...['audience', 'code_challenge', 'code_challenge_method', 'request', 'request_uri'],
]);

const parametersExcept = (own: ReadonlySet<string>) =>
  z
    .record(text, z.string())
    .default({})
    .superRefine((parameters, context) => {
      for (const name of Object.keys(parameters).filter(each => own.has(each))) {
        context.addIssue({ code: 'custom', path: [name], message: `${name} cannot be set here` });
      }
    });

const server = {
  token_url: serverUrl.optional().describe('The token endpoint.'),
  issuer: serverUrl
    .optional()
    .describe('The issuer, whose metadata names the token endpoint (RFC 8414, OpenID Connect).'),
  client_id: text.describe("The gateway's registration."),
  client_secret: secretName.optional(),
  client_auth: z.enum(['basic', 'post']).default('basic').describe('How the client secret is sent.'),
  parameters: parametersExcept(ownParameters).describe(
    'Further parameters of the token request, which some servers require.',
  ),
};
const target = {
  scopes: z.array(scope).default([]),
  resource: z.url().optional().describe('The identifier of the upstream (RFC 8707).'),
};
const audience = text.optional().describe('Whom the token is for, in the words of the authorization server.');
const oneServer = oneOf(['token_url', 'issuer']);
const alternatives = (names: readonly string[]) => ({ oneOf: names.map(name => ({ required: [name] })) });
const serverAlternatives = alternatives(['token_url', 'issuer']);

const staticSecret = z
  .strictObject({
    secret: secretName,
    header: z
      .string()
      .regex(headerName, 'not the name of a header: expected letters, digits and hyphens')
      .superRefine((header, context) => {
        for (const { message } of headerNameProblems({ [header]: '' })) context.addIssue({ code: 'custom', message });
      })
      .default('authorization'),
    scheme: z
      .string()
      .regex(/^[A-Za-z0-9-]*$/, 'expected the name of a scheme, such as Bearer, or an empty text')
      .optional()
      .describe('Precedes the value. Default: Bearer in `authorization`, and nothing in any other header.'),
  })
  .transform(({ scheme, ...rest }) => {
    const precedes = scheme ?? (rest.header.toLowerCase() === 'authorization' ? 'Bearer' : '');
    return precedes === '' ? rest : { ...rest, scheme: precedes };
  })
  .describe(
    'One secret for all callers, or for those of each tenant that has a value of its own. A file is read again when it changes.',
  );

const clientCredentials = z
  .strictObject({ ...server, client_secret: secretName, ...target, audience })
  .superRefine(oneServer)
  .meta(serverAlternatives)
  .describe("Tokens for the gateway itself (OAuth's client credentials grant).");

const tokenExchange = z
  .strictObject({
    ...server,
    ...target,
    audience,
    subject_token_type: tokenType
      .default('urn:ietf:params:oauth:token-type:access_token')
      .describe('The type of the tokens that callers present.'),
    requested_token_type: tokenType
      .optional()
      .describe('Default: an access token; with then_jwt_bearer, an ID-JAG assertion.'),
    same_claim: text
      .optional()
      .describe('The claim by which both tokens must name the same user. Default: sub, if both have the same issuer.'),
    then_jwt_bearer: z
      .strictObject({ ...server, ...target })
      .superRefine(oneServer)
      .meta(serverAlternatives)
      .optional()
      .describe("The upstream's own authorization server, which issues the token for the assertion of the first."),
  })
  .superRefine(oneServer)
  .meta(serverAlternatives)
  .describe("Each caller's own token, in exchange for the one that the caller presented (RFC 8693).");

const authorizationCode = z
  .strictObject({
    ...server,
    ...target,
    audience,
    authorization_url: serverUrl.optional().describe('With `token_url`: the authorization endpoint.'),
    revocation_url: serverUrl.optional().describe('With `token_url`: the revocation endpoint (RFC 7009).'),
    authorization_parameters: parametersExcept(ownAuthorizationParameters).describe(
      'Further parameters of the authorization request, such as `access_type: offline`.',
    ),
  })
  .superRefine(oneServer)
  .superRefine(({ token_url, authorization_url, revocation_url }, context) => {
    const issue = (name: string, message: string) => context.addIssue({ code: 'custom', path: [name], message });
    if (token_url !== undefined && authorization_url === undefined) {
      issue('authorization_url', 'missing: without `issuer`, nothing else names the authorization endpoint');
    }
    const inMetadata = 'the metadata of `issuer` names it: remove it';
    if (token_url === undefined && authorization_url !== undefined) issue('authorization_url', inMetadata);
    if (token_url === undefined && revocation_url !== undefined) issue('revocation_url', inMetadata);
  })
  .meta(serverAlternatives)
  .describe("Each user's own account, which the user connects with a browser (OAuth's authorization code grant).");

const kinds = ['static', 'client_credentials', 'token_exchange', 'authorization_code'] as const;

/** `auth` of an upstream. */
export const upstreamAuth = z
  .union([
    z.literal('none'),
    z
      .strictObject({
        static: staticSecret.optional(),
        client_credentials: clientCredentials.optional(),
        token_exchange: tokenExchange.optional(),
        authorization_code: authorizationCode.optional(),
        env: z
          .string()
          .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable')
          .optional()
          .describe('Over stdio: the environment variable of the process that contains the credential.'),
      })
      .superRefine(oneOf(kinds))
      .meta(alternatives(kinds)),
  ])
  .default('none')
  .describe('The credentials that the gateway sends. Those that callers present to the gateway are never passed on.');

type Parsed = Exclude<z.output<typeof upstreamAuth>, 'none'>;
type Kind = (typeof kinds)[number];

/** The credentials of an upstream, which come in exactly one way. */
export type UpstreamAuthConfig = Pick<Parsed, 'env'> &
  {
    [Own in Kind]: { readonly [Key in Own]: NonNullable<Parsed[Key]> } & {
      readonly [Key in Exclude<Kind, Own>]?: undefined;
    };
  }[Kind];

/** The parts of an upstream that its `auth` has to fit. */
interface AuthPlace {
  readonly auth: z.output<typeof upstreamAuth>;
  readonly stdio?: { readonly env: Readonly<Record<string, string>> } | undefined;
  readonly http?: { readonly headers: Readonly<Record<string, string>> } | undefined;
  readonly openapi?: { readonly headers: Readonly<Record<string, string>> } | undefined;
  readonly connections: string;
}

/** Reports an `auth` that does not fit its upstream. */
export function checkAuthPlace({ auth, stdio, http, openapi, connections }: AuthPlace, context: z.RefinementCtx): void {
  if (auth === 'none') return;
  const issue = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
  const { env } = auth;
  if (stdio !== undefined && env === undefined) {
    issue(['auth'], 'env is missing: over stdio, the credential is in an environment variable of the process');
  }
  if (stdio !== undefined && env !== undefined && stdio.env[env] !== undefined) {
    issue(['auth', 'env'], `${env} is also set by stdio.env: remove one of them`);
  }
  if (stdio === undefined && env !== undefined) issue(['auth', 'env'], 'env is for upstreams over stdio: remove it');
  const header = auth.static?.header ?? 'authorization';
  const [place, { headers }] = openapi === undefined ? ['http', http ?? { headers: {} }] : ['openapi', openapi];
  const twin = Object.keys(headers).find(name => name.toLowerCase() === header.toLowerCase());
  if (twin !== undefined) issue([place, 'headers', twin], `auth sets the header ${header}: remove it here`);
  if (connections === 'shared' && (auth.token_exchange ?? auth.authorization_code) !== undefined) {
    issue(['connections'], 'with credentials of each user, connections cannot be shared: remove it, or change auth');
  }
}

/** Returns whether a path is that of a secret which tenants may have values of. */
export const isStaticSecret = (path: Path): boolean => path.slice(-3).join('.') === 'auth.static.secret';

/** Returns the names of secrets in the `auth` of an upstream. */
export function secretsIn(value: unknown, upstream: Path): readonly Named[] {
  const places = [
    ['static', 'secret'],
    ['client_credentials', 'client_secret'],
    ['token_exchange', 'client_secret'],
    ['token_exchange', 'then_jwt_bearer', 'client_secret'],
    ['authorization_code', 'client_secret'],
  ];
  return places.flatMap(place => {
    const path = [...upstream, 'auth', ...place];
    const name = memberAt(value, path);
    return typeof name === 'string' ? [{ name, path }] : [];
  });
}

/** Returns `auth` in the form in which exactly one kind is set. */
export function finishedAuth(auth: z.output<typeof upstreamAuth>): UpstreamAuthConfig | undefined {
  if (auth === 'none') return undefined;
  const { env, static: secret, client_credentials, token_exchange, authorization_code } = auth;
  const where = env === undefined ? {} : { env };
  if (secret !== undefined) return { ...where, static: secret };
  if (client_credentials !== undefined) return { ...where, client_credentials };
  if (token_exchange !== undefined) return { ...where, token_exchange };
  return authorization_code && { ...where, authorization_code };
}
