import { existsSync } from 'node:fs';
import { openSecrets } from '../capability/secret-store/secrets.ts';
import type { Config } from '../config/config.ts';
import { fail, toFault } from '../core/fault.ts';
import { silentLog } from '../core/log.ts';
import { type AccountGrant, AccountStore, type ListedAccount } from '../state/account/account-store.ts';
import { createMemoryKv } from '../state/memory/kv.ts';
import { registrationOf, TokenEndpoint } from '../upstream/auth/token-endpoint.ts';
import { keyRing, openStore } from './open-accounts.ts';

/** An account that a user has connected, without its tokens. */
export interface AccountReport {
  readonly upstream: string;
  readonly scheme: string;
  readonly subject: string;
  readonly tenant?: string;
  readonly scopes: readonly string[];
  /** When it was connected; absent if it cannot be decrypted. */
  readonly connected?: string;
  /** `unreadable` without its key; `unused` if `auth` of the upstream no longer names its authorization server. */
  readonly state: 'connected' | 'unreadable' | 'unused';
}

/** Whose accounts, at one upstream. */
export interface AccountChoice {
  readonly upstream: string;
  readonly subject: string;
  readonly tenant?: string | undefined;
  readonly scheme?: string | undefined;
}

export interface RemovedAccount extends AccountReport {
  /** Whether its authorization server has revoked it. If not, `why` says so. */
  readonly revoked: boolean;
  readonly why?: string;
}

/** Milliseconds that an authorization server may take to revoke a token. */
const revokeMs = 10_000;

/** Lists the accounts that users have connected. @throws Fault `usage`; as openStore does */
export const listAccounts = (config: Config): Promise<readonly AccountReport[]> =>
  inStore(config, async ({ accounts }) => (await accounts.list()).map(each => reportOf(each, config)));

/**
 * Removes the accounts of a user at an upstream, and revokes them at their authorization server (RFC 7009). An account is
 * removed also if its server cannot be asked.
 * @throws Fault `usage` if there are none; as openStore does
 */
export const removeAccounts = (config: Config, choice: AccountChoice): Promise<readonly RemovedAccount[]> =>
  inStore(config, async ({ accounts, secret }) => {
    const chosen = (await accounts.list()).filter(each => isChosen(reportOf(each, config), choice));
    if (chosen.length === 0) {
      fail('usage', { ...choice, hint: 'there is no such account: see `sallyport account list`' });
    }
    return Promise.all(
      chosen.map(async account => {
        await accounts.remove(account);
        return { ...reportOf(account, config), ...(await revoke(account, config, secret)) };
      }),
    );
  });

interface OpenStore {
  readonly accounts: AccountStore;
  readonly secret: (name: string) => string | undefined;
}

async function inStore<T>(config: Config, work: (store: OpenStore) => Promise<readonly T[]>): Promise<readonly T[]> {
  const { accounts, secrets: places, mask } = config;
  if (accounts === undefined) return fail('usage', { hint: 'the configuration has no `accounts`' });
  const secrets = openSecrets(places, mask);
  const { read: secret } = secrets;
  // Looking must not create the file.
  if (!existsSync(accounts.path)) {
    return work({ accounts: new AccountStore(createMemoryKv(), keyRing(accounts, secrets)), secret });
  }
  const store = await openStore(accounts, secrets, silentLog());
  await using _values = store.values;
  return await work({ accounts: store.accounts, secret });
}

const isChosen = (report: AccountReport, { upstream, subject, tenant, scheme }: AccountChoice): boolean =>
  report.upstream === upstream &&
  report.subject === subject &&
  (tenant === undefined || report.tenant === tenant) &&
  (scheme === undefined || report.scheme === scheme);

function reportOf({ upstream, principal, grant }: ListedAccount, config: Config): AccountReport {
  const [scheme = '', tenant, subject = ''] = JSON.parse(principal) as readonly (string | null)[];
  const about = { upstream, scheme: scheme ?? '', subject: subject ?? '', ...(tenant != null && { tenant }) };
  if (grant === undefined) return { ...about, scopes: [], state: 'unreadable' };
  const isUsed = grant.server === registrationAt(config, upstream);
  const connected = new Date(grant.connectedAt).toISOString();
  return { ...about, scopes: grant.scopes, connected, state: isUsed ? 'connected' : 'unused' };
}

const entryOf = ({ upstreams }: Config, id: string) => upstreams.find(each => each.id === id)?.auth?.authorization_code;

function registrationAt(config: Config, upstream: string): string | undefined {
  const entry = entryOf(config, upstream);
  return entry && registrationOf(entry);
}

/** Revokes what replaces access tokens, or else the access token. */
async function revoke(
  { upstream, grant }: ListedAccount,
  config: Config,
  secret: OpenStore['secret'],
): Promise<Pick<RemovedAccount, 'revoked' | 'why'>> {
  const entry = entryOf(config, upstream);
  if (grant === undefined) return { revoked: false, why: 'its token cannot be decrypted' };
  if (entry === undefined || grant.server !== registrationOf(entry)) {
    return { revoked: false, why: '`auth` of the upstream names another authorization server' };
  }
  await using endpoint = new TokenEndpoint(entry, { upstream, secret, timeoutMs: revokeMs });
  try {
    const revoked = await endpoint.revoke(tokenOf(grant));
    return revoked ? { revoked } : { revoked, why: 'its authorization server has no endpoint for that' };
  } catch (error) {
    return { revoked: false, why: toFault(error).hint };
  }
}

const tokenOf = ({ refreshToken, accessToken }: AccountGrant): string => refreshToken ?? accessToken;
