import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type CallFigures, Calls, callCells } from './calls.ts';
import { startGateway } from './gateway.ts';
import { freePort, startProgram } from './process.ts';
import type { Table } from './table.ts';

/** What calls met in one part of the run. */
export interface FailoverPhase extends CallFigures {
  readonly phase: string;
}

export interface FailoverOptions {
  readonly connections: number;
  /** The length of each part. */
  readonly seconds: number;
}

/** Calls a gateway in front of three servers while one of them is killed and started again. */
export async function measureFailover({ connections, seconds }: FailoverOptions): Promise<readonly FailoverPhase[]> {
  await using stop = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-failover-'));
  stop.defer(() => rm(folder, { recursive: true, force: true }));
  const ports = await Promise.all([1, 2, 3].map(freePort));
  const servers = await Promise.all(ports.map(port => startProgram('upstream', [String(port)], stop)));
  const urls = servers.map(({ url }) => url);
  const gateway = await startGateway('failover', urls, [], folder, stop);
  const calls = await Calls.open(gateway, { name: 'failover', connections });
  stop.defer(() => calls.close());
  const during = async (phase: string, length: number) => ({ phase, ...(await calls.during(length)) });
  await calls.during(seconds);
  const phases = [await during('three servers', seconds)];
  const killing = during('one of them is killed', seconds);
  await delay(200);
  process.kill(Number(servers[0]?.pid), 'SIGKILL');
  phases.push(await killing);
  const starting = during('it is started again', seconds * 2);
  await startProgram('upstream', [String(ports[0])], stop);
  phases.push(await starting, await during('three servers again', seconds));
  return phases;
}

export const failoverTable = (phases: readonly FailoverPhase[]): Table => ({
  head: ['', 'calls', 'calls/s', 'failed', 'slowest ms'],
  rows: phases.map(phase => [phase.phase, ...callCells(phase)]),
});
