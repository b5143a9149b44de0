import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measure, type Row } from './bench.ts';
import { type GatewaySections, startGateway } from './gateway.ts';
import { median } from './median.ts';
import { forkProgram, startProgram } from './process.ts';
import { buildRealChain, realArguments } from './real-chain.ts';
import type { Table } from './table.ts';
import { openVariant, type Variant } from './variant.ts';

/** What the audit log costs each call, compared with the same gateway without it. */
export interface AuditCost {
  readonly name: string;
  readonly rps: number;
  /** The median of the ratios of requests per second, of measurements that followed each other. */
  readonly ratio: number;
  /** CPU time that a call takes more, in microseconds: of the process, and of its main thread. */
  readonly addedUs: number;
  readonly addedMainUs: number;
}

export interface AuditBenchOptions {
  readonly seconds: number;
  readonly rounds: number;
  readonly warmUpSeconds: number;
  readonly progress: (line: string) => void;
}

const size = 200;
const connections = 32;
const plugins = ['mask-pii', 'strip-fields'];

/** Measures gateways with two real plugins, which take turns: without audit, with an event a call, and with receipts. */
export async function measureAudit(options: AuditBenchOptions): Promise<readonly AuditCost[]> {
  const { seconds, rounds, warmUpSeconds, progress } = options;
  await using stop = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-audit-bench-'));
  stop.defer(() => rm(folder, { recursive: true, force: true }));
  progress('building the plugins');
  const chain = (await buildRealChain(folder)).filter(({ id }) => plugins.includes(id));
  const upstream = await startProgram('upstream', [], stop);
  const audit = (name: string) => ({ file: join(folder, `${name}.jsonl`), key_file: join(folder, 'audit.key') });
  const receiptKey = { key_file: join(folder, 'receipts.key') };
  const settings: Readonly<Record<string, GatewaySections>> = {
    off: {},
    'off again': {},
    'calls, plain lines': { audit: { ...audit('plain'), calls: true, tamper_evident: false } },
    calls: { audit: { ...audit('calls'), calls: true } },
    'calls and receipts': { audit: { ...audit('receipts'), calls: true }, receipts: receiptKey },
  };
  const variants: Variant[] = [];
  for (const [name, more] of Object.entries(settings)) {
    const file = name.replace(/\W+/g, '-');
    const running = await startGateway(file, upstream.url, chain, folder, stop, chain.length, more);
    variants.push(await openVariant(name, running, text => text, realArguments));
  }
  const generator = forkProgram('generator', [], stop);
  for (const variant of variants) {
    progress(`warming up: ${variant.name}`);
    await measure(generator, variant, size, connections, warmUpSeconds);
  }
  const measured: Row[][] = [];
  for (let round = 1; round <= rounds; round += 1) {
    progress(`round ${round} of ${rounds}`);
    const rows: Row[] = [];
    for (const variant of variants) rows.push(await measure(generator, variant, size, connections, seconds));
    measured.push(rows);
  }
  return variants.map(({ name }, index) => costOf(name, measured, index));
}

function costOf(name: string, measured: readonly (readonly Row[])[], index: number): AuditCost {
  const pairs = measured.flatMap(rows => {
    const [off, row] = [rows[0], rows[index]];
    return off === undefined || row === undefined ? [] : [{ off, row }];
  });
  return {
    name,
    rps: median(pairs.map(({ row }) => row.rps)),
    ratio: median(pairs.map(({ off, row }) => row.rps / off.rps)),
    addedUs: median(pairs.map(({ off, row }) => row.cpu_us_per_request - off.cpu_us_per_request)),
    addedMainUs: median(pairs.map(({ off, row }) => row.main_cpu_us_per_request - off.main_cpu_us_per_request)),
  };
}

export function auditTable(costs: readonly AuditCost[]): Table {
  return {
    head: ['audit', 'req/s', 'req/s, of those without', 'µs CPU more a call', 'of these on the main thread'],
    rows: costs.map(({ name, rps, ratio, addedUs, addedMainUs }) => [
      name,
      Math.round(rps).toLocaleString('en'),
      ratio.toFixed(2),
      ...[addedUs, addedMainUs].map(us => us.toFixed(0)),
    ]),
  };
}
