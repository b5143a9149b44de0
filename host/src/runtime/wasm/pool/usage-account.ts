import type { CallReport } from '../../../contract/hook-call.ts';
import type { Metrics } from '../../../core/metrics.ts';
import { type PluginUsage, type UsageSeries, usageOf, usageSeries } from '../../../core/plugin-usage.ts';
import type { MemoryUse } from '../lane/message.ts';

/** What each plugin of a sandbox has used, added up on the gateway's thread from what lanes tell with their answers. */
export class Accounts {
  readonly #series: ReadonlyMap<string, UsageSeries>;
  /** Bytes by lane, and within it by plugin. */
  readonly #memory = new Map<object, Map<string, number>>();

  constructor(metrics: Metrics, plugins: readonly string[]) {
    this.#series = new Map(plugins.map(id => [id, usageSeries(metrics, id)]));
  }

  /** Adds the hook calls of a chain. */
  called(reports: readonly CallReport[]): void {
    for (const { plugin, wallMs, cpuMs = wallMs, hostCalls = 0 } of reports) {
      const series = this.#series.get(plugin);
      series?.calls.add(1);
      series?.wall.add(wallMs / 1000);
      if (hostCalls > 0) series?.hostCalls.add(hostCalls);
      this.spent(plugin, cpuMs);
    }
  }

  /** Adds time on a lane's thread that no report tells. */
  spent(plugin: string, cpuMs: number): void {
    this.#series.get(plugin)?.cpu.add(cpuMs / 1000);
  }

  /** Takes what the instances of a lane use now, and the most that they used since it told that before. */
  uses(lane: object, told: readonly MemoryUse[]): void {
    const here = this.#memory.get(lane) ?? new Map<string, number>();
    this.#memory.set(lane, here);
    for (const { plugin, bytes, most } of told) {
      const series = this.#series.get(plugin);
      if (series === undefined) continue;
      const others = series.memory.value - (here.get(plugin) ?? 0);
      here.set(plugin, bytes);
      series.memory.set(others + bytes);
      series.memoryMax.set(Math.max(series.memoryMax.value, others + most));
    }
  }

  /** The lane is gone, with all of its instances. */
  ended(lane: object): void {
    for (const [plugin, bytes] of this.#memory.get(lane) ?? []) this.#series.get(plugin)?.memory.add(-bytes);
    this.#memory.delete(lane);
  }

  all(): ReadonlyMap<string, PluginUsage> {
    return new Map([...this.#series].map(([id, series]) => [id, usageOf(series)]));
  }
}
