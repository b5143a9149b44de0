import type { Facilities } from '../../capability/facilities.ts';
import type { Config } from '../../config/config.ts';
import { parseListen } from '../../config/listen.ts';
import type { Log } from '../../core/log.ts';
import type { AdminOptions } from '../../http/server.ts';
import type { Authentication } from '../../http/step/authenticate.ts';
import { createApiKeys } from '../../identity/api-key/api-keys.ts';
import { createClientCertificate } from '../../identity/client-certificate.ts';
import { createPrincipal } from '../../identity/principal.ts';
import { type Authenticate, refuseCredentials } from '../../identity/scheme.ts';
import { createStaticToken, isToken } from '../../identity/static-token.ts';
import { checkAdminToken } from '../try-credentials.ts';
import type { OpenManagedHost } from './managed-host.ts';

type AdminConfig = NonNullable<Config['admin']>;

export interface AdminContext extends Pick<Facilities, 'audit'> {
  readonly secrets: Pick<Facilities['secrets'], 'read'>;
  /** Undefined without a management API. */
  readonly host: OpenManagedHost | undefined;
  readonly record: Authentication['record'];
  readonly log: Log;
}

/** The scheme of every caller of the management API. */
const id = 'admin';

/**
 * Opens the management API, if it is configured. Its operations are loaded only then.
 * @throws Fault `keys_unusable`, `admin_token_unusable`
 */
export async function openAdmin(
  { admin, mask }: Pick<Config, 'admin' | 'mask'>,
  context: AdminContext,
): Promise<AdminOptions | undefined> {
  const { host, audit, secrets, record } = context;
  if (admin === undefined || host === undefined) return undefined;
  const { AdminApi } = await import('../../admin/admin-api.ts');
  const token = () => (admin.token === undefined ? undefined : secrets.read(admin.token));
  checkAdminToken(admin, secrets);
  const address = admin.listen === undefined ? undefined : parseListen(admin.listen);
  return {
    api: new AdminApi({ host, audit: change => audit.write(change) }),
    watch: host.watch,
    schemes: schemesOf(admin, token, context.log),
    record,
    isToken: text => isToken(text, token()),
    audit: refusal => audit.write(refusal),
    mask,
    address: address && { ...address, tls: admin.tls },
  };
}

function schemesOf(
  { token: secret, keys_file: file, client_certificates: certificates }: AdminConfig,
  token: () => string | undefined,
  log: Log,
): readonly Authenticate[] {
  return [
    ...(secret === undefined ? [] : [createStaticToken({ id, scopes: ['admin:write'], token })]),
    ...(file === undefined ? [] : [createApiKeys({ id, file, log })]),
    incoming => (incoming.headers.authorization === undefined ? undefined : refuseCredentials(id, 'unknown')),
    ...(certificates === undefined ? [] : [createAllowedCertificates(certificates)]),
  ];
}

/** Creates the scheme of client certificates whose names are listed. */
function createAllowedCertificates({ subject, allow }: NonNullable<AdminConfig['client_certificates']>): Authenticate {
  const authenticate = createClientCertificate({ id, subject });
  const allowed = new Map(
    allow.map(({ name, scopes }) => [name, createPrincipal({ scheme: id, subject: name, scopes })]),
  );
  return async (incoming, binding, request) => {
    const found = await authenticate(incoming, binding, request);
    if (found === undefined) return undefined;
    return allowed.get(found.subject ?? '') ?? refuseCredentials(id, 'unknown', { subject: found.subject });
  };
}
