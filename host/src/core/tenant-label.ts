import type { Labels, Metrics } from './metrics.ts';

/** The label of all tenants that have no entry. */
export const otherTenants = 'other';

/**
 * Returns the label of a tenant in metrics: its name if it is configured, else `other`, because callers may name any
 * number of tenants. Without a tenant there is no label.
 */
export type TenantLabel = (tenant: string | undefined) => string | undefined;

/** @param configured the tenants that have an entry; `*` does not count as one */
export function createTenantLabel(configured: readonly string[]): TenantLabel {
  const known = new Set(configured.filter(tenant => tenant !== '*'));
  return tenant => (tenant === undefined || known.has(tenant) ? tenant : otherTenants);
}

/** Counts what was refused because a tenant or its caller had reached a limit. */
export class QuotaRefusals {
  readonly #metrics: Metrics;
  #labelOf: TenantLabel;

  constructor(metrics: Metrics, labelOf: TenantLabel) {
    this.#metrics = metrics;
    this.#labelOf = labelOf;
    metrics.declare('sallyport_quota_refusals_total', {
      type: 'counter',
      help: 'Refusals because a tenant or caller had reached a limit, by tenant and limit.',
    });
  }

  /** Uses these labels of tenants from now on. */
  relabel(labelOf: TenantLabel): void {
    this.#labelOf = labelOf;
  }

  /** @param limit its name within the entry of a tenant */
  count(tenant: string | undefined, limit: string): void {
    const label = this.#labelOf(tenant);
    const labels: Labels = label === undefined ? { limit } : { tenant: label, limit };
    this.#metrics.series('sallyport_quota_refusals_total', labels).add(1);
  }
}
