import type { CallScope } from './call-scope.ts';
import type { PluginInstance } from './instance.ts';
import { ownerOf } from './instance-owner.ts';
import type { LanePlugin, MemoryUse } from './message.ts';

/** Idle instances of one plugin that are kept. */
const maximumIdle = 32;

type StartInstance = (plugin: LanePlugin, scope: CallScope) => PluginInstance | PromiseLike<PluginInstance>;

/**
 * Idle instances. `pooled` plugins share theirs among all callers, `tenant` ones keep one set for each tenant, so that
 * an instance never serves two, and `fresh` ones get a new instance for every call. A tenant with a configuration of its
 * own never shares an instance.
 */
export class InstancePool {
  readonly #start: StartInstance;
  readonly #idle = new Map<string, IdleInstances>();
  readonly #memory = new MemoryMeter();

  /** @param start starts an instance in the scope of the call that needs it */
  constructor(start: StartInstance) {
    this.#start = start;
  }

  /** Takes an idle instance, or starts one. */
  lend(plugin: LanePlugin, tenant: string | undefined, scope: CallScope): PluginInstance | PromiseLike<PluginInstance> {
    return this.#idle.get(plugin.id)?.take(ownerOf(plugin, tenant)) ?? this.#start(plugin, scope);
  }

  giveBack(plugin: LanePlugin, tenant: string | undefined, instance: PluginInstance): void {
    this.#memory.add(plugin.id, instance.grown());
    if (plugin.isolation === 'fresh') this.discard(plugin, instance);
    else this.#keep(plugin, tenant, instance);
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
    this.#keep(plugin, undefined, instance);
  }

  /** Returns the memory of the plugins whose use has changed since the last time, or undefined. */
  changedMemory(): readonly MemoryUse[] | undefined {
    return this.#memory.changes();
  }

  #keep(plugin: LanePlugin, tenant: string | undefined, instance: PluginInstance): void {
    let idle = this.#idle.get(plugin.id);
    if (idle === undefined) {
      idle = new IdleInstances();
      this.#idle.set(plugin.id, idle);
    }
    const dropped = idle.put(ownerOf(plugin, tenant), instance);
    if (dropped !== undefined) this.#memory.add(plugin.id, -dropped.memoryBytes);
  }
}

/** The idle instances of one plugin, by owner. Those of the owner that was served longest ago are dropped first. */
class IdleInstances {
  readonly #byOwner = new Map<string, PluginInstance[]>();
  #count = 0;

  take(owner: string): PluginInstance | undefined {
    const own = this.#byOwner.get(owner);
    const instance = own?.pop();
    if (instance === undefined) return undefined;
    this.#count -= 1;
    // Names of tenants come from callers, so none stays without an instance.
    if (own?.length === 0 && owner !== '') this.#byOwner.delete(owner);
    return instance;
  }

  /** Keeps an instance, and returns the one that is dropped for it, if there is one too many. */
  put(owner: string, instance: PluginInstance): PluginInstance | undefined {
    const own = this.#byOwner.get(owner) ?? [];
    // Only the order of several owners matters.
    if (this.#byOwner.size > 1) this.#byOwner.delete(owner);
    this.#byOwner.set(owner, own);
    own.push(instance);
    this.#count += 1;
    return this.#count > maximumIdle ? this.#takeOldest() : undefined;
  }

  #takeOldest(): PluginInstance | undefined {
    for (const [owner, instances] of this.#byOwner) {
      const [oldest] = instances.splice(0, 1);
      if (instances.length === 0) this.#byOwner.delete(owner);
      if (oldest === undefined) continue;
      this.#count -= 1;
      return oldest;
    }
    return undefined;
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
