import { bounded } from '../core/bounded.ts';
import type { Log } from '../core/log.ts';
import type { Metrics, Series } from '../core/metrics.ts';
import { RepeatedWarning } from '../core/repeated-warning.ts';
import type { OtlpClient, Signal } from './otlp-client.ts';

/** Writes the requests of a signal and reads the answers, in one of OTLP's encodings. */
export interface Serializer<Request> {
  serializeRequest(request: Request): Uint8Array | undefined;
  deserializeResponse(data: Uint8Array): { readonly partialSuccess?: object | undefined };
}

export interface ExportsOptions<Request> {
  readonly signal: Signal;
  readonly client: OtlpClient;
  readonly serializer: Serializer<Request>;
  /** Ends all attempts. */
  readonly ending: AbortSignal;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Sends the exports of one signal, counts what arrived and what did not, and logs why. */
export class Exports<Request> {
  readonly #options: ExportsOptions<Request>;
  readonly #delivered: Series;
  readonly #dropped: Series;
  readonly #warning: RepeatedWarning;

  constructor(options: ExportsOptions<Request>) {
    const { metrics, log, signal } = options;
    this.#options = options;
    metrics.declare(delivered, {
      type: 'counter',
      help: 'Spans and data points that the collector accepted, by signal.',
    });
    metrics.declare(dropped, {
      type: 'counter',
      help: 'Spans and data points that the collector did not get, by signal.',
    });
    this.#delivered = metrics.series(delivered, { signal });
    this.#dropped = metrics.series(dropped, { signal });
    this.#warning = new RepeatedWarning(log, 'telemetry was not exported', { most: 1, periodMs: 60_000 });
  }

  /** Sends an export with this many spans or data points. Never rejects. */
  async send(request: Request, count: number): Promise<void> {
    const { signal, client, serializer, ending } = this.#options;
    try {
      const body = serializer.serializeRequest(request);
      const delivery = body === undefined ? notWritten : await client.send(signal, body, ending);
      if (delivery.kind === 'failed') return this.#lost(count, delivery.reason);
      const { rejected, message } = partialSuccess(serializer, delivery.body);
      const lost = Math.min(rejected, count);
      this.#delivered.add(count - lost);
      if (lost > 0) this.#lost(lost, `it rejected a part: ${message}`);
    } catch (thrown) {
      this.#lost(count, thrown instanceof Error ? thrown.message : String(thrown));
    }
  }

  /** Counts what is not sent, because there is no room for it. */
  dropped(count: number): void {
    this.#dropped.add(count);
    this.#warn('queue', count, 'the queue is full');
  }

  #lost(count: number, reason: string): void {
    this.#dropped.add(count);
    this.#warn('collector', count, reason);
  }

  #warn(kind: keyof typeof hints, count: number, reason: string): void {
    const { signal, client } = this.#options;
    const line = { signal, endpoint: client.origin, dropped: count, reason: bounded(reason), hint: hints[kind] };
    this.#warning.write(kind, line);
  }
}

/** What an operator can do. Requests are served in any case. */
const hints = {
  collector: 'check `telemetry.otlp`, and that the collector accepts OTLP over HTTP at this address',
  queue: 'the collector is slow or away; lower `telemetry.traces.sample`, or raise `telemetry.traces.queue`',
} as const;

const delivered = 'sallyport_telemetry_exported_total';
const dropped = 'sallyport_telemetry_dropped_total';
const notWritten = { kind: 'failed', reason: 'it could not be written' } as const;

/** Reads how many spans or data points an accepted export has lost. An answer that cannot be read rejects nothing. */
function partialSuccess<Request>(
  serializer: Serializer<Request>,
  body: Uint8Array,
): { rejected: number; message: string } {
  try {
    const { partialSuccess: part } = body.length === 0 ? {} : serializer.deserializeResponse(body);
    const { rejectedSpans, rejectedDataPoints, errorMessage } = (part ?? {}) as Readonly<Record<string, unknown>>;
    const rejected = Number(rejectedSpans ?? rejectedDataPoints) || 0;
    return { rejected: Math.max(rejected, 0), message: String(errorMessage ?? 'it gave no reason') };
  } catch {
    return { rejected: 0, message: '' };
  }
}
