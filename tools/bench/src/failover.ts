import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Exchange } from './exchange.ts';
import { startGateway } from './gateway.ts';
import { freePort, type Running, startProgram } from './process.ts';
import { sampleText, toolName } from './sample.ts';
import type { Table } from './table.ts';
import { openVariant } from './variant.ts';

/** What calls met in one part of the run. */
export interface FailoverPhase {
  readonly phase: string;
  readonly calls: number;
  readonly callsPerSecond: number;
  /** Calls that were answered with an error, by its code. */
  readonly failed: Readonly<Record<string, number>>;
  /** The longest that a call took, in milliseconds. */
  readonly slowest: number;
}

export interface FailoverOptions {
  readonly connections: number;
  /** The length of each part. */
  readonly seconds: number;
}

const size = 200;

/** Calls a gateway in front of three servers while one of them is killed and started again. */
export async function measureFailover({ connections, seconds }: FailoverOptions): Promise<readonly FailoverPhase[]> {
  await using stop = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-failover-'));
  stop.defer(() => rm(folder, { recursive: true, force: true }));
  const ports = await Promise.all([1, 2, 3].map(freePort));
  const servers = await Promise.all(ports.map(port => startProgram('upstream', [String(port)], stop)));
  const urls = servers.map(({ url }) => url);
  const gateway = await startGateway('failover', urls, [], folder, stop);
  const calls = await Calls.open(gateway, connections);
  stop.defer(() => calls.close());
  await calls.during('warm-up', seconds);
  const phases = [await calls.during('three servers', seconds)];
  const killing = calls.during('one of them is killed', seconds);
  await delay(200);
  process.kill(Number(servers[0]?.pid), 'SIGKILL');
  phases.push(await killing);
  const starting = calls.during('it is started again', seconds * 2);
  await startProgram('upstream', [String(ports[0])], stop);
  phases.push(await starting, await calls.during('three servers again', seconds));
  return phases;
}

/** Clients that call over and over. */
class Calls {
  readonly #exchanges: readonly Exchange[];
  readonly #expected = sampleText(size);

  private constructor(exchanges: readonly Exchange[]) {
    this.#exchanges = exchanges;
  }

  static async open(gateway: Running, connections: number): Promise<Calls> {
    const { url, headers } = await openVariant('failover', gateway);
    const opening = Array.from({ length: connections }, () => Exchange.open(new URL(url), headers));
    return new Calls(await Promise.all(opening));
  }

  close(): void {
    for (const exchange of this.#exchanges) exchange.close();
  }

  async during(phase: string, seconds: number): Promise<FailoverPhase> {
    const end = performance.now() + seconds * 1_000;
    const failed: Record<string, number> = {};
    let calls = 0;
    let slowest = 0;
    await Promise.all(
      this.#exchanges.map(async exchange => {
        for (let began = performance.now(); began < end; ) {
          const code = await this.#failureOf(exchange);
          const now = performance.now();
          calls += 1;
          slowest = Math.max(slowest, now - began);
          if (code !== undefined) failed[code] = (failed[code] ?? 0) + 1;
          began = now;
        }
      }),
    );
    return { phase, calls, callsPerSecond: calls / seconds, failed, slowest };
  }

  /** Makes a call, and returns the code of the error that it was answered with. */
  async #failureOf(exchange: Exchange): Promise<string | undefined> {
    const params = { name: toolName, arguments: { size } };
    const body = await exchange.post(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }));
    const { result, error } = JSON.parse(body);
    if (error === undefined && result?.content?.[0]?.text === this.#expected) return undefined;
    return String(error?.data?.code ?? 'a wrong answer');
  }
}

export function failoverTable(phases: readonly FailoverPhase[]): Table {
  return {
    head: ['', 'calls', 'calls/s', 'failed', 'slowest ms'],
    rows: phases.map(({ phase, calls, callsPerSecond, failed, slowest }) => {
      const codes = Object.entries(failed).map(([code, count]) => `${count} \`${code}\``);
      const rate = Math.round(callsPerSecond).toLocaleString('en');
      return [phase, calls.toLocaleString('en'), rate, codes.join(', ') || '0', slowest.toFixed(0)];
    }),
  };
}
