import { fail } from '../../core/fault.ts';
import type { Principal } from '../../identity/principal.ts';
import type { StaticEntry } from './auth-entry.ts';
import { type CallerAuth, Credential, type UpstreamAuth } from './credential.ts';
import type { TokenContext } from './token-endpoint.ts';

/**
 * A secret of the operator. Where tenants have values of their own, callers of different tenants share no connection,
 * because a session belongs to the credentials with which it began.
 */
export class StaticAuth implements UpstreamAuth {
  readonly isPerCaller: boolean;
  readonly place: string;
  readonly keyOf = ({ tenant }: Principal): string => JSON.stringify([tenant ?? null]);
  readonly #entry: StaticEntry;
  readonly #env: string | undefined;
  readonly #context: Omit<TokenContext, 'timeoutMs'>;

  constructor(entry: StaticEntry, env: string | undefined, context: Omit<TokenContext, 'timeoutMs'>) {
    this.isPerCaller = context.isPerTenant?.(entry.secret) ?? false;
    this.place = env ?? entry.header.toLowerCase();
    this.#entry = entry;
    this.#env = env;
    this.#context = context;
  }

  /** Checks the value of all callers. Those of tenants were read at the start. */
  async check(): Promise<void> {
    if (!this.isPerCaller) this.#of(undefined).current();
  }

  for({ tenant }: Pick<Principal, 'tenant'>): CallerAuth {
    return this.#of(tenant);
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #of(tenant: string | undefined): StaticSecret {
    const { upstream, secret } = this.#context;
    const read = () => secret(this.#entry.secret, tenant);
    return new StaticSecret({ upstream, read, entry: this.#entry, env: this.#env, place: this.place });
  }
}

interface StaticSecretOptions {
  readonly upstream: string;
  readonly entry: StaticEntry;
  readonly env: string | undefined;
  readonly place: string;
  read(): string | undefined;
}

/** The value for the callers of one tenant. It is read again for each request, because its file may change. */
class StaticSecret implements CallerAuth {
  readonly isPerCaller = false;
  readonly place: string;
  readonly #options: StaticSecretOptions;
  #held: Credential | undefined;

  constructor(options: StaticSecretOptions) {
    this.place = options.place;
    this.#options = options;
  }

  written({ value }: Credential): string {
    const { entry, env } = this.#options;
    return env === undefined && entry.scheme !== undefined ? `${entry.scheme} ${value}` : value;
  }

  current(): Credential {
    const { upstream, entry, read } = this.#options;
    const value = read();
    if (value === undefined) {
      return fail('upstream_auth_failed', {
        upstream,
        hint: `the secret ${entry.secret} has no value for this caller now`,
      });
    }
    if (this.#held?.value !== value) this.#held = new Credential(value);
    return this.#held;
  }

  use(): void {}

  async renew(rejected: Credential): Promise<Credential | undefined> {
    const now = this.current();
    return now.value === rejected.value ? undefined : now;
  }
}
