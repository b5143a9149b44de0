import { fail } from '../core/fault.ts';
import type { QuotaRefusals, TenantLabel } from '../core/tenant-label.ts';
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
  #tenants: ReadonlyMap<string, TenantSettings>;
  readonly #refusals: QuotaRefusals;
  readonly #accounts = new UsageTable<Account>();

  constructor(tenants: readonly TenantSettings[], refusals: QuotaRefusals) {
    this.#tenants = new Map(tenants.map(each => [each.id, each]));
    this.#refusals = refusals;
  }

  /** Changes the settings of tenants. What tenants and callers have used stays used. */
  changeTo(tenants: readonly TenantSettings[], labelOf: TenantLabel): void {
    this.#tenants = new Map(tenants.map(each => [each.id, each]));
    this.#refusals.relabel(labelOf);
    for (const [, account] of this.#accounts) {
      const settings = this.#settingsOf(account);
      if (settings !== undefined) account.changeTo(settings);
    }
  }

  /** The number of tenants and callers that are remembered. */
  get accounts(): number {
    return this.#accounts.size;
  }

  /** Counts a request. @throws Fault `quota_exceeded`; `access_denied` if the tenant may not use the binding */
  enter(principal: Principal, binding: string): QuotaUse | undefined {
    const settings = this.#settingsOf(principal);
    if (settings === undefined) return undefined;
    if (!isOffered(settings, binding)) {
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

  /** Whether the tenant of a caller may use a binding. */
  admits(principal: Principal, binding: string): boolean {
    const settings = this.#settingsOf(principal);
    return settings === undefined || isOffered(settings, binding);
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

  #settingsOf({ tenant }: { readonly tenant?: string | undefined }): TenantSettings | undefined {
    return (tenant === undefined ? undefined : this.#tenants.get(tenant)) ?? this.#tenants.get('*');
  }

  #account(principal: Principal, settings: TenantSettings, kind: 'limits' | 'caller_limits'): Account {
    const owner = kind === 'limits' ? tenantOwner(principal) : callerOwner(principal);
    const known = this.#accounts.get(owner);
    if (known !== undefined) return known;
    const { tenant } = principal;
    const account = new Account({ tenant, kind }, settings, limit => this.#refusals.count(tenant, `${kind}.${limit}`));
    return this.#accounts.add(owner, account);
  }
}

/** Whether a tenant may use a binding. */
export const isOffered = ({ bindings }: TenantSettings, binding: string): boolean =>
  bindings === undefined || bindings.includes(binding);

const tenantOwner = ({ tenant }: Principal) => (tenant === undefined ? 'no tenant' : `tenant ${tenant}`);
const callerOwner = (principal: Principal) => `caller ${principalKey(principal)}`;

/** The seconds after which to try again when the number of concurrent requests is reached, in milliseconds. */
const busyMs = 1_000;

interface AccountOwner {
  /** The tenant, or that of the caller. */
  readonly tenant: string | undefined;
  /** Whether it is the account of a tenant or of a caller, as the name of its limits. */
  readonly kind: 'limits' | 'caller_limits';
}

/** What one tenant or caller has used. */
class Account implements AccountOwner {
  readonly tenant: string | undefined;
  readonly kind: AccountOwner['kind'];
  readonly #countRefusal: (limit: string) => void;
  #settings: TenantSettings;
  #requests: TokenBucket | undefined;
  #hookMs: TokenBucket | undefined;
  #most = Number.POSITIVE_INFINITY;
  #running = 0;

  constructor({ tenant, kind }: AccountOwner, settings: TenantSettings, countRefusal: (limit: string) => void) {
    this.tenant = tenant;
    this.kind = kind;
    this.#countRefusal = countRefusal;
    this.#settings = settings;
    this.changeTo(settings);
  }

  /** Takes other limits. What was used stays used. */
  changeTo(settings: TenantSettings): void {
    const limits = settings[this.kind];
    this.#settings = settings;
    this.#requests = changed(this.#requests, limits.requests_per_minute);
    this.#hookMs = changed(this.#hookMs, limits.hook_ms_per_minute);
    this.#most = limits.concurrent_requests ?? Number.POSITIVE_INFINITY;
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
    this.#countRefusal(limit);
    const setting = `tenants.${this.#settings.id}.${this.kind}.${limit}`;
    fail('quota_exceeded', { setting, retry_after_ms: Math.ceil(wait) });
  }
}

/** Returns the bucket of a limit, with what was used of it; undefined without a limit. */
function changed(bucket: TokenBucket | undefined, limit: number | undefined): TokenBucket | undefined {
  if (limit === undefined) return undefined;
  if (bucket === undefined) return new TokenBucket(limit);
  bucket.changeTo(limit);
  return bucket;
}
