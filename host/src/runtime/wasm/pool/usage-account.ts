import type { CallReport } from '../../../contract/hook-call.ts';
import type { Metrics } from '../../../core/metrics.ts';
import { type PluginUsage, type UsageSeries, usageOf, usageSeries } from '../../../core/plugin-usage.ts';
import type { MemoryUse } from '../lane/message.ts';

/** Adds up what each plugin has used, from what lanes report with their results. */
export class UsageAccounts {
  readonly #series: ReadonlyMap<string, UsageSeries>;
  /** Bytes by lane and plugin. */
  readonly #memory = new Map<object, Map<string, number>>();

  constructor(metrics: Metrics, plugins: readonly string[]) {
    this.#series = new Map(plugins.map(id => [id, usageSeries(metrics, id)]));
  }

  /** Adds the hook calls of a chain. */
  addCalls(reports: readonly CallReport[]): void {
    for (const { plugin, wallMs, cpuMs = wallMs, hostCalls = 0, fuel = 0 } of reports) {
      const series = this.#series.get(plugin);
      series?.calls.add(1);
      series?.wall.add(wallMs / 1000);
      if (hostCalls > 0) series?.hostCalls.add(hostCalls);
      if (fuel > 0) series?.fuel.add(fuel);
      this.addCpu(plugin, cpuMs);
    }
  }

  /** Adds time on a lane's thread. */
  addCpu(plugin: string, cpuMs: number): void {
    this.#series.get(plugin)?.cpu.add(cpuMs / 1000);
  }

  /** Takes the memory of the plugins of a lane. */
  memory(lane: object, uses: readonly MemoryUse[]): void {
    const here = this.#memory.get(lane) ?? new Map<string, number>();
    this.#memory.set(lane, here);
    for (const { plugin, bytes, most } of uses) {
      const series = this.#series.get(plugin);
      if (series === undefined) continue;
      const others = series.memory.value - (here.get(plugin) ?? 0);
      here.set(plugin, bytes);
      series.memory.set(others + bytes);
      series.memoryMax.set(Math.max(series.memoryMax.value, others + most));
    }
  }

  /** Subtracts the memory of a lane that has ended. */
  ended(lane: object): void {
    for (const [plugin, bytes] of this.#memory.get(lane) ?? []) this.#series.get(plugin)?.memory.add(-bytes);
    this.#memory.delete(lane);
  }

  /** Returns what each plugin has used, by id. */
  all(): ReadonlyMap<string, PluginUsage> {
    return new Map([...this.#series].map(([id, series]) => [id, usageOf(series)]));
  }
}
