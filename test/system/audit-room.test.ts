import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openAuditTrail } from '../../host/src/capability/audit/audit-trail.ts';
import { silentLog } from '../../host/src/core/log.ts';
import { Metrics } from '../../host/src/core/metrics.ts';
import { rpc } from '../fixtures/open-gateway.ts';
import { openRawGateway } from '../fixtures/open-raw-gateway.ts';

const list = rpc('tools/list', {});

/** A gateway whose audit log is on a disk that is full. */
async function openOnFullDisk(whenFull: 'block' | 'drop') {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-audit-room-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const ledger = { keyFile: join(folder, 'key'), checkpoint: { lines: 100, seconds: 60 } };
  const trail = openAuditTrail(
    { file: '/dev/full', ledger, queue: 1, when_full: whenFull },
    silentLog(),
    new Metrics(),
  );
  const closing = new AsyncDisposableStack();
  closing.use(trail);
  onTestFinished(() => closing.disposeAsync());
  const gateway = await openRawGateway({ auditCall: members => trail.writeMembers(members), auditRoom: trail.room });
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  return { gateway, closeTrail: () => closing.disposeAsync(), headers: await gateway.session() };
}

const soon = (ms: number) => new Promise(resolve => setTimeout(resolve, ms, 'waiting'));

it('[CAP-120] requests without a plugin wait while the audit log of calls is full', async () => {
  const { gateway, closeTrail, headers } = await openOnFullDisk('block');
  expect(await gateway.post(list, headers)).toMatchObject({ status: 200 });
  const waiting = gateway.post(list, headers).then(({ status }) => status);
  expect(await Promise.race([waiting, soon(100)])).toBe('waiting');
  await closeTrail();
  expect(await waiting).toBe(200);
});

it('[CAP-120] a request whose client leaves no longer waits for the audit log', async () => {
  const { gateway, headers } = await openOnFullDisk('block');
  await gateway.post(list, headers);
  const abort = new AbortController();
  const left = fetch(`${gateway.url}/mcp`, {
    ...{ method: 'POST', body: JSON.stringify(list), signal: abort.signal },
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
  });
  await expect.poll(() => [...gateway.server.callers].length).toBe(1);
  abort.abort();
  await expect(left).rejects.toThrow('aborted');
  await expect.poll(() => [...gateway.server.callers].length).toBe(0);
});

it('[CAP-120] a gateway whose audit log is full ends what waits for it when it drains', async () => {
  const { gateway, headers } = await openOnFullDisk('block');
  await gateway.post(list, headers);
  const waiting = gateway.post(list, headers).then(({ status }) => status);
  await expect.poll(() => [...gateway.server.callers].length).toBe(1);
  await gateway.server.drain(10);
  expect(await waiting).toBe(503);
});

it('[CAP-120] requests do not wait where events are dropped', async () => {
  const { gateway, headers } = await openOnFullDisk('drop');
  for (const _ of [1, 2, 3]) expect(await gateway.post(list, headers)).toMatchObject({ status: 200 });
});
