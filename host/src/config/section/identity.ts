import { z } from 'zod';
import { pluginIdSchema } from '../../contract/plugin-descriptor.ts';
import { isCidr } from '../../core/cidr.ts';
import { headerName } from '../../core/http-header.ts';
import { isLoopback } from '../../core/loopback.ts';
import { parseListen } from '../listen.ts';
import { memberAt } from '../member-at.ts';
import { oneOf, text } from './fields.ts';
import { oauth, oauthProblems, protectedUrl } from './identity-oauth.ts';
import { duplicates, entries } from './named.ts';
import { section } from './section.ts';

const header = z
  .string()
  .regex(headerName, 'not the name of a header: expected letters, digits and hyphens')
  .transform(name => name.toLowerCase());

const proxy = z
  .strictObject({
    from: z
      .array(z.string().refine(isCidr, 'a network in CIDR form, for example 10.1.0.0/16 or 127.0.0.1/32'))
      .min(1)
      .describe('The addresses of the proxies whose headers are believed.'),
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

const certificateName = z.enum(['cn', 'o', 'ou', 'uri', 'dns', 'email']);

const clientCertificates = z
  .strictObject({
    subject: certificateName.default('cn').describe('The part of the certificate with the subject.'),
    tenant: certificateName.optional().describe('The part of the certificate with the tenant.'),
  })
  .optional()
  .describe('Certificates of clients, by the authorities in tls.client_authorities.');

/** The kinds of schemes. A scheme is of exactly one. */
const kinds = { api_keys: apiKeys, client_certificates: clientCertificates, proxy, oauth };

const scheme = z
  .strictObject({ id: pluginIdSchema, ...kinds })
  .superRefine(oneOf(Object.keys(kinds)))
  .meta({ oneOf: Object.keys(kinds).map(kind => ({ required: [kind] })) });

const identity = z.strictObject({
  public_url: protectedUrl
    .optional()
    .describe('The URL that clients use, without the path of a binding. Default, on loopback: the address.'),
  anonymous: z.enum(['refuse', 'serve']).default('refuse').describe('What happens to a request without credentials.'),
  schemes: z
    .array(scheme)
    .min(1)
    .describe('The ways to authenticate callers. The first one that finds its credentials in a request decides.'),
});

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
    const found = [...duplicates(entries(value, ['identity', 'schemes'])), ...oauthProblems(value, isReachable)];
    if (!isReachable || (memberAt(value, ['identity']) ?? null) !== null) return found;
    const message = 'this address is reachable from other machines, but `identity` does not say who may call';
    const hint = 'add an `identity` section, or `identity: none` to serve everybody who can reach it';
    return [...found, { path: ['listen'], message, hint }];
  },
});
