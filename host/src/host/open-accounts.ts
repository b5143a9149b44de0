import type { Facilities } from '../capability/facilities.ts';
import { tryAt } from '../capability/try-at.ts';
import type { Config } from '../config/config.ts';
import { ConnectFlows } from '../connect/connect-flows.ts';
import { ConnectRecord } from '../connect/connect-record.ts';
import { PendingLinks } from '../connect/pending-links.ts';
import { SignIn } from '../connect/sign-in.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import { Fault, Faults, toFaults } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import type { ConnectEndpointOptions } from '../http/connect/connect-endpoint.ts';
import { AccountStore } from '../state/account/account-store.ts';
import { KeyRing, keyIn } from '../state/account/key-ring.ts';
import type { KvStore } from '../state/kv.ts';
import { openSqliteKv } from '../state/sqlite/kv.ts';
import { openDatabase } from '../state/sqlite/thread/open-database.ts';
import type { Accounts } from '../upstream/auth/account-connection.ts';
import type { Identity } from './open-oauth.ts';
import type { HeldPart, PartPool } from './reload/part-pool.ts';

type AccountsConfig = NonNullable<Config['accounts']>;

export interface AccountsContext extends Pick<Facilities, 'metrics' | 'audit' | 'secrets'> {
  readonly log: Log;
}

export interface OpenAccounts extends AsyncDisposable {
  /** Everything that they were opened with, as text. */
  readonly key: string;
  readonly accounts: Accounts;
  readonly connect: ConnectEndpointOptions;
}

/** Milliseconds that a provider may take for one answer, when a user signs in. */
const signInMs = 10_000;

/**
 * Opens what users need to connect accounts, and the store of these, unless they are open with the same settings;
 * undefined if users cannot connect accounts.
 * @throws Faults of `accounts_unusable`
 */
export async function holdAccounts(
  { accounts, identity }: Pick<Config, 'accounts' | 'identity'>,
  context: AccountsContext,
  pool: PartPool<OpenAccounts>,
): Promise<HeldPart<OpenAccounts> | undefined> {
  if (accounts === undefined || typeof identity !== 'object' || identity.public_url === undefined) return undefined;
  const { public_url: publicUrl, schemes } = identity;
  const names = [...accounts.encryption_keys, ...accounts.sign_in.flatMap(each => each.client_secret ?? [])];
  const secrets = context.secrets.fingerprint(names);
  const signIns = schemes.filter(({ id }) => accounts.sign_in.some(({ scheme }) => scheme === id));
  const key = canonicalJson({ accounts, publicUrl, signIns, secrets });
  return pool.hold(key, () => openAccounts({ key, accounts, publicUrl, schemes }, context));
}

interface AccountSettings {
  readonly key: string;
  readonly accounts: AccountsConfig;
  /** The URL that browsers use. */
  readonly publicUrl: string;
  readonly schemes: Identity['schemes'];
}

async function openAccounts(
  { key, accounts, schemes, ...urls }: AccountSettings,
  { metrics, audit, secrets, log }: AccountsContext,
): Promise<OpenAccounts> {
  await using opening = new AsyncDisposableStack();
  const store = await openStore(accounts, secrets, log);
  opening.use(store.values);
  const publicUrl = urls.publicUrl.replace(/\/$/, '');
  const signIns = new Map(
    accounts.sign_in.flatMap(({ scheme, client_secret: secret, claims, ...client }) => {
      const oauth = schemes.find(({ id }) => id === scheme)?.oauth;
      if (oauth === undefined) return [];
      const places = { ...oauth.claims, ...stated(claims) };
      const read = () => (secret === undefined ? undefined : secrets.read(secret));
      const options = { ...client, scheme, issuer: oauth.issuer, claims: places, secret: read, timeoutMs: signInMs };
      return [[scheme, opening.use(new SignIn(options))] as const];
    }),
  );
  const lifetimeMs = accounts.link_minutes * 60_000;
  const links = opening.use(new PendingLinks({ publicUrl, lifetimeMs, schemes: new Set(signIns.keys()) }));
  const record = new ConnectRecord(metrics, event => audit.write(event));
  const flows = new ConnectFlows({ publicUrl, links, signIns, record });
  const opened = opening.move();
  return {
    key,
    accounts: {
      store: store.accounts,
      offer: (upstream, connection) => flows.offer(upstream, connection),
      link: (upstream, caller) => links.request(upstream, caller),
    },
    connect: { flows, publicUrl },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/**
 * Opens the store of accounts.
 * @throws Faults of `accounts_unusable`
 */
export async function openStore(
  accounts: AccountsConfig,
  secrets: Pick<Facilities['secrets'], 'read'>,
  log: Log,
): Promise<{ readonly accounts: AccountStore; readonly values: KvStore }> {
  const keys = keyRing(accounts, secrets);
  const failed = (fault: Fault) =>
    log.error({ ...fault.details }, 'accounts cannot be used: their store is opened again');
  const values = openSqliteKv(accounts.path, { failed });
  try {
    await values.opened;
  } catch (error) {
    await values[Symbol.asyncDispose]();
    throw new Faults(toFaults(error).map(fileFault));
  }
  return { accounts: new AccountStore(values, keys), values };
}

/**
 * Tries whether the accounts could be kept, and leaves nothing behind.
 * @throws Faults of `accounts_unusable`
 */
export function tryAccounts(
  { accounts }: Pick<Config, 'accounts'>,
  secrets: Pick<Facilities['secrets'], 'read'>,
): void {
  if (accounts === undefined) return;
  keyRing(accounts, secrets);
  try {
    tryAt(accounts.path, { makesFolders: true }, path => openDatabase(path).close());
  } catch (error) {
    throw new Faults(toFaults(error).map(fileFault));
  }
}

/** Returns the keys of the configuration. @throws Faults of `accounts_unusable` */
export function keyRing(
  { encryption_keys: names }: AccountsConfig,
  secrets: Pick<Facilities['secrets'], 'read'>,
): KeyRing {
  const keys = names.map(name => ({ name, key: keyIn(secrets.read(name) ?? '') }));
  const unusable = keys.filter(({ key }) => key === undefined);
  if (unusable.length > 0) {
    const hint = 'it does not contain 32 bytes in base64 or hexadecimal; make one with `openssl rand -base64 32`';
    throw new Faults(unusable.map(({ name: secret }) => new Fault('accounts_unusable', { secret, hint })));
  }
  return new KeyRing(keys.flatMap(({ key }) => key ?? []));
}

const fileFault = ({ details: { file, reason } }: Fault): Fault =>
  new Fault('accounts_unusable', {
    ...(file !== undefined && { file }),
    reason,
    hint: 'set `accounts.path` to a file that the gateway can write',
  });

const stated = <T extends object>(values: T) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
