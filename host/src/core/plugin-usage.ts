import type { Metrics, Series } from './metrics.ts';

/** The resources that a plugin has used since the gateway started, with the same values as `/metrics`. */
export interface PluginUsage {
  /** The number of hook calls, failed ones included. */
  readonly calls: number;
  /** The total time of hook calls, waiting included, in milliseconds. */
  readonly wallMs: number;
  /** The total time on lane threads, waiting excluded, in milliseconds. */
  readonly cpuMs: number;
  /** The memory of its current instances, in bytes. */
  readonly memoryBytes: number;
  /** The maximum of `memoryBytes` so far. */
  readonly memoryMaxBytes: number;
  /** The number of asynchronous capability calls. */
  readonly hostCalls: number;
  /** The units of fuel that its hook calls used, if these are limited. */
  readonly fuel: number;
  /** The bytes sent to other machines: request lines, headers and bodies. */
  readonly egressBytes: number;
}

const families = {
  calls: ['counter', 'sallyport_plugin_calls_total', 'Hook calls of a plugin.'],
  wall: ['counter', 'sallyport_plugin_wall_seconds_total', 'Time of hook calls, waiting included.'],
  cpu: ['counter', 'sallyport_plugin_cpu_seconds_total', 'Time of hook calls on lane threads.'],
  memory: ['gauge', 'sallyport_plugin_memory_bytes', 'Memory of the current instances of a plugin.'],
  memoryMax: ['gauge', 'sallyport_plugin_memory_max_bytes', 'Maximum of sallyport_plugin_memory_bytes.'],
  hostCalls: ['counter', 'sallyport_plugin_host_calls_total', 'Asynchronous capability calls of a plugin.'],
  fuel: [
    'counter',
    'sallyport_plugin_fuel_total',
    'Units of fuel used by hook calls of a plugin, if they are limited.',
  ],
  egress: [
    'counter',
    'sallyport_plugin_egress_bytes_total',
    'Bytes of request lines, headers and bodies sent by a plugin.',
  ],
} as const;

/** Creates the series of one plugin, all at once, so that zeros are shown too. */
export type UsageSeries = { readonly [F in keyof typeof families]: Series };

export function usageSeries(metrics: Metrics, plugin: string): UsageSeries {
  const series = Object.entries(families).map(([key, [type, name, help]]) => {
    metrics.declare(name, { type, help });
    return [key, metrics.series(name, { plugin })];
  });
  return Object.fromEntries(series) as UsageSeries;
}

export const usageOf = (series: UsageSeries): PluginUsage => ({
  calls: series.calls.value,
  wallMs: series.wall.value * 1000,
  cpuMs: series.cpu.value * 1000,
  memoryBytes: series.memory.value,
  memoryMaxBytes: series.memoryMax.value,
  hostCalls: series.hostCalls.value,
  fuel: series.fuel.value,
  egressBytes: series.egress.value,
});
