import { z } from 'zod';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { isLoopback } from '../../core/loopback.ts';
import { parseListen } from '../listen.ts';
import { memberAt } from '../member-at.ts';
import type { Problem } from '../problem.ts';
import { text } from './fields.ts';
import { certificateName } from './identity.ts';
import { duplicates, entries, listed, unknownNames } from './named.ts';
import { registration } from './registration.ts';
import { secretNames, sharedUseProblems } from './secrets.ts';
import { section } from './section.ts';
import { absoluteTls, tlsFiles } from './tls.ts';

/** What a caller of the management API may do: look, or look and change. */
const adminScope = z.enum(['admin:read', 'admin:write']);

const clientCertificates = z.strictObject({
  subject: certificateName.default('cn').describe('The part of the certificate with the name.'),
  allow: z
    .array(
      z.strictObject({
        name: text.describe('The name in the certificate.'),
        scopes: z.array(adminScope).min(1).describe('What its owner may do.'),
      }),
    )
    .min(1),
});

/** The ways to prove who is calling. One at least is needed. */
const credentials = ['keys_file', 'token', 'client_certificates'] as const;

/** `admin`: the management API. */
export const adminSection = section({
  shape: {
    admin: z
      .strictObject({
        listen: z
          .string()
          .refine(address => parseListen(address) !== undefined, 'expected host:port, such as 127.0.0.1:8788')
          .optional()
          .describe('An address of its own. Without it, the API is at /admin of `listen`.'),
        tls: tlsFiles.optional().describe('Serves its own address over https.'),
        keys_file: text
          .optional()
          .describe('The file of API keys, which `sallyport key` writes, with the scopes admin:read and admin:write.'),
        token: text.optional().describe('The name of a secret: a bearer token that may do everything.'),
        client_certificates: clientCertificates
          .optional()
          .describe('Client certificates by the authorities in `tls.client_authorities` of this section.'),
        allow_weaker_modes: z
          .boolean()
          .default(false)
          .describe(
            'Whether a plugin can be given a mode at run time that is weaker than that of the file, such as permissive instead of enforce.',
          ),
        registration,
      })
      .optional()
      .describe('The management API. Off unless set.'),
  },
  finish: ({ admin }, files) => ({
    admin: admin && {
      ...admin,
      tls: admin.tls && absoluteTls(admin.tls, files),
      keys_file: admin.keys_file && files.absolute(admin.keys_file),
      registration: { ...admin.registration, path: files.absolute(admin.registration.path) },
    },
  }),
  problems(value) {
    const admin = memberAt(value, ['admin']);
    if (!isJsonObject(admin)) return [];
    const token = typeof admin.token === 'string' ? [{ name: admin.token, path: ['admin', 'token'] }] : [];
    const secrets = listed(value, ['admin', 'registration', 'secrets']);
    const plugins = listed(value, ['admin', 'registration', 'plugins']);
    return [
      ...credentialProblems(admin),
      ...unknownNames(secretNames(value), [...token, ...secrets], 'secret'),
      ...unknownNames(entries(value, ['plugins']), plugins, 'plugin'),
      ...sharedUseProblems(value, token),
      ...duplicates(entries(value, ['admin', 'client_certificates', 'allow'], 'name'), 'name'),
      ...addressProblems(value, admin),
      ...schemeProblems(value),
    ];
  },
  warnings(value) {
    const admin = memberAt(value, ['admin']);
    const address = isJsonObject(admin) && typeof admin.listen === 'string' ? parseListen(admin.listen) : undefined;
    if (address === undefined || isLoopback(address.host) || memberAt(value, ['admin', 'tls']) !== undefined) return [];
    const message = 'this address is reachable from other machines without https, so tokens travel unencrypted';
    return [{ path: ['admin', 'listen'], message, hint: 'add `tls` to `admin`, or listen on 127.0.0.1' }];
  },
});

function credentialProblems(admin: JsonObject): readonly Problem[] {
  const isStated = (name: string) => (admin[name] ?? null) !== null;
  if (!credentials.some(isStated)) {
    const hint = 'add `keys_file` and run `sallyport key new`, or `token`, or `client_certificates`';
    return [{ path: ['admin'], message: 'nothing says who may use the management API', hint }];
  }
  if (!isStated('client_certificates')) return [];
  if ((memberAt(admin, ['tls', 'client_authorities']) ?? null) !== null) return [];
  const message = 'clients are not asked for certificates without tls.client_authorities of this section';
  const hint = 'add `listen` and `tls: { certificate, key, client_authorities }` to `admin`';
  return [{ path: ['admin', 'client_certificates'], message, hint }];
}

/** Reports addresses that are taken, and settings that need an address of their own. */
function addressProblems(value: JsonObject, { listen, tls }: JsonObject): readonly Problem[] {
  if (typeof listen === 'string') {
    const [own, main] = [parseListen(listen), parseListen(String(memberAt(value, ['listen']) ?? ''))];
    if (own === undefined || own.port === 0 || own.port !== main?.port || own.host !== main.host) return [];
    const message = 'this is the address of the gateway';
    return [{ path: ['admin', 'listen'], message, hint: 'use another port, or remove it to serve /admin there' }];
  }
  if ((tls ?? null) === null) return [];
  return [{ path: ['admin', 'tls'], message: 'certificates of its own need `listen` in `admin`' }];
}

/** Keys and principals of the management API have the scheme `admin`. */
function schemeProblems(value: JsonObject): readonly Problem[] {
  return entries(value, ['identity', 'schemes'])
    .filter(({ name }) => name === 'admin')
    .map(({ path }) => ({
      path: [...path, 'id'],
      message: 'the scheme of the management API has this id',
      hint: 'rename this scheme',
    }));
}
