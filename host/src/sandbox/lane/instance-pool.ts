import type { OpenScope } from './call-scope.ts';
import { Instance, type ToGateway } from './instance.ts';
import type { LanePlugin } from './message.ts';

/** Tenants of one plugin whose instances are kept; the one that was served longest ago goes first. */
const maximumTenants = 32;

/**
 * Instances that nobody uses at the moment. `pooled` plugins share theirs among all callers, `tenant` ones keep one
 * set for each tenant, so that an instance never sees two, and `fresh` ones get a new instance for every call.
 */
export class InstancePool {
  readonly #idle = new Map<string, Map<string, Instance[]>>();
  readonly #gateway: ToGateway;

  constructor(gateway: ToGateway) {
    this.#gateway = gateway;
  }

  lend(plugin: LanePlugin, tenant: string | undefined, scope: OpenScope): Instance | PromiseLike<Instance> {
    return this.#line(plugin, tenant).pop() ?? Instance.start(plugin, scope, this.#gateway);
  }

  giveBack(plugin: LanePlugin, tenant: string | undefined, instance: Instance): void {
    if (plugin.isolation !== 'fresh') this.#line(plugin, tenant).push(instance);
  }

  /** Keeps the instance that a lane starts to find out whether the plugin starts at all. */
  keepFirst(plugin: LanePlugin, instance: Instance): void {
    // It has served nobody yet, so the first call may have it; where tenants are kept apart, the first without one.
    this.#line(plugin, undefined).push(instance);
  }

  #line({ id, isolation }: LanePlugin, tenant: string | undefined): Instance[] {
    const lines = this.#idle.get(id) ?? new Map<string, Instance[]>();
    this.#idle.set(id, lines);
    // Calls without a tenant are a tenant of their own; `=` keeps it apart from one that is named so.
    const key = isolation === 'tenant' && tenant !== undefined ? `=${tenant}` : '';
    const line = lines.get(key) ?? [];
    lines.delete(key);
    lines.set(key, line);
    const [oldest] = lines.keys();
    if (lines.size > maximumTenants && oldest !== undefined) lines.delete(oldest);
    return line;
  }
}
