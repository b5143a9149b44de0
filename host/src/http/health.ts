import type { ServerResponse } from 'node:http';
import type { SecretMask } from '../core/secret-mask.ts';
import type { Readiness } from '../gateway/readiness.ts';
import type { MetricsEndpoint } from './metrics-endpoint.ts';
import type { Routed } from './open-request.ts';

export interface HealthOptions {
  readonly readiness: Readiness;
  readonly metrics: Pick<MetricsEndpoint, 'mayRead'>;
  isDraining(): boolean;
  /** Masks secrets in text of upstreams, which the verbose report quotes. */
  readonly mask?: SecretMask | undefined;
}

/** Answers `/healthz` and `/readyz`, for any Host, because orchestrators use the address. */
export class Health {
  readonly #options: HealthOptions;

  constructor(options: HealthOptions) {
    this.#options = options;
  }

  alive({ outgoing }: Routed): void {
    answer(outgoing, true, { ok: true });
  }

  /**
   * Answers whether the gateway is ready. With `?verbose`, clients that may read the metrics see what does not work.
   */
  ready(routed: Routed, isVerbose: boolean): void {
    const { readiness, metrics, mask } = this.#options;
    const isDraining = this.#options.isDraining();
    if (isVerbose && metrics.mayRead(routed)) {
      const report = readiness.report(isDraining);
      answer(routed.outgoing, report.ok, mask?.value(report) ?? report);
    } else {
      const ok = readiness.isReady() && !isDraining;
      answer(routed.outgoing, ok, { ok });
    }
  }
}

function answer(outgoing: ServerResponse, ok: boolean, body: object): void {
  const text = JSON.stringify(body);
  const length = Buffer.byteLength(text);
  outgoing.writeHead(ok ? 200 : 503, { 'content-type': 'application/json', 'content-length': length });
  outgoing.end(text);
}
