import { Instance, type ToGateway } from './instance.ts';
import type { MemoryMeter } from './memory-meter.ts';
import type { LanePlugin } from './message.ts';
import type { OpenScope } from './open-scope.ts';

/** Tenants of one plugin whose instances are kept; the one that was served longest ago goes first. */
const maximumTenants = 32;

/**
 * Instances that nobody uses at the moment. `pooled` plugins share theirs among all callers, `tenant` ones keep one
 * set for each tenant, so that an instance never sees two, and `fresh` ones get a new instance for every call.
 */
export class InstancePool {
  readonly #idle = new Map<string, Map<string, Instance[]>>();
  readonly #gateway: ToGateway;
  readonly #memory: MemoryMeter;

  constructor(gateway: ToGateway, memory: MemoryMeter) {
    this.#gateway = gateway;
    this.#memory = memory;
  }

  lend(plugin: LanePlugin, tenant: string | undefined, scope: OpenScope): Instance | PromiseLike<Instance> {
    return this.#line(plugin, tenant).pop() ?? Instance.start(plugin, scope, this.#gateway);
  }

  giveBack(plugin: LanePlugin, tenant: string | undefined, instance: Instance): void {
    this.#memory.add(plugin.id, instance.grown());
    if (plugin.isolation === 'fresh') this.discard(plugin, instance);
    else this.#line(plugin, tenant).push(instance);
  }

  /** Its memory counts once more, at its size now, and then no longer. */
  discard(plugin: LanePlugin, instance: Instance): void {
    this.#memory.add(plugin.id, instance.grown());
    this.#memory.add(plugin.id, -instance.memoryBytes);
  }

  /** Keeps the instance that a lane starts to find out whether the plugin starts at all. */
  keepFirst(plugin: LanePlugin, instance: Instance): void {
    this.#memory.add(plugin.id, instance.grown());
    // It has served nobody yet, so the first call may have it; where tenants are kept apart, the first without one.
    this.#line(plugin, undefined).push(instance);
  }

  #line({ id, isolation }: LanePlugin, tenant: string | undefined): Instance[] {
    const lines = this.#idle.get(id) ?? new Map<string, Instance[]>();
    this.#idle.set(id, lines);
    // Calls without a tenant are a tenant of their own; `=` keeps it apart from one that is named so.
    const key = isolation === 'tenant' && tenant !== undefined ? `=${tenant}` : '';
    const known = lines.get(key);
    // Where there is one line only, it need not be put last.
    if (known !== undefined && isolation !== 'tenant') return known;
    const line = known ?? [];
    lines.delete(key);
    lines.set(key, line);
    const [oldest] = lines.keys();
    if (lines.size > maximumTenants && oldest !== undefined) {
      for (const instance of lines.get(oldest) ?? []) this.#memory.add(id, -instance.memoryBytes);
      lines.delete(oldest);
    }
    return line;
  }
}
