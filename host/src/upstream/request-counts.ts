import type { Cancellation } from '../core/canceller.ts';
import type { Metrics, Series } from '../core/metrics.ts';
import type { Answer } from '../mcp/answer.ts';
import { methods } from '../mcp/methods.ts';

const metric = {
  requests: 'sallyport_upstream_requests_total',
  seconds: 'sallyport_upstream_request_seconds',
};

/** The upper bounds of the buckets, in seconds. */
const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** How a request to an upstream ended: with a result, with a JSON-RPC error, without an answer, or by its caller. */
type Outcome = 'result' | 'error' | 'failed' | 'cancelled';

/** Methods as labels. Clients choose them, so unknown ones share a value. */
const labels: ReadonlySet<string> = new Set([...Object.keys(methods), 'logging/setLevel']);

/** Counts and times the requests to one upstream. */
export class RequestCounts {
  readonly #metrics: Metrics;
  readonly #upstream: string;
  readonly #seconds: Series;
  readonly #byMethod = new Map<string, Partial<Record<Outcome, Series>>>();

  constructor(metrics: Metrics, upstream: string) {
    metrics.declare(metric.requests, {
      type: 'counter',
      help: 'Requests to upstreams, by upstream, method and outcome: result, error, failed or cancelled.',
    });
    metrics.declare(metric.seconds, { type: 'histogram', help: 'Time until an upstream has answered.', buckets });
    this.#metrics = metrics;
    this.#upstream = upstream;
    this.#seconds = metrics.series(metric.seconds, { upstream });
  }

  /** Counts a request when it has ended, and returns its answer. */
  of(stated: string, answer: Promise<Answer>, signal?: Cancellation): Promise<Answer> {
    const method = labels.has(stated) ? stated : 'other';
    const since = performance.now();
    const count = (outcome: Outcome) => {
      this.#seconds.observe((performance.now() - since) / 1000);
      this.#series(method, outcome).add(1);
    };
    answer.then(
      ({ kind }) => count(kind),
      () => count(signal?.aborted === true ? 'cancelled' : 'failed'),
    );
    return answer;
  }

  #series(method: string, outcome: Outcome): Series {
    const ofMethod = this.#byMethod.get(method) ?? {};
    this.#byMethod.set(method, ofMethod);
    ofMethod[outcome] ??= this.#metrics.series(metric.requests, { upstream: this.#upstream, method, outcome });
    return ofMethod[outcome];
  }
}
