import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { Fault, fail, toFault } from '../../core/fault.ts';
import type { JsonObject } from '../../core/json.ts';

export interface KeySetOptions {
  /** Fetches the JWK Set. @throws Fault `identity_unavailable` */
  fetch(): Promise<JsonObject | undefined>;
  /** Milliseconds, never going back. */
  readonly now: () => number;
}

const minute = 60_000;
/** Keys are fetched again in the background when they are this old, and are not used any more when they are that old. */
const age = { fresh: 10 * minute, most: 60 * minute };
/** The least time between two fetches, because anyone can send a token with an unknown key id. */
const cooldownMs = 10_000;
const mostKeys = 100;

interface Fetched {
  readonly find: JWTVerifyGetKey;
  readonly at: number;
}

/**
 * The public keys of an issuer (RFC 7517), fetched at first use. An unknown key id causes one more fetch, because the
 * issuer may have a new key. While the issuer cannot be reached, the keys stay valid for a limited time.
 */
export class KeySet {
  readonly #options: KeySetOptions;
  #keys: Fetched | undefined;
  #fetching: Promise<Fetched> | undefined;
  #lastFetch = Number.NEGATIVE_INFINITY;
  #failure: Fault | undefined;

  constructor(options: KeySetOptions) {
    this.#options = options;
  }

  /** Finds the key of a token. @throws Fault `identity_unavailable`; errors of jose if there is no such key */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    const keys = await this.#current();
    try {
      return await keys.find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      const newer = await this.#refresh();
      if (newer === keys) throw error;
      return newer.find(header, token);
    }
  };

  #current(): Promise<Fetched> | Fetched {
    const keys = this.#keys;
    const keysAge = keys === undefined ? age.most : this.#options.now() - keys.at;
    if (keys === undefined || keysAge >= age.most) return this.#refresh();
    if (keysAge >= age.fresh) this.#refresh().catch(() => {});
    return keys;
  }

  /** Fetches the keys, or returns what the last fetch returned if it was a moment ago. */
  #refresh(): Promise<Fetched> {
    if (this.#fetching !== undefined) return this.#fetching;
    const wait = this.#lastFetch + cooldownMs - this.#options.now();
    if (wait > 0) return this.#latest(wait);
    this.#lastFetch = this.#options.now();
    this.#fetching = this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #latest(retry_after_ms: number): Promise<Fetched> {
    if (this.#failure !== undefined) throw this.#failure.with({ retry_after_ms });
    return this.#keys ?? fail('identity_unavailable', { retry_after_ms });
  }

  async #fetch(): Promise<Fetched> {
    try {
      const keys = { find: createFind(await this.#options.fetch()), at: this.#options.now() };
      this.#keys = keys;
      this.#failure = undefined;
      return keys;
    } catch (error) {
      this.#failure = toFault(error).with({ retry_after_ms: cooldownMs });
      throw this.#failure;
    }
  }
}

/** @throws Fault `identity_unavailable` */
function createFind(document: JsonObject | undefined): JWTVerifyGetKey {
  const keys = document?.keys;
  if (!Array.isArray(keys) || keys.length > mostKeys) {
    fail('identity_unavailable', { what: `its keys are not a JWK Set of at most ${mostKeys} keys` });
  }
  try {
    return createLocalJWKSet({ keys });
  } catch (error) {
    throw new Fault('identity_unavailable', { what: 'its keys are not a JWK Set' }, error);
  }
}
