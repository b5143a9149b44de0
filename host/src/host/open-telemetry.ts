import type { Config } from '../config/config.ts';
import type { HeaderList } from '../core/http-header.ts';
import type { Log } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import type { TenantLabel } from '../core/tenant-label.ts';
import type { Tracing } from '../http/open-request.ts';
import type { TracedPlugin } from '../telemetry/request-trace.ts';

export interface TelemetryContext {
  readonly metrics: Metrics;
  readonly log: Log;
  /** Reads a secret of the configuration now; undefined when it cannot be read. */
  readonly secret: (name: string) => string | undefined;
  /** Returns the plugins that serve requests from now on. */
  readonly plugins: () => readonly TracedPlugin[];
  readonly labelOf: TenantLabel;
}

/** Opens the export of traces and metrics, if it is configured. Its packages are loaded only then. */
export async function openTelemetry(
  { telemetry, mask }: Pick<Config, 'telemetry' | 'mask'>,
  { metrics, log, secret, plugins, labelOf }: TelemetryContext,
): Promise<(Tracing & AsyncDisposable) | undefined> {
  if (telemetry === undefined) return undefined;
  const { Telemetry } = await import('../telemetry/telemetry.ts');
  const { otlp, signals, service_name: serviceName, resource, traces } = telemetry;
  return new Telemetry({
    otlp: {
      ...{
        endpoint: otlp.endpoint,
        protocol: otlp.protocol,
        timeoutMs: otlp.timeout_ms,
        compression: otlp.compression,
      },
      headers: () => headersOf(otlp.headers, secret),
    },
    ...{ serviceName, resource, registry: metrics, plugins, labelOf, mask, log },
    traces: signals.includes('traces')
      ? { sample: traces.sample, trustsParent: traces.trust_parent, queue: traces.queue }
      : undefined,
    metrics: signals.includes('metrics') ? { intervalMs: telemetry.metrics.interval_ms } : undefined,
  });
}

type Headers = NonNullable<Config['telemetry']>['otlp']['headers'];

/** Returns the headers with the secrets as they are now. @throws Error if one cannot be read */
const headersOf = (headers: Headers, secret: TelemetryContext['secret']): HeaderList =>
  Object.entries(headers).map(([name, stated]) => {
    if (typeof stated === 'string') return [name, stated];
    const value = secret(stated.secret);
    if (value === undefined) throw new Error(`the secret ${stated.secret} cannot be read`);
    return [name, stated.scheme === undefined ? value : `${stated.scheme} ${value}`];
  });
