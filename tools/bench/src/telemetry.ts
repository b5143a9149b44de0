import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measure, medians, type Row } from './bench.ts';
import { startGateway } from './gateway.ts';
import { forkProgram, startProgram } from './process.ts';
import type { Table } from './table.ts';
import { openVariant } from './variant.ts';

export interface TelemetryBench {
  /** The seconds for each case in each round. */
  readonly seconds: number;
  readonly rounds: number;
  readonly warmUpSeconds: number;
  /** Receives a line for each step. */
  progress(line: string): void;
}

const size = 200;
const connections = 32;

/** The share of the requests that are sampled; without it, there is no telemetry. */
const cases: readonly { readonly name: string; readonly sample?: number }[] = [
  { name: 'off' },
  { name: 'one in a hundred', sample: 0.01 },
  { name: 'each request', sample: 1 },
];

/**
 * Measures calls through gateways without plugins that export telemetry, and one that does not. They take turns within each
 * round. The collector accepts everything, in the process of the bench.
 */
export async function measureTelemetry({ seconds, rounds, warmUpSeconds, progress }: TelemetryBench) {
  await using stop = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-'));
  stop.defer(() => rm(folder, { recursive: true, force: true }));
  const endpoint = await startCollector(stop);
  const upstream = await startProgram('upstream', [], stop);
  const generator = forkProgram('generator', [], stop);
  const measured: { readonly variant: Awaited<ReturnType<typeof openVariant>>; readonly rows: Row[] }[] = [];
  for (const [index, { name, sample }] of cases.entries()) {
    const telemetry = sample === undefined ? {} : { telemetry: { otlp: { endpoint }, traces: { sample } } };
    const running = await startGateway(`telemetry-${index}`, upstream.url, [], folder, stop, 0, telemetry);
    const variant = await openVariant(name, running);
    measured.push({ variant, rows: [] });
    progress(`warming up: ${name}`);
    await measure(generator, variant, size, connections, warmUpSeconds);
  }
  for (let round = 1; round <= rounds; round += 1) {
    for (const { variant, rows } of measured) {
      progress(`round ${round} of ${rounds}: ${variant.name}`);
      rows.push(await measure(generator, variant, size, connections, seconds));
    }
  }
  return measured.map(({ rows }) => medians(rows));
}

async function startCollector(stop: AsyncDisposableStack): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200).end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stop.defer(() => server.closeAllConnections());
  stop.defer(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Returns what telemetry costs as a table. */
export function telemetryTable(rows: readonly Row[]): Table {
  const [off] = rows;
  return {
    head: ['sampled', 'requests/s', 'CPU µs a request', 'added µs', 'p50 ms', 'p99 ms', 'MB'],
    rows: rows.map(row => [
      row.name,
      row.rps.toFixed(0),
      row.cpu_us_per_request.toFixed(0),
      off === undefined ? '' : (row.cpu_us_per_request - off.cpu_us_per_request).toFixed(0),
      row.p50_ms.toFixed(2),
      row.p99_ms.toFixed(2),
      row.rss_mb.toFixed(0),
    ]),
  };
}
