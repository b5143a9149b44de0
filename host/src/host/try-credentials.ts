import type { Facilities } from '../capability/facilities.ts';
import type { Config } from '../config/config.ts';
import { Fault, Faults, toFaults } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import { TlsCertificates } from '../http/tls.ts';
import { readKeyFile } from '../identity/api-key/key-file.ts';
import { isUsableToken } from '../identity/static-token.ts';
import { tryAccounts } from './open-accounts.ts';

type Secrets = Pick<Facilities['secrets'], 'read'>;

/**
 * Reads what callers and the gateway prove themselves with, as a start does: files of API keys, the token of the management
 * API, certificates, and the keys and the store of accounts.
 * @throws Faults: every problem
 */
export function tryCredentials(
  { identity, admin, tls, accounts }: Pick<Config, 'identity' | 'admin' | 'tls' | 'accounts'>,
  secrets: Secrets,
  log: Log,
): void {
  const schemes = identity === undefined || identity === 'none' ? [] : identity.schemes;
  const keyFiles = new Set([...schemes.map(({ api_keys: keys }) => keys?.file), admin?.keys_file]);
  const attempts: readonly (() => void)[] = [
    () => tryAccounts({ accounts }, secrets),
    ...[...keyFiles].map(file => () => void (file !== undefined && readKeyFile(file))),
    () => checkAdminToken(admin, secrets),
    ...[tls, admin?.tls].map(files => () => void (files !== undefined && new TlsCertificates(files, log).read())),
  ];
  const faults = attempts.flatMap(attempt => {
    try {
      attempt();
      return [];
    } catch (error) {
      return toFaults(error);
    }
  });
  if (faults.length > 0) throw new Faults(faults);
}

/** @throws Fault `admin_token_unusable` if the token of the management API could be guessed */
export function checkAdminToken(admin: Config['admin'], secrets: Secrets): void {
  const secret = admin?.token;
  if (secret !== undefined && !isUsableToken(secrets.read(secret) ?? '')) {
    throw new Fault('admin_token_unusable', { secret });
  }
}
