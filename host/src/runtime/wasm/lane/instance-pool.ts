import type { CallScope } from './call-scope.ts';
import type { PluginInstance } from './instance.ts';
import type { LanePlugin, MemoryUse } from './message.ts';

/** Tenants of one plugin whose instances are kept. The tenant that was served longest ago is dropped first. */
const maximumTenants = 32;

type StartInstance = (plugin: LanePlugin, scope: CallScope) => PluginInstance | PromiseLike<PluginInstance>;

/**
 * Idle instances. `pooled` plugins share theirs among all callers, `tenant` ones keep one set for each tenant, so that
 * an instance never serves two, and `fresh` ones get a new instance for every call.
 */
export class InstancePool {
  readonly #start: StartInstance;
  readonly #idle = new Map<string, Map<string, PluginInstance[]>>();
  readonly #memory = new MemoryMeter();

  /** @param start starts an instance in the scope of the call that needs it */
  constructor(start: StartInstance) {
    this.#start = start;
  }

  /** Takes an idle instance, or starts one. */
  lend(plugin: LanePlugin, tenant: string | undefined, scope: CallScope): PluginInstance | PromiseLike<PluginInstance> {
    return this.#idleOf(plugin, tenant).pop() ?? this.#start(plugin, scope);
  }

  giveBack(plugin: LanePlugin, tenant: string | undefined, instance: PluginInstance): void {
    this.#memory.add(plugin.id, instance.grown());
    if (plugin.isolation === 'fresh') this.discard(plugin, instance);
    else this.#idleOf(plugin, tenant).push(instance);
  }

  /** Drops an instance. Its memory still counts towards the maximum, with its size now. */
  discard(plugin: LanePlugin, instance: PluginInstance): void {
    this.#memory.add(plugin.id, instance.grown());
    this.#memory.add(plugin.id, -instance.memoryBytes);
  }

  /** Keeps the instance that a lane starts to find out whether the plugin starts at all. */
  keepFirst(plugin: LanePlugin, instance: PluginInstance): void {
    this.#memory.add(plugin.id, instance.grown());
    // It has served no call yet. Where tenants are kept apart, it serves those without one.
    this.#idleOf(plugin, undefined).push(instance);
  }

  /** Returns the memory of the plugins whose use has changed since the last time, or undefined. */
  changedMemory(): readonly MemoryUse[] | undefined {
    return this.#memory.changes();
  }

  #idleOf({ id, isolation }: LanePlugin, tenant: string | undefined): PluginInstance[] {
    let byTenant = this.#idle.get(id);
    if (byTenant === undefined) {
      byTenant = new Map();
      this.#idle.set(id, byTenant);
    }
    // Calls without a tenant count as a tenant of their own; `=` keeps it apart from one with an empty name.
    const key = isolation === 'tenant' && tenant !== undefined ? `=${tenant}` : '';
    const known = byTenant.get(key);
    // Only the order of several tenants matters.
    if (known !== undefined && isolation !== 'tenant') return known;
    const instances = known ?? [];
    byTenant.delete(key);
    byTenant.set(key, instances);
    const [oldest] = byTenant.keys();
    if (byTenant.size > maximumTenants && oldest !== undefined) {
      for (const instance of byTenant.get(oldest) ?? []) this.#memory.add(id, -instance.memoryBytes);
      byTenant.delete(oldest);
    }
    return instances;
  }
}

interface PluginMemory {
  bytes: number;
  /** The maximum since the last report. */
  most: number;
  reportedBytes: number;
  /** The largest maximum that was ever reported. */
  reportedMost: number;
}

/** Adds up the memories of the instances of each plugin, and returns what has changed. */
class MemoryMeter {
  readonly #plugins = new Map<string, PluginMemory>();
  #changed = false;

  /** Adds what an instance has grown by. The number is negative for one that is gone. */
  add(plugin: string, bytes: number): void {
    if (bytes === 0) return;
    const memory = this.#plugins.get(plugin) ?? { bytes: 0, most: 0, reportedBytes: 0, reportedMost: 0 };
    this.#plugins.set(plugin, memory);
    memory.bytes += bytes;
    memory.most = Math.max(memory.most, memory.bytes);
    this.#changed = true;
  }

  /** Returns what to report, or undefined. An instance that came and went is reported once with its size. */
  changes(): readonly MemoryUse[] | undefined {
    if (!this.#changed) return undefined;
    this.#changed = false;
    const changes: MemoryUse[] = [];
    for (const [plugin, memory] of this.#plugins) {
      if (memory.bytes === memory.reportedBytes && memory.most <= memory.reportedMost) continue;
      changes.push({ plugin, bytes: memory.bytes, most: memory.most });
      memory.reportedBytes = memory.bytes;
      memory.reportedMost = Math.max(memory.reportedMost, memory.most);
      memory.most = memory.bytes;
    }
    return changes.length === 0 ? undefined : changes;
  }
}
