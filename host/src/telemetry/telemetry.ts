import { randomUUID } from 'node:crypto';
import {
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { Log } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import type { SecretMask } from '../core/secret-mask.ts';
import type { TenantLabel } from '../core/tenant-label.ts';
import { version } from '../core/version.ts';
import type { RequestTrace as HttpRequestTrace, OpenRequest, Tracing } from '../http/open-request.ts';
import { methodLabel } from '../http/request-metrics.ts';
import { CallSpans, type EndedRequest, errorOfRequest, isMessage, type Span, type SpanOrigin } from './call-spans.ts';
import { Exports } from './exports.ts';
import { MetricExporter, type ResourceMetrics } from './metric-exporter.ts';
import { OperationDurations } from './operation-durations.ts';
import { OtlpClient, type OtlpSettings } from './otlp-client.ts';
import { RandomIds } from './random-ids.ts';
import { RequestTrace, type RequestTraceOptions, type TracedPlugin, type TraceSettings } from './request-trace.ts';
import { SpanExporter } from './span-exporter.ts';
import { WallClock } from './wall-clock.ts';

export interface TelemetryOptions {
  readonly otlp: OtlpSettings;
  readonly serviceName: string;
  /** Further attributes of the resource. */
  readonly resource: Readonly<Record<string, string>>;
  readonly traces?: (TraceSettings & { readonly queue: number }) | undefined;
  readonly metrics?: { readonly intervalMs: number } | undefined;
  /** The metrics that are exported. */
  readonly registry: Metrics;
  /** Returns the plugins that serve requests from now on. */
  plugins(): readonly TracedPlugin[];
  readonly labelOf: TenantLabel;
  readonly mask: SecretMask;
  readonly log: Log;
}

/** The milliseconds that the last exports may take when the gateway closes. */
const closingMs = 2_000;

/**
 * Exports traces and metrics to a collector over OTLP. Spans are made of the records of requests that were answered, and
 * sent in batches beside them: nothing of a request waits for a collector. Disposing sends what is left, within a bound.
 */
export class Telemetry implements Tracing, AsyncDisposable {
  readonly #options: TelemetryOptions;
  readonly #client: OtlpClient;
  readonly #ending = new AbortController();
  readonly #durations: OperationDurations | undefined;
  readonly #traceOptions: RequestTraceOptions;
  readonly #spans: { readonly made: CallSpans; readonly exporter: SpanExporter } | undefined;
  readonly #metrics: MetricExporter | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: TelemetryOptions) {
    const { otlp, registry: metrics, log, traces, mask, labelOf } = options;
    this.#options = options;
    this.#client = new OtlpClient(otlp);
    const origin = originOf(options);
    const clock = new WallClock();
    const ids = new RandomIds();
    const isJson = otlp.protocol === 'http/json';
    const shared = { client: this.#client, ending: this.#ending.signal, metrics, log };
    if (traces !== undefined) {
      const serializer = isJson ? JsonTraceSerializer : ProtobufTraceSerializer;
      const exporter = new SpanExporter(new Exports<Span[]>({ ...shared, signal: 'traces', serializer }), traces.queue);
      this.#spans = { made: new CallSpans({ origin, ids, clock, mask, labelOf }), exporter };
    }
    if (options.metrics !== undefined) {
      const serializer = isJson ? JsonMetricsSerializer : ProtobufMetricsSerializer;
      const durations = new OperationDurations(mask);
      const exports = new Exports<ResourceMetrics>({ ...shared, signal: 'metrics', serializer });
      this.#durations = durations;
      const all = [metrics, durations.metrics];
      this.#metrics = new MetricExporter({ exports, all, origin, clock, intervalMs: options.metrics.intervalMs });
    }
    this.#traceOptions = {
      ...{ ids, traces, durations: this.#durations },
      end: (trace, line, failure) => this.#end({ trace, line, failure }),
    };
  }

  begin(request: OpenRequest, whole: HttpRequestTrace | undefined): RequestTrace {
    const batch = whole instanceof RequestTrace ? whole : undefined;
    return new RequestTrace(this.#traceOptions, request, batch, this.#options.plugins());
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const late = setTimeout(() => this.#ending.abort(), closingMs);
    await Promise.all([this.#spans?.exporter.close(this.#ending.signal), this.#metrics?.close()]);
    clearTimeout(late);
    await this.#client[Symbol.asyncDispose]();
  }

  #end(ended: EndedRequest): void {
    const { trace, line, failure } = ended;
    const { method, name, upstream, ms } = line;
    if (this.#durations !== undefined && isMessage(trace.request.record)) {
      const target = upstream === undefined ? undefined : name;
      const label = methodLabel(method);
      this.#durations.served(
        {
          method: label,
          upstream,
          tool: label === 'tools/call' ? target : undefined,
          prompt: label === 'prompts/get' ? target : undefined,
          revision: trace.revision,
          transport: 'tcp',
          error: errorOfRequest(trace, failure)?.type,
        },
        ms,
      );
    }
    if (this.#spans !== undefined && trace.span?.isSampled === true) {
      this.#spans.exporter.add(this.#spans.made.of(ended));
    }
  }
}

function originOf({ serviceName, resource }: TelemetryOptions): SpanOrigin {
  const attributes = {
    ...resource,
    'service.name': serviceName,
    'service.version': version,
    'service.instance.id': resource['service.instance.id'] ?? randomUUID(),
  };
  return {
    resource: resourceFromAttributes(attributes),
    instrumentationScope: { name: 'sallyport', version },
  };
}
