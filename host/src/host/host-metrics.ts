import type { Config } from '../config/config.ts';
import type { Labels, Metrics, Observation } from '../core/metrics.ts';
import { observeProcess } from '../core/process-metrics.ts';
import { version } from '../core/version.ts';
import type { LanesStatus } from '../runtime/runtime.ts';
import type { UpstreamPool } from '../upstream/upstream.ts';
import type { PluginReport } from './plugin-generation.ts';

/** What the metrics show of a running host. */
export interface Observed {
  readonly limits: () => Config['limits'];
  readonly plugins: () => readonly PluginReport[];
  readonly lanes: () => readonly LanesStatus[];
  readonly upstreams: () => readonly Pick<UpstreamPool, 'id' | 'ready'>[];
}

const states: readonly PluginReport['state'][] = ['active', 'held_back', 'disabled'];

/** Shows in the metrics the state of the host and of its process, read when they are asked for. Disposing ends it. */
export function observeHost(metrics: Metrics, { limits, plugins, lanes, upstreams }: Observed): Disposable {
  const ofLanes = (value: 'lanes' | 'busy' | 'waiting') => (): Observation =>
    lanes().map(({ pool, plugin = '', ...status }) => [{ pool, plugin }, status[value]]);
  const gauges: Record<string, readonly [help: string, read: () => Observation]> = {
    sallyport_build_info: ['The version that runs; always 1.', () => [[{ version, node: process.version }, 1]]],
    sallyport_limit: ['Limits of the configuration, by name.', () => limitsOf(limits())],
    sallyport_plugin_info: ['The plugins that are loaded; always 1.', () => plugins().map(infoOf)],
    sallyport_plugin_state: [
      'Whether a plugin is active, held back by its breaker, or disabled: 1 for its state.',
      () => plugins().flatMap(statesOf),
    ],
    sallyport_upstream_up: [
      'Whether an upstream can be reached.',
      () => upstreams().map(({ id: upstream, ready }) => [{ upstream }, Number(ready)]),
    ],
    sallyport_lanes: ['Lanes that serve, by pool.', ofLanes('lanes')],
    sallyport_lanes_busy: ['Lanes that run hook calls, by pool.', ofLanes('busy')],
    sallyport_lane_waiting_calls: ['Chains of hook calls that wait for a lane, by pool.', ofLanes('waiting')],
  };
  const ends = Object.entries(gauges).map(([name, [help, read]]) =>
    metrics.observe(name, { type: 'gauge', help }, read),
  );
  ends.push(observeProcess(metrics));
  return {
    [Symbol.dispose]() {
      for (const end of ends) end();
    },
  };
}

const limitsOf = ({ concurrent_requests, sessions, streams, waiting_bytes, backlog }: Config['limits']): Observation =>
  Object.entries({ concurrent_requests, sessions, streams, waiting_bytes, backlog }).map(([limit, value]) => [
    { limit },
    value,
  ]);

const infoOf = ({ id: plugin, version, mode }: PluginReport): readonly [Labels, number] => [
  { plugin, version, mode },
  1,
];

const statesOf = ({ id: plugin, state }: PluginReport): (readonly [Labels, number])[] =>
  states.map(each => [{ plugin, state: each }, Number(each === state)]);
