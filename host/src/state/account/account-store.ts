import { isJsonObject, type JsonObject } from '../../core/json.ts';
import type { KvSpace, KvStore, KvWrite } from '../kv.ts';
import type { KeyRing } from './key-ring.ts';

/** What a user has granted the gateway at the authorization server of an upstream. */
export interface AccountGrant {
  readonly accessToken: string;
  readonly refreshToken?: string | undefined;
  /** Where the access token counts, in milliseconds since the epoch: until when, and when a new one should be requested. */
  readonly expiresAt?: number | undefined;
  readonly staleAt?: number | undefined;
  /** The scopes that the server has stated. */
  readonly scopes: readonly string[];
  /** The authorization server and the gateway's registration with it. Its tokens are sent nowhere else. */
  readonly server: string;
  /** When the user connected the account, in milliseconds since the epoch. */
  readonly connectedAt: number;
}

/** Whose account, at which upstream. */
export interface AccountOwner {
  readonly upstream: string;
  /** By `principalKey`. */
  readonly principal: string;
}

/** A grant as it is stored. */
export interface StoredGrant {
  readonly grant: AccountGrant;
  /** What the store has. A change counts only if it still has that. */
  readonly sealed: Uint8Array;
}

/** An account in a list. The grant is absent if it cannot be decrypted. */
export interface ListedAccount extends AccountOwner {
  readonly grant?: AccountGrant | undefined;
}

const space: KvSpace = { plugin: 'accounts', tenant: undefined };
const write: KvWrite = { quota: { keys: 1_000_000, bytes: 2 ** 30 } };
const pageLength = 1_000;

/** The accounts that users have connected, encrypted in a store of values. */
export class AccountStore {
  readonly #store: KvStore;
  readonly #keys: KeyRing;

  constructor(store: KvStore, keys: KeyRing) {
    this.#store = store;
    this.#keys = keys;
  }

  /**
   * Returns the grant of an account; undefined if it is not connected, or was encrypted with an unknown key. One that was
   * encrypted with an earlier key is encrypted with the current one.
   */
  async find(owner: AccountOwner): Promise<StoredGrant | undefined> {
    const key = keyOf(owner);
    const sealed = await this.#store.get(space, key);
    const opened = sealed && this.#keys.open(sealed, key);
    if (sealed === undefined || opened === undefined) return undefined;
    const grant = grantIn(opened.text);
    if (grant === undefined || opened.isCurrent) return grant && { grant, sealed };
    return (await this.replace(owner, { grant, sealed }, grant)) ?? { grant, sealed };
  }

  /** Stores the grant of an account instead of an earlier one. */
  async save(owner: AccountOwner, grant: AccountGrant): Promise<StoredGrant> {
    const key = keyOf(owner);
    const sealed = this.#keys.seal(JSON.stringify(grant), key);
    await this.#store.set(space, key, sealed, write);
    return { grant, sealed };
  }

  /** Replaces a grant, if the store still has it. Otherwise it returns undefined, and nothing changes. */
  async replace(owner: AccountOwner, earlier: StoredGrant, grant: AccountGrant): Promise<StoredGrant | undefined> {
    const key = keyOf(owner);
    const sealed = this.#keys.seal(JSON.stringify(grant), key);
    return (await this.#store.compareAndSet(space, key, earlier.sealed, sealed, write)) ? { grant, sealed } : undefined;
  }

  /** Forgets a grant, if the store still has it. */
  async forget(owner: AccountOwner, { sealed }: Pick<StoredGrant, 'sealed'>): Promise<void> {
    // It is replaced by nothing that expires at once, because a store compares only where it sets.
    await this.#store.compareAndSet(space, keyOf(owner), sealed, new Uint8Array(), { ...write, ttlMs: 0 });
  }

  /** Forgets an account, whether or not it can be decrypted. Returns whether there was one. */
  remove(owner: AccountOwner): Promise<boolean> {
    return this.#store.delete(space, keyOf(owner));
  }

  /** Lists all accounts. */
  async list(): Promise<readonly ListedAccount[]> {
    const found: ListedAccount[] = [];
    for (let after: string | undefined; ; ) {
      const keys = await this.#store.list(space, '', after, pageLength);
      for (const key of keys) {
        const owner = ownerIn(key);
        const sealed = owner && (await this.#store.get(space, key));
        if (owner === undefined || sealed === undefined) continue;
        const opened = this.#keys.open(sealed, key);
        found.push({ ...owner, grant: opened && grantIn(opened.text) });
      }
      after = keys.at(-1);
      if (keys.length < pageLength) return found;
    }
  }
}

const keyOf = ({ upstream, principal }: AccountOwner): string => JSON.stringify([upstream, principal]);

function ownerIn(key: string): AccountOwner | undefined {
  const parts: unknown = JSON.parse(key);
  if (!Array.isArray(parts)) return undefined;
  const [upstream, principal] = parts;
  return typeof upstream === 'string' && typeof principal === 'string' ? { upstream, principal } : undefined;
}

/** Reads what this gateway, or an earlier version of it, has written. */
function grantIn(text: string): AccountGrant | undefined {
  const value = JSON.parse(text) as JsonObject;
  const isGrant = isJsonObject(value) && typeof value.accessToken === 'string' && Array.isArray(value.scopes);
  return isGrant ? (value as unknown as AccountGrant) : undefined;
}
