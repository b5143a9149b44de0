import type { Log } from '../core/log.ts';
import { Metrics } from '../core/metrics.ts';
import { createTenantLabel, QuotaRefusals, type TenantLabel } from '../core/tenant-label.ts';
import { version } from '../core/version.ts';
import type { Principal } from '../identity/principal.ts';
import { type Binding, type BindingGeneration, createBindingGeneration, OpenBinding } from './binding.ts';
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

/** The bindings of one generation, as they are served. */
export interface ServedBindings {
  /** The bindings by id. */
  readonly bindings: ReadonlyMap<string, OpenBinding>;
  /** The binding at `/mcp`. */
  readonly standard: OpenBinding | undefined;
  readonly readiness: Readiness;
  readonly settings: BindingSettings;
  /** Returns the label of a tenant in metrics. */
  readonly tenantLabel: TenantLabel;
  /** Returns the binding for a caller at a URL where the tenant decides. */
  defaultFor(caller: Principal): OpenBinding | undefined;
}

/** What a gateway is to become. */
export interface PreparedBindings extends ServedBindings {
  readonly generations: ReadonlyMap<OpenBinding, BindingGeneration>;
  readonly tenants: NonNullable<GatewayOptions['tenants']>;
}

/**
 * All bindings of one gateway, independent of HTTP and of MCP revisions. It does not dispose of the upstreams it was
 * given.
 */
export class Gateway implements ServedBindings, Disposable {
  readonly #quotas: Quotas;
  #current: PreparedBindings;

  constructor(options: GatewayOptions) {
    const { metrics = new Metrics(), tenants = [] } = options;
    const label = createTenantLabel(tenants.map(({ id }) => id));
    this.#quotas = new Quotas(tenants, new QuotaRefusals(metrics, label));
    this.#current = preparedBindings(options, this.#quotas, new Map());
  }

  get bindings(): ReadonlyMap<string, OpenBinding> {
    return this.#current.bindings;
  }

  get standard(): OpenBinding | undefined {
    return this.#current.standard;
  }

  get readiness(): Readiness {
    return this.#current.readiness;
  }

  get settings(): BindingSettings {
    return this.#current.settings;
  }

  get tenantLabel(): TenantLabel {
    return this.#current.tenantLabel;
  }

  defaultFor(caller: Principal): OpenBinding | undefined {
    return this.#current.defaultFor(caller);
  }

  /** Prepares other bindings, and changes nothing yet. Bindings that stay keep their clients. */
  prepare(options: GatewayOptions): PreparedBindings {
    return preparedBindings(options, this.#quotas, this.bindings);
  }

  /**
   * Serves prepared bindings from now on. The sessions of a binding that is missing end.
   * @returns a function that must be called when no request can begin to use those before any more
   */
  use(next: PreparedBindings): () => void {
    const before = this.#current;
    const replaced: (() => void)[] = [];
    this.#quotas.changeTo(next.tenants, next.tenantLabel);
    this.#current = next;
    for (const [binding, generation] of next.generations) {
      const { current } = binding;
      if (current === generation) continue;
      binding.use(generation);
      replaced.push(() => binding.retire(current));
    }
    for (const [id, binding] of before.bindings) {
      if (next.bindings.has(id)) continue;
      binding.end();
      replaced.push(() => binding.close());
    }
    return () => {
      for (const retire of replaced) retire();
    };
  }

  [Symbol.dispose](): void {
    for (const binding of this.bindings.values()) binding[Symbol.dispose]();
  }
}

/** @param open the bindings so far, by id */
function preparedBindings(
  { bindings: entries, limits, log, metrics = new Metrics(), ...options }: GatewayOptions,
  quotas: Quotas,
  open: ReadonlyMap<string, OpenBinding>,
): PreparedBindings {
  const { isIdentityConfigured = false, tenants = [] } = options;
  const context = {
    ...{ listMs: limits.list_ms, isIdentityConfigured, tenants, log, metrics },
    quotas: tenants.length === 0 ? undefined : quotas,
  };
  const generations = new Map(
    entries.map(entry => {
      const known = open.get(entry.id);
      if (known !== undefined) return [known, createBindingGeneration(entry, context, known.current)] as const;
      const opened = new OpenBinding(entry, context);
      return [opened, opened.current] as const;
    }),
  );
  const bindings = new Map([...generations.keys()].map(binding => [binding.id, binding]));
  const standard = bindings.get(entries.find(({ isDefault }) => isDefault)?.id ?? '');
  const defaults = new Map(tenants.flatMap(each => (each.default_binding ? [[each.id, each.default_binding]] : [])));
  return {
    ...{ bindings, standard, generations, tenants },
    tenantLabel: createTenantLabel(tenants.map(({ id }) => id)),
    readiness: createReadiness(bindings, options.optionalUpstreams ?? new Set()),
    settings: {
      requestTimeoutMs: limits.request_timeout_ms,
      listMs: limits.list_ms,
      version: options.version ?? version,
      handlers: options.handlers,
    },
    // `*` stands for every other tenant.
    defaultFor({ tenant = '*' }) {
      const id = defaults.get(tenant) ?? defaults.get('*');
      return id === undefined ? standard : bindings.get(id);
    },
  };
}
