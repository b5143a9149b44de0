import { z } from 'zod';
import { pluginIdSchema } from '../../contract/plugin-descriptor.ts';
import { isJsonObject } from '../../core/json.ts';
import { isLoopback } from '../../core/loopback.ts';
import { parseListen } from '../listen.ts';
import { memberAt } from '../member-at.ts';
import type { Problem } from '../problem.ts';
import { oneOf, proxyNetworks, text } from './fields.ts';
import { oauth, oauthProblems, protectedUrl } from './identity-oauth.ts';
import { checks, header, identityPluginProblems, plugin } from './identity-plugins.ts';
import { duplicates, entries } from './named.ts';
import { section } from './section.ts';

const names = z.array(text).min(1).optional();

const proxyCertificate = z
  .strictObject({
    ...{ cn: names, o: names, ou: names, uri: names, dns: names, email: names },
    fingerprint: z
      .array(
        z
          .string()
          .regex(
            /^([0-9a-f]{2}:?){31}[0-9a-f]{2}$/i,
            'a SHA-256 fingerprint: 64 hexadecimal digits, with or without colons',
          )
          .transform(text => text.replaceAll(':', '').toLowerCase()),
      )
      .min(1)
      .optional()
      .describe('SHA-256 fingerprints.'),
  })
  .refine(
    stated => Object.values(stated).some(each => each !== undefined),
    'states nothing: expected at least one name or fingerprint',
  )
  .optional()
  .describe(
    'The client certificate of the proxies, by an authority in tls.client_authorities: for each part that is stated, the accepted values.',
  );

const proxy = z
  .strictObject({
    from: proxyNetworks
      .optional()
      .describe(
        'The addresses of the proxies whose headers are believed. Default, without certificate: trusted_proxies.',
      ),
    certificate: proxyCertificate,
    headers: z.strictObject({
      subject: header.describe('The header with the subject.'),
      tenant: header.optional().describe('The header with the tenant.'),
      scopes: header.optional().describe('The header with the scopes, separated by spaces or commas.'),
    }),
  })
  .optional()
  .describe('A proxy that authenticates callers and says in headers who they are.');

const apiKeys = z
  .strictObject({ file: text.describe('The file with the hashes of the keys, which `sallyport key` writes.') })
  .optional()
  .describe('API keys, which clients send as bearer tokens.');

/** The part of a client certificate with a name. */
export const certificateName = z.enum(['cn', 'o', 'ou', 'uri', 'dns', 'email']);

const clientCertificates = z
  .strictObject({
    subject: certificateName.default('cn').describe('The part of the certificate with the subject.'),
    tenant: certificateName.optional().describe('The part of the certificate with the tenant.'),
  })
  .optional()
  .describe('Certificates of clients, by the authorities in tls.client_authorities.');

/** The kinds of schemes. A scheme is of exactly one. */
const kinds = { api_keys: apiKeys, client_certificates: clientCertificates, proxy, oauth, plugin };

const scheme = z
  .strictObject({ id: pluginIdSchema, ...kinds })
  .superRefine(oneOf(Object.keys(kinds)))
  .meta({ oneOf: Object.keys(kinds).map(kind => ({ required: [kind] })) });

const identity = z.strictObject({
  public_url: protectedUrl
    .optional()
    .describe('The URL that clients use, without the path of a binding. Default, on loopback: the address.'),
  anonymous: z.enum(['refuse', 'serve']).default('refuse').describe('What happens to a request without credentials.'),
  expired_calls_ms: z
    .int()
    .min(0)
    .max(24 * 3_600_000)
    .default(600_000)
    .describe('How long a call continues after the credentials that it began with have expired.'),
  schemes: z
    .array(scheme)
    .min(1)
    .describe('The ways to authenticate callers. The first one that finds its credentials in a request decides.'),
  checks,
});

/** Reports schemes that would believe the headers of everyone. */
function proxyProblems(value: unknown): readonly Problem[] {
  if ((memberAt(value, ['trusted_proxies', 'from']) ?? null) !== null) return [];
  return entries(value, ['identity', 'schemes'])
    .map(({ path }) => [...path, 'proxy'])
    .filter(path => isJsonObject(memberAt(value, path)))
    .filter(path => ['from', 'certificate'].every(name => (memberAt(value, [...path, name]) ?? null) === null))
    .map(path => ({
      path,
      message: 'nothing says which proxies are meant',
      hint: 'add `from` or `certificate` to it, or `trusted_proxies` to the file',
    }));
}

/** Why the gateway does not listen on an address beyond this machine. */
export const identityMissing = {
  message: 'this address is reachable from other machines, but `identity` does not say who may call',
  hint: 'add an `identity` section, or `identity: none` to serve all callers that can reach it',
};

/** `identity`: how callers are authenticated. */
export const identitySection = section({
  shape: {
    identity: z
      .union([z.literal('none'), identity], { error: 'expected `none`, or the schemes that authenticate callers' })
      .optional()
      .describe('How callers are authenticated. `none`, for addresses beyond loopback: not at all.'),
  },
  finish: ({ identity }, files) => ({
    identity:
      typeof identity !== 'object'
        ? identity
        : {
            ...identity,
            schemes: identity.schemes.map(each => ({
              ...each,
              ...(each.api_keys && { api_keys: { file: files.absolute(each.api_keys.file) } }),
            })),
          },
  }),
  problems(value) {
    const listen = memberAt(value, ['listen']);
    const address = typeof listen === 'string' ? parseListen(listen) : undefined;
    const isReachable = address !== undefined && !isLoopback(address.host);
    const found = [
      ...duplicates(entries(value, ['identity', 'schemes'])),
      ...oauthProblems(value, isReachable),
      ...proxyProblems(value),
      ...identityPluginProblems(value, entries(value, ['plugins'])),
    ];
    if (!isReachable || (memberAt(value, ['identity']) ?? null) !== null) return found;
    return [...found, { path: ['listen'], ...identityMissing }];
  },
});
