import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChainInput } from '../../contract/hook-call.ts';
import { createLog, silentLog } from '../../core/log.ts';
import { Metrics } from '../../core/metrics.ts';
import { type AuditEvent, type AuditOptions, openAuditTrail } from './audit-trail.ts';
import { awaitRoom } from './await-room.ts';

const event = (number: number, details: unknown = {}): AuditEvent => ({
  ...{ event: `plugin.e${number}`, plugin: 'p', capability: 'audit', request: 'r', details },
});

describe('the audit trail in a file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-audit-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const metrics = new Metrics();
  const open = (options: AuditOptions = {}, log = silentLog()) =>
    openAuditTrail({ file: join(folder, 'audit'), ...options }, log, metrics);
  const lines = (): Record<string, unknown>[] =>
    readFileSync(join(folder, 'audit'), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line));
  const dropped = () => metrics.series('sallyport_audit_dropped_total', {}).value;

  it('[CAP-119] returns when an event is queued, and writes all in their order when it closes', async () => {
    {
      await using trail = open();
      for (const number of [1, 2, 3]) trail.write(event(number));
      expect(lines()).toEqual([]);
    }
    expect(lines().map(line => line.event)).toEqual(['plugin.e1', 'plugin.e2', 'plugin.e3']);
    expect(lines()[0]).toMatchObject({ time: expect.any(String), plugin: 'p', request: 'r' });
  });

  it('[CAP-119] writes soon without being closed', async () => {
    await using trail = open();
    trail.write(event(1));
    await expect.poll(lines).toHaveLength(1);
  });

  it('[CAP-119] writes what is left when the process ends', async () => {
    const program = join(folder, 'program.ts');
    const at = (name: string) => JSON.stringify(join(import.meta.dirname, name));
    writeFileSync(
      program,
      `import { openAuditTrail } from ${at('audit-trail.ts')};
       import { silentLog } from ${at('../../core/log.ts')};
       import { Metrics } from ${at('../../core/metrics.ts')};
       const trail = openAuditTrail({ file: ${JSON.stringify(join(folder, 'audit'))} }, silentLog(), new Metrics());
       trail.write(${JSON.stringify(event(1))});
       process.exit(0);`,
    );
    await new Promise(resolve => fork(program, { execArgv: [] }).once('exit', resolve));
    expect(lines()).toHaveLength(1);
  });

  it('[CAP-120] lets hook calls wait while the queue is full, and takes their events', async () => {
    await using trail = open({ queue: 2 });
    let calls = 0;
    const runner = awaitRoom(trail, {
      run: async () => {
        calls += 1;
        return { reports: [] };
      },
    });
    const input = {} as ChainInput;
    await runner.run(input);
    for (const number of [1, 2, 3]) trail.write(event(number));
    const abort = new AbortController();
    const [waiting, left] = [runner.run(input), runner.run(input, abort.signal)];
    abort.abort(new Error('the client left'));
    await expect(left).rejects.toThrow('the client left');
    expect(calls).toBe(1);
    await waiting;
    expect(calls).toBe(2);
    expect(lines()).toHaveLength(3);
    expect(dropped()).toBe(0);
  });

  it('[CAP-120] drops what is beyond the queue where that is set, and the next event counts it', async () => {
    const before = dropped();
    {
      await using trail = open({ queue: 2, when_full: 'drop' });
      for (const number of [1, 2, 3, 4]) trail.write(event(number));
      expect(trail.room?.()).toBeUndefined();
      await expect.poll(lines).toHaveLength(2);
      await expect
        .poll(() => {
          trail.write(event(5));
          return lines().length;
        })
        .toBeGreaterThan(2);
    }
    // The first of them are dropped as well while those before them are on their way to the disk.
    const next = lines()[2];
    expect(next).toMatchObject({ event: 'plugin.e5' });
    expect(next?.dropped).toBeGreaterThanOrEqual(2);
    expect(next?.dropped).toBeLessThanOrEqual(dropped() - before);
  });

  it('[CAP-120] does not grow without bound by events that nothing waits for', async () => {
    const before = dropped();
    await using trail = open();
    const details = 'x'.repeat(2 ** 20);
    for (let number = 0; number < 80; number += 1) trail.write(event(number, details));
    expect(dropped() - before).toBeGreaterThanOrEqual(16);
  });

  it('[CAP-120] writes to the log what the disk refuses to the end', async () => {
    const logged: Record<string, unknown>[] = [];
    const log = createLog('error', { write: (line: string) => void logged.push(JSON.parse(line)) });
    {
      await using trail = open({ file: '/dev/full' }, log);
      trail.write(event(1));
      trail.write(event(2));
    }
    expect(logged).toMatchObject([{ audit: { event: 'plugin.e1' } }, { audit: { event: 'plugin.e2' } }]);
  });
});

it('[CAP-120] calls do not wait where events go to the log', () => {
  const runner = { run: async () => ({ reports: [] }) };
  expect(awaitRoom(openAuditTrail({}, silentLog(), new Metrics()), runner)).toBe(runner);
});
