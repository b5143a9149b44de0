import type { Metrics, Series } from './metrics.ts';

/** What a plugin has used since the gateway started. It is the same as what `/metrics` says. */
export interface PluginUsage {
  /** Hook calls, those that failed included. */
  readonly calls: number;
  /** From the start of each hook call to its end, waiting included, in milliseconds. */
  readonly wallMs: number;
  /** On a lane's thread, in milliseconds: waiting not included. */
  readonly cpuMs: number;
  /** Memories of its instances that live now, in bytes. */
  readonly memoryBytes: number;
  /** The most that `memoryBytes` has been. */
  readonly memoryMaxBytes: number;
  /** Questions to capabilities that wait. */
  readonly hostCalls: number;
  /** Sent to other machines: request lines, headers and bodies, in bytes. */
  readonly egressBytes: number;
}

const families = {
  calls: ['counter', 'sallyport_plugin_calls_total', 'Hook calls of a plugin.'],
  wall: ['counter', 'sallyport_plugin_wall_seconds_total', 'Time of hook calls from start to end, waiting included.'],
  cpu: ['counter', 'sallyport_plugin_cpu_seconds_total', 'Time of hook calls on the thread of a lane.'],
  memory: ['gauge', 'sallyport_plugin_memory_bytes', 'Memories of the instances of a plugin that live now.'],
  memoryMax: ['gauge', 'sallyport_plugin_memory_max_bytes', 'The most that these memories have been.'],
  hostCalls: ['counter', 'sallyport_plugin_host_calls_total', 'Questions of a plugin to capabilities that wait.'],
  egress: ['counter', 'sallyport_plugin_egress_bytes_total', 'Request lines, headers and bodies that a plugin sent.'],
} as const;

/** The series of one plugin, all there from the start: what is zero is shown too. */
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
  egressBytes: series.egress.value,
});
