import type { MaybePromise } from '../../core/maybe-promise.ts';
import type { Credential } from './credential.ts';

/** Requests a new token. */
export type RequestToken = () => Promise<Credential>;

/** Milliseconds for which a failure answers further requests. */
const failedMs = 2_000;
/** Milliseconds between two tokens that are requested because the upstream rejected the one before. */
const renewedMs = 1_000;

interface Entry {
  held?: Credential;
  pending?: Promise<Credential>;
  failure?: { readonly until: number; readonly reason: unknown };
  renewedAt?: number;
}

/**
 * The tokens for one upstream, by a key. Concurrent requests for one key share one token request, which no single caller
 * can cancel. A token is replaced before it expires, and used until then if it cannot be. The least recently used
 * tokens beyond `most` are dropped.
 */
export class TokenCache {
  readonly #most: number;
  readonly #entries = new Map<string, Entry>();

  constructor(most = 10_000) {
    this.#most = most;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Returns the token of `key`, or requests one. */
  get(key: string, request: RequestToken): MaybePromise<Credential> {
    const entry = this.#entry(key);
    const { held } = entry;
    const now = Date.now();
    if (held !== undefined && now < held.staleAt) return held;
    const usable = held !== undefined && now < held.expiresAt ? held : undefined;
    if (entry.failure !== undefined && now < entry.failure.until) {
      return usable ?? Promise.reject(entry.failure.reason);
    }
    const pending = this.#request(entry, request);
    return usable === undefined ? pending : pending.catch(() => usable);
  }

  /** Returns another token than the rejected one; undefined if one was requested just now for the same reason. */
  async renew(key: string, rejected: Credential, request: RequestToken): Promise<Credential | undefined> {
    const entry = this.#entry(key);
    if (entry.pending !== undefined) return entry.pending;
    const now = Date.now();
    const { held } = entry;
    if (held !== undefined && held !== rejected && now < held.staleAt) return held;
    if (now < (entry.renewedAt ?? 0) + renewedMs) return undefined;
    entry.renewedAt = now;
    delete entry.held;
    return this.#request(entry, request);
  }

  #request(entry: Entry, request: RequestToken): Promise<Credential> {
    entry.pending ??= request().then(
      credential => {
        entry.held = credential;
        delete entry.failure;
        delete entry.pending;
        return credential;
      },
      reason => {
        entry.failure = { until: Date.now() + failedMs, reason };
        delete entry.pending;
        throw reason;
      },
    );
    return entry.pending;
  }

  /** Returns the entry as the most recently used one. */
  #entry(key: string): Entry {
    const entry = this.#entries.get(key) ?? {};
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > this.#most) {
      for (const [oldest, { pending }] of this.#entries) {
        if (pending !== undefined) continue;
        this.#entries.delete(oldest);
        break;
      }
    }
    return entry;
  }
}
