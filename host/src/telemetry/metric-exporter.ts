import type { ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import type { Metrics } from '../core/metrics.ts';
import type { SpanOrigin } from './call-spans.ts';
import type { Exports } from './exports.ts';
import { metricData } from './metric-data.ts';
import type { WallClock } from './wall-clock.ts';

export type ResourceMetrics = Parameters<typeof ProtobufMetricsSerializer.serializeRequest>[0];

export interface MetricExporterOptions {
  readonly exports: Exports<ResourceMetrics>;
  readonly all: readonly Metrics[];
  readonly origin: SpanOrigin;
  readonly clock: WallClock;
  readonly intervalMs: number;
}

/** Exports all metrics at intervals. Their numbers are sums since the start, so a failed export loses none. */
export class MetricExporter {
  readonly #options: MetricExporterOptions;
  readonly #began = performance.now();
  readonly #timer: NodeJS.Timeout;
  #sending: Promise<void> | undefined;

  constructor(options: MetricExporterOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#send(), options.intervalMs).unref();
  }

  /** Exports once more. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sending;
    this.#send();
    await this.#sending;
  }

  /** Exports unless the one before is still being sent. */
  #send(): void {
    if (this.#sending !== undefined) return;
    const { exports, all, origin, clock } = this.#options;
    clock.read();
    const times = { start: clock.at(this.#began), now: clock.at(performance.now()) };
    const metrics = all.flatMap(each => metricData(each, times));
    const count = metrics.reduce((sum, { dataPoints }) => sum + dataPoints.length, 0);
    const { resource, instrumentationScope: scope } = origin;
    const sending = exports.send({ resource, scopeMetrics: [{ scope, metrics }] }, count);
    this.#sending = sending.finally(() => {
      this.#sending = undefined;
    });
  }
}
