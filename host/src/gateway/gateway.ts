import type { Log } from '../core/log.ts';
import { Metrics } from '../core/metrics.ts';
import { createTenantLabel, QuotaRefusals, type TenantLabel } from '../core/tenant-label.ts';
import { version } from '../core/version.ts';
import type { Principal } from '../identity/principal.ts';
import { type Binding, OpenBinding } from './binding.ts';
import { Quotas, type TenantSettings } from './quotas.ts';
import { createReadiness, type Readiness } from './readiness.ts';
import type { RequestHandlers } from './request-handlers.ts';
import type { BindingSettings } from './requested-binding.ts';

/** The limits of upstreams, from `limits` in sallyport.yaml. */
export interface GatewayLimits {
  /** The milliseconds an upstream may take to answer. */
  readonly request_timeout_ms: number;
  /** The milliseconds one of several upstreams may take to send a list. */
  readonly list_ms: number;
}

export interface GatewayOptions {
  readonly bindings: readonly Binding[];
  readonly limits: GatewayLimits;
  readonly log: Log;
  readonly metrics?: Metrics;
  /** The ids of upstreams that may be down while the gateway is ready. */
  readonly optionalUpstreams?: ReadonlySet<string>;
  /** Whether callers are identified. Then a binding without `allow` refuses all of them. */
  readonly isIdentityConfigured?: boolean;
  /** What each tenant may use. */
  readonly tenants?: readonly (TenantSettings & { readonly default_binding?: string | undefined })[];
  /** Shown to clients as the server's version. */
  readonly version?: string;
  /** The handlers of the embedding program. */
  readonly handlers?: RequestHandlers;
}

/**
 * All bindings of one gateway, independent of HTTP and of MCP revisions. It does not dispose of the upstreams it was
 * given.
 */
export class Gateway implements Disposable {
  /** The bindings by id. */
  readonly bindings: ReadonlyMap<string, OpenBinding>;
  /** The binding at `/mcp`. */
  readonly standard: OpenBinding | undefined;
  readonly readiness: Readiness;
  readonly settings: BindingSettings;
  /** Returns the label of a tenant in metrics. */
  readonly tenantLabel: TenantLabel;
  /** The ids of the default bindings of tenants. */
  readonly #defaults: ReadonlyMap<string, string>;

  constructor({ bindings, limits, log, metrics = new Metrics(), ...options }: GatewayOptions) {
    const { isIdentityConfigured = false, tenants = [] } = options;
    this.tenantLabel = createTenantLabel(tenants.map(({ id }) => id));
    const quotas = tenants.length === 0 ? undefined : new Quotas(tenants, new QuotaRefusals(metrics, this.tenantLabel));
    const openOptions = { listMs: limits.list_ms, isIdentityConfigured, quotas, log, metrics };
    this.bindings = new Map(bindings.map(binding => [binding.id, new OpenBinding(binding, openOptions)]));
    this.standard = this.bindings.get(bindings.find(({ isDefault }) => isDefault)?.id ?? '');
    this.#defaults = new Map(tenants.flatMap(each => (each.default_binding ? [[each.id, each.default_binding]] : [])));
    this.readiness = createReadiness(bindings, this.bindings, options.optionalUpstreams ?? new Set());
    this.settings = {
      requestTimeoutMs: limits.request_timeout_ms,
      listMs: limits.list_ms,
      version: options.version ?? version,
      handlers: options.handlers,
    };
  }

  /** Returns the binding for a caller at a URL where the tenant decides; `*` stands for every other tenant. */
  defaultFor({ tenant = '*' }: Principal): OpenBinding | undefined {
    const id = this.#defaults.get(tenant) ?? this.#defaults.get('*');
    return id === undefined ? this.standard : this.bindings.get(id);
  }

  [Symbol.dispose](): void {
    for (const binding of this.bindings.values()) binding[Symbol.dispose]();
  }
}
