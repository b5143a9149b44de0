import type { PluginStats } from '../../admin/answer/plugin.ts';
import type { Metrics, Series } from '../../core/metrics.ts';
import type { PluginUsage } from '../../core/plugin-usage.ts';
import { quantileOf } from '../../core/quantile.ts';

/** The histogram of how long hook calls take, by plugin and hook. */
const durations = 'sallyport_plugin_duration_seconds';

/** Numbers that only grow, by what they count: `calls`, `hook tool_pre_invoke proceed`. */
type Totals = ReadonlyMap<string, number>;

/** The totals of a plugin when counting began again. */
interface Reset {
  readonly at: string;
  readonly totals: Totals;
}

export interface PluginCountsOptions {
  readonly metrics: Metrics;
  usage(): ReadonlyMap<string, PluginUsage>;
  /** When the gateway started. */
  readonly started: string;
}

const growing = [
  'calls',
  'wallMs',
  'cpuMs',
  'hostCalls',
  'fuel',
  'egressBytes',
] as const satisfies (keyof PluginUsage)[];

/**
 * Counts what plugins did since the start, or since their last reset. The numbers are those of the metrics, which a reset
 * does not change: a counter that is set back would be read as one of a new process.
 */
export class PluginCounts {
  readonly #options: PluginCountsOptions;
  readonly #resets = new Map<string, Reset>();

  constructor(options: PluginCountsOptions) {
    this.#options = options;
  }

  reset(plugin: string): void {
    this.#resets.set(plugin, { at: new Date().toISOString(), totals: this.#totalsOf(plugin) });
  }

  /** Forgets the resets of plugins that are not among these: one that comes back is counted from the start. */
  keepOnly(plugins: ReadonlySet<string>): void {
    for (const plugin of this.#resets.keys()) if (!plugins.has(plugin)) this.#resets.delete(plugin);
  }

  of(plugin: string): PluginStats {
    const { at = this.#options.started, totals: before = new Map<string, number>() } = this.#resets.get(plugin) ?? {};
    const now = new Map(
      [...this.#totalsOf(plugin)].map(([name, value]) => [name, since(before.get(name) ?? 0, value)]),
    );
    const total = (name: string) => rounded(now.get(name) ?? 0);
    const usage = this.#options.usage().get(plugin);
    return {
      id: plugin,
      since: at,
      calls: total('calls'),
      hooks: hooksIn(now, this.#options.metrics.read(durations, { plugin })),
      errors: namedIn(now, 'error '),
      violations: namedIn(now, 'violation '),
      wall_ms: total('wallMs'),
      cpu_ms: total('cpuMs'),
      host_calls: total('hostCalls'),
      fuel: total('fuel'),
      egress_bytes: total('egressBytes'),
      memory: { bytes: usage?.memoryBytes ?? 0, max_bytes: usage?.memoryMaxBytes ?? 0 },
    };
  }

  #totalsOf(plugin: string): Totals {
    const { metrics, usage: usages } = this.#options;
    const usage = usages().get(plugin);
    const read = (name: string) => metrics.read(name, { plugin });
    return new Map([
      ...growing.map(name => [name, usage?.[name] ?? 0] as const),
      ...read('sallyport_plugin_executions_total').map(
        ({ labels: { hook, status }, value }) => [`hook ${hook} ${status}`, value] as const,
      ),
      ...read(durations).map(({ labels: { hook }, value }) => [`time ${hook}`, value * 1_000] as const),
      ...read(durations).flatMap(({ labels: { hook }, buckets, count }) =>
        bucketsWithRest(buckets, count).map((value, index) => [`bucket ${hook} ${index}`, value] as const),
      ),
      ...read('sallyport_plugin_errors_total').map(
        ({ labels: { cause }, value }) => [`error ${cause}`, value] as const,
      ),
      ...read('sallyport_plugin_violations_total').map(
        ({ labels: { code }, value }) => [`violation ${code}`, value] as const,
      ),
    ]);
  }
}

/** Returns what was counted since a reset. A lower total is that of a plugin that was removed and came back. */
const since = (before: number, total: number): number => (total < before ? total : total - before);

/** Returns the counts of a histogram's buckets, and of what is above all of them. */
const bucketsWithRest = (buckets: readonly number[], count: number): readonly number[] => [
  ...buckets,
  count - buckets.reduce((sum, each) => sum + each, 0),
];

/** @param series the times of the plugin's hooks, whose buckets the totals have */
function hooksIn(totals: Totals, series: readonly Series[]): PluginStats['hooks'] {
  const statuses = new Map<string, Record<string, number>>();
  for (const [name, value] of totals) {
    const [kind, hook = '', status = ''] = name.split(' ');
    if (kind !== 'hook' || value === 0) continue;
    statuses.set(hook, { ...statuses.get(hook), [status]: value });
  }
  return [...statuses].map(([hook, byStatus]) => {
    const calls = Object.values(byStatus).reduce((sum, each) => sum + each, 0);
    const ms = totals.get(`time ${hook}`) ?? 0;
    const bounds = series.find(({ labels }) => labels.hook === hook)?.bounds ?? [];
    const counts = [...bounds, 0].map((_, index) => totals.get(`bucket ${hook} ${index}`) ?? 0);
    const quantile = (of: number) => rounded(quantileOf(of, { bounds, counts }) * 1_000);
    return {
      ...{ hook, calls, statuses: byStatus, total_ms: rounded(ms), mean_ms: rounded(calls === 0 ? 0 : ms / calls) },
      ...{ p50_ms: quantile(0.5), p95_ms: quantile(0.95), p99_ms: quantile(0.99) },
    };
  });
}

/** Returns what is not zero, by the rest of its name. */
const namedIn = (totals: Totals, prefix: string): Record<string, number> =>
  Object.fromEntries(
    [...totals].flatMap(([name, value]) =>
      name.startsWith(prefix) && value > 0 ? [[name.slice(prefix.length), value] as const] : [],
    ),
  );

const rounded = (value: number) => Math.round(value * 1_000) / 1_000;
