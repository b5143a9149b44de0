import { fail } from '../core/fault.ts';
import type { QuotaRefusals } from '../core/tenant-label.ts';
import { TokenBucket } from '../core/token-bucket.ts';
import { UsageTable } from '../core/usage-table.ts';
import { type Principal, principalKey } from '../identity/principal.ts';
import type { SessionLimit } from '../mcp/revision/gateway-port.ts';

/** The limits of a tenant, or of each of its callers. One that is absent does not limit. */
export interface QuotaLimits {
  readonly requests_per_minute?: number | undefined;
  readonly concurrent_requests?: number | undefined;
  readonly sessions?: number | undefined;
  /** The milliseconds that plugins may work for it in a minute. */
  readonly hook_ms_per_minute?: number | undefined;
}

export interface TenantSettings {
  /** `*` for every other tenant, and for callers without one, who count as a tenant of their own. */
  readonly id: string;
  /** The ids of the bindings that it may use; all of them if absent. */
  readonly bindings?: readonly string[] | undefined;
  /** Its limits, all its callers together. */
  readonly limits: QuotaLimits;
  /** The limits of each of its callers. */
  readonly caller_limits: QuotaLimits;
}

/** The use of one request. */
export interface QuotaUse {
  /** Must be called once, when the request ends, with the milliseconds that plugins worked for it. */
  leave(hookMs: number): void;
  /** Adds what plugins worked for it after it ended. */
  charge(hookMs: number): void;
}

/**
 * The quotas of tenants and their callers. A tenant at its limit is refused, and no other tenant notices. Without
 * settings for a tenant, nothing of it is counted.
 */
export class Quotas {
  readonly #tenants: ReadonlyMap<string, TenantSettings>;
  readonly #refusals: QuotaRefusals;
  readonly #accounts = new UsageTable<Account>();

  constructor(tenants: readonly TenantSettings[], refusals: QuotaRefusals) {
    this.#tenants = new Map(tenants.map(each => [each.id, each]));
    this.#refusals = refusals;
  }

  /** The number of tenants and callers that are remembered. */
  get accounts(): number {
    return this.#accounts.size;
  }

  /** Counts a request. @throws Fault `quota_exceeded`; `access_denied` if the tenant may not use the binding */
  enter(principal: Principal, binding: string): QuotaUse | undefined {
    const settings = this.#settingsOf(principal);
    if (settings === undefined) return undefined;
    const { bindings } = settings;
    if (bindings !== undefined && !bindings.includes(binding)) {
      fail('access_denied', { binding, hint: 'the tenant of the caller may not use this binding' });
    }
    const tenant = this.#account(principal, settings, 'limits');
    const caller = this.#account(principal, settings, 'caller_limits');
    tenant.check();
    caller.check();
    tenant.take();
    caller.take();
    return {
      leave(hookMs) {
        tenant.leave(hookMs);
        caller.leave(hookMs);
      },
      charge(hookMs) {
        tenant.charge(hookMs);
        caller.charge(hookMs);
      },
    };
  }

  /** Returns the limits of the sessions of a caller. */
  sessionLimits(principal: Principal): readonly SessionLimit[] {
    const settings = this.#settingsOf(principal);
    if (settings === undefined) return [];
    const { tenant } = principal;
    const { id, limits, caller_limits: callerLimits } = settings;
    const all = [
      { owner: tenantOwner(principal), most: limits.sessions, limit: 'limits.sessions' },
      { owner: callerOwner(principal), most: callerLimits.sessions, limit: 'caller_limits.sessions' },
    ];
    return all.flatMap(({ owner, most, limit }) =>
      most === undefined
        ? []
        : [{ owner, most, setting: `tenants.${id}.${limit}`, refused: () => this.#refusals.count(tenant, limit) }],
    );
  }

  #settingsOf({ tenant }: Principal): TenantSettings | undefined {
    return (tenant === undefined ? undefined : this.#tenants.get(tenant)) ?? this.#tenants.get('*');
  }

  #account(principal: Principal, settings: TenantSettings, kind: 'limits' | 'caller_limits'): Account {
    const owner = kind === 'limits' ? tenantOwner(principal) : callerOwner(principal);
    const known = this.#accounts.get(owner);
    if (known !== undefined) return known;
    const { tenant } = principal;
    const { id } = settings;
    const account = new Account(settings[kind], limit => {
      this.#refusals.count(tenant, `${kind}.${limit}`);
      return `tenants.${id}.${kind}.${limit}`;
    });
    return this.#accounts.add(owner, account);
  }
}

const tenantOwner = ({ tenant }: Principal) => (tenant === undefined ? 'no tenant' : `tenant ${tenant}`);
const callerOwner = (principal: Principal) => `caller ${principalKey(principal)}`;

/** The seconds after which to try again when the number of concurrent requests is reached, in milliseconds. */
const busyMs = 1_000;

/** What one tenant or caller has used. */
class Account {
  readonly #requests: TokenBucket | undefined;
  readonly #hookMs: TokenBucket | undefined;
  readonly #most: number;
  readonly #refused: (limit: string) => string;
  #running = 0;

  /** @param refused counts a refusal, and returns the name of the setting */
  constructor(limits: QuotaLimits, refused: (limit: string) => string) {
    const { requests_per_minute: requests, concurrent_requests: most, hook_ms_per_minute: hookMs } = limits;
    this.#requests = requests === undefined ? undefined : new TokenBucket(requests);
    this.#hookMs = hookMs === undefined ? undefined : new TokenBucket(hookMs);
    this.#most = most ?? Number.POSITIVE_INFINITY;
    this.#refused = refused;
  }

  get isUnused(): boolean {
    return this.#running === 0 && (this.#requests?.isUnused ?? true) && (this.#hookMs?.isUnused ?? true);
  }

  /** @throws Fault `quota_exceeded` if one more request is too much */
  check(): void {
    if (this.#running >= this.#most) this.#refuse('concurrent_requests', busyMs);
    const wait = this.#requests?.waitMs ?? 0;
    if (wait > 0) this.#refuse('requests_per_minute', wait);
    const work = this.#hookMs?.waitMs ?? 0;
    if (work > 0) this.#refuse('hook_ms_per_minute', work);
  }

  take(): void {
    this.#requests?.take();
    this.#running += 1;
  }

  leave(hookMs: number): void {
    this.#running -= 1;
    this.charge(hookMs);
  }

  charge(hookMs: number): void {
    this.#hookMs?.charge(hookMs);
  }

  #refuse(limit: string, wait: number): never {
    const setting = this.#refused(limit);
    fail('quota_exceeded', { setting, retry_after_ms: Math.ceil(wait) });
  }
}
