import type { MaybePromise } from '../../core/maybe-promise.ts';
import { formsOf } from '../../core/secret-mask.ts';
import type { Principal } from '../../identity/principal.ts';

/** A secret that the gateway sends to an upstream, with its times in milliseconds since the epoch. */
export class Credential {
  /** The secret itself, without a scheme. */
  readonly value: string;
  /** When a new one should be requested. */
  readonly staleAt: number;
  /** When it can no longer be used. */
  readonly expiresAt: number;
  #forms: readonly string[] | undefined;

  constructor(
    value: string,
    times: { readonly staleAt?: number | undefined; readonly expiresAt?: number | undefined } = {},
  ) {
    this.value = value;
    this.staleAt = times.staleAt ?? Number.POSITIVE_INFINITY;
    this.expiresAt = times.expiresAt ?? Number.POSITIVE_INFINITY;
  }

  /** Returns whether a text contains it, in a form in which secrets are commonly written. */
  isIn(text: string): boolean {
    this.#forms ??= formsOf(this.value);
    return this.#forms.some(form => text.includes(form));
  }
}

/** The credentials of connections: those of one caller, or of the gateway where all callers use the same. */
export interface Credentials {
  /**
   * Returns the credential for a request. Without a caller it is that of the latest caller.
   * @throws Fault `upstream_auth_…`
   */
  current(caller?: Principal): MaybePromise<Credential>;
  /** Makes this the latest caller. */
  use(caller: Principal): void;
  /**
   * Returns another credential than the one that the upstream rejected; undefined if it has no other.
   * @throws Fault `upstream_auth_…`
   */
  renew(rejected: Credential, caller?: Principal): Promise<Credential | undefined>;
}

/** The credentials of one connection, and where they are sent. */
export interface CallerAuth extends Credentials {
  /** Whether each caller has credentials of their own, so that no two callers may share the connection. */
  readonly isPerCaller: boolean;
  /** The header that carries the credential, in lower case; over stdio the environment variable. */
  readonly place: string;
  /** Whether the caller may have to connect an account first. */
  readonly awaitsAccount?: boolean;
  /** Returns the value of that header or variable. */
  written(credential: Credential): string;
}

/** How an upstream gets its credentials, from `auth`. */
export interface UpstreamAuth extends AsyncDisposable {
  /** Whether callers have different credentials. */
  readonly isPerCaller: boolean;
  /** The header that carries the credential, in lower case; over stdio the environment variable. */
  readonly place: string;
  /** Checks what can be checked without a caller. @throws Fault `upstream_auth_…` */
  check(): Promise<void>;
  /** Returns a text that is equal for callers who share connections; absent where no two callers do. */
  readonly keyOf?: ((caller: Principal) => string) | undefined;
  /** Returns the credentials of one caller's connections. */
  for(caller: Principal): CallerAuth;
}
