import type { Log } from '../../core/log.ts';
import { Metrics } from '../../core/metrics.ts';
import type { UpstreamPool } from '../upstream.ts';
import { Instance } from './instance.ts';
import { InstancedPool, type InstancedPoolOptions } from './instanced-pool.ts';

/** One entry of `instances` of an upstream in sallyport.yaml. */
export interface InstanceEntry {
  /** Its name in the log and in metrics; the host and port of the URL when absent. */
  readonly id?: string | undefined;
  readonly url: string;
  /** Its share of the work; 1 when absent, and 0 for no new work. */
  readonly weight?: number | undefined;
  /** Connections at one time; as for the upstream when absent. */
  readonly max_connections?: number | undefined;
}

/** The defaults of `health`. */
const usualHealth = { interval_ms: 5_000, timeout_ms: 3_000, failures: 3, successes: 2 };

/** How instances are checked, and what happens to the sessions of one that was lost. */
export interface InstancesEntry {
  readonly instances: readonly InstanceEntry[];
  readonly health?: typeof usualHealth | undefined;
  readonly session_lost?: 'end' | 'reconnect' | undefined;
}

export interface InstancesContext extends Pick<InstancedPoolOptions, 'credentialHeader' | 'isPerCaller' | 'closes'> {
  readonly log: Log;
  readonly metrics?: Metrics | undefined;
  /** Opens the connections with one instance. */
  open(entry: InstanceEntry): UpstreamPool;
}

/** Returns the name of an instance in the log and in metrics. */
export const instanceId = ({ id, url }: InstanceEntry): string => id ?? new URL(url).host;

const metric = {
  healthy: 'sallyport_upstream_instance_healthy',
  requests: 'sallyport_upstream_instance_requests_total',
  failovers: 'sallyport_upstream_failovers_total',
};

/** Creates an upstream of several servers that do the same. */
export function createInstances(
  upstream: string,
  { instances: entries, health = usualHealth, session_lost: sessionLost = 'end' }: InstancesEntry,
  { log, metrics = new Metrics(), open, ...rest }: InstancesContext,
): InstancedPool {
  metrics.declare(metric.healthy, { type: 'gauge', help: 'Whether an instance of an upstream gets work.' });
  metrics.declare(metric.requests, { type: 'counter', help: 'Requests to instances of upstreams, with the outcome.' });
  metrics.declare(metric.failovers, {
    type: 'counter',
    help: 'Requests that went to another instance of an upstream.',
  });
  const { interval_ms: intervalMs, timeout_ms: timeoutMs, failures, successes } = health;
  const instances = entries.map(entry => {
    const { url, weight = 1 } = entry;
    const id = instanceId(entry);
    const labels = { upstream, instance: id };
    const isHealthy = metrics.series(metric.healthy, labels);
    const requests = {
      answered: metrics.series(metric.requests, { ...labels, outcome: 'answered' }),
      failed: metrics.series(metric.requests, { ...labels, outcome: 'failed' }),
    };
    isHealthy.set(1);
    return new Instance({
      ...{ id, url: new URL(url), weight, pool: open(entry), checks: { intervalMs, timeoutMs, failures, successes } },
      events: {
        onHealth(now, reason) {
          isHealthy.set(now ? 1 : 0);
          if (now) log.info(labels, 'the instance answers again, and gets work');
          else log.warn({ ...labels, reason: String(reason) }, 'the instance fails, and gets no more work');
        },
        onRequest: outcome => requests[outcome].add(1),
      },
    });
  });
  const failovers = metrics.series(metric.failovers, { upstream });
  return new InstancedPool({
    ...{ id: upstream, instances, sessionLost, retryMs: intervalMs, ...rest },
    onFailover: () => failovers.add(1),
  });
}
