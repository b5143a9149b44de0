import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../core/log.ts';
import { Metrics } from '../../core/metrics.ts';
import { SecretMask } from '../../core/secret-mask.ts';
import type { HookCallRecord } from './receipt-line.ts';
import { ReceiptLog, type ReceiptLogOptions } from './receipt-log.ts';
import { receiptSchema } from './receipt-schema.ts';

const record = (call: number, more: Partial<HookCallRecord> = {}): HookCallRecord => ({
  receipt: { plugin: 'redact', hook: 'tool_post_invoke', wallMs: 1.23456, outcome: 'proceed' },
  endedMs: Date.UTC(2026, 0, 2),
  ...{ request: 'r', call, binding: 'main', upstream: 'mail', method: 'tools/call' },
  ...more,
});
const changed = (before: object, after: object, more: Partial<HookCallRecord> = {}) =>
  record(1, {
    receipt: { plugin: 'redact', hook: 'tool_post_invoke', wallMs: 1, outcome: 'modified' },
    change: { before: before as never, after: after as never, tools: [] },
    ...more,
  });

describe('the log of receipts', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-receipts-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const metrics = new Metrics();
  const open = (options: Partial<ReceiptLogOptions> = {}) =>
    new ReceiptLog({
      ...{ file: join(folder, 'receipts'), keyFile: join(folder, 'state', 'key'), queue: 10, whenFull: 'block' },
      ...{ metrics, log: silentLog(), mask: new SecretMask() },
      ...options,
    });
  const lines = () =>
    readFileSync(join(folder, 'receipts'), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map(line => receiptSchema.parse(JSON.parse(line)));
  const dropped = () => metrics.series('sallyport_receipts_dropped_total', {}).value;
  const write = async (...records: readonly HookCallRecord[]) => {
    await using log = open();
    for (const each of records) log.add(each);
  };

  it('[HOOK-123] writes everything in order when it closes', async () => {
    await write(...[1, 2, 3, 4, 5].map(call => record(call)));
    expect(lines().map(({ call }) => call)).toEqual([1, 2, 3, 4, 5]);
    expect(lines()[0]).toMatchObject({ v: 1, time: '2026-01-02T00:00:00.000Z', mode: 'enforce', wall_ms: 1.235 });
  });

  it('[HOOK-123] writes soon without being closed', async () => {
    await using log = open();
    log.add(record(1));
    while (lines().length === 0) await new Promise(resolve => setTimeout(resolve, 5));
  });

  it('[HOOK-123] writes what is left when the process ends', async () => {
    const program = join(folder, 'program.ts');
    const at = (name: string) => JSON.stringify(join(import.meta.dirname, name));
    const options = { file: join(folder, 'receipts'), keyFile: join(folder, 'key'), queue: 10, whenFull: 'block' };
    writeFileSync(
      program,
      `import { ReceiptLog } from ${at('receipt-log.ts')};
       import { Metrics } from ${at('../../core/metrics.ts')};
       import { silentLog } from ${at('../../core/log.ts')};
       import { SecretMask } from ${at('../../core/secret-mask.ts')};
       const metrics = new Metrics(), mask = new SecretMask(), log = silentLog();
       const receipts = new ReceiptLog({ ...${JSON.stringify(options)}, metrics, log, mask });
       receipts.add(${JSON.stringify(record(1))});
       process.exit(0);`,
    );
    await new Promise(resolve => fork(program, { execArgv: [] }).once('exit', resolve));
    expect(lines()).toHaveLength(1);
  });

  it('[HOOK-123] lets calls wait while the queue is full, until the disk has the receipts', async () => {
    await using log = open({ queue: 2 });
    expect(log.room()).toBeUndefined();
    for (const call of [1, 2, 3]) log.add(record(call));
    const [first, second] = [log.room(), log.room()];
    expect(first).toBeInstanceOf(Promise);
    await Promise.all([first, second]);
    expect(lines()).toHaveLength(3);
    expect(dropped()).toBe(0);
  });

  it('[HOOK-123] does not let a call wait that was aborted', async () => {
    await using log = open({ queue: 1 });
    log.add(record(1));
    const abort = new AbortController();
    const [waiting, late] = [log.room(abort.signal), log.room(AbortSignal.abort(new Error('left')))];
    abort.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    await expect(late).rejects.toThrow('left');
  });

  it('[HOOK-123] drops and counts receipts where calls must not wait, and the next one says how many', async () => {
    const before = dropped();
    {
      await using log = open({ queue: 2, whenFull: 'drop' });
      for (const call of [1, 2, 3, 4]) log.add(record(call));
      expect(log.room()).toBeUndefined();
      const written = metrics.series('sallyport_receipts_total', {});
      const end = written.value + 2;
      while (written.value < end) await new Promise(resolve => setTimeout(resolve, 5));
      log.add(record(5));
    }
    expect(lines().map(({ call, dropped: lost }) => [call, lost])).toEqual([
      [1, undefined],
      [2, undefined],
      [5, 2],
    ]);
    expect(dropped() - before).toBe(2);
  });

  it('[HOOK-123] is also full when the values that wait are large', async () => {
    await using log = open({ queue: 1_000 });
    const text = 'x'.repeat(9 * 2 ** 20);
    log.add(changed({ text }, { text: `${text}y` }));
    expect(log.room()).toBeInstanceOf(Promise);
    await log.room();
    expect(log.room()).toBeUndefined();
    // They are hashed, and not compared.
    expect(lines()[0]).toMatchObject({ paths: [], more_paths: true });
    expect(lines()[0]?.before).not.toBe(lines()[0]?.after);
  });

  it('[HOOK-124] counts what a full disk refuses to the end', async () => {
    const before = dropped();
    {
      await using log = open({ file: '/dev/full' });
      log.add(record(1));
    }
    expect(dropped() - before).toBe(1);
  });

  it('[HOOK-122] hashes with a key that only the gateway can read, the same after a restart', async () => {
    const value = { content: [{ type: 'text', text: 'alice@example.com' }] };
    await write(changed(value, { content: [] }));
    await write(changed({ content: [] }, value), changed(value, value, { tenant: 'acme' }));
    const [first, second, ofTenant] = lines();
    expect(first?.before).toBe(second?.after);
    expect(first?.after).toBe(second?.before);
    expect(first?.key).toBe(second?.key);
    // The hash of one tenant's value does not reveal that another one has it too.
    expect(ofTenant?.before).not.toBe(first?.before);
    expect(statSync(join(folder, 'state', 'key')).mode & 0o777).toBe(0o600);
    rmSync(join(folder, 'state'), { recursive: true });
    await write(changed(value, { content: [] }));
    expect(lines()[3]?.before).not.toBe(first?.before);
    expect(lines()[3]?.key).not.toBe(first?.key);
    expect(readFileSync(join(folder, 'receipts'), 'utf8')).not.toContain('alice');
  });

  it.each([
    ['other users can read', () => writeFileSync(join(folder, 'bad'), Buffer.alloc(32), { mode: 0o644 })],
    ['it has 3 bytes', () => writeFileSync(join(folder, 'bad'), 'abc', { mode: 0o600 })],
  ])('[HOOK-122] refuses a key file: %s', (reason, make) => {
    make();
    expect(() => open({ keyFile: join(folder, 'bad') })).toThrow(
      expect.objectContaining({
        code: 'receipts_unusable',
        details: expect.objectContaining({ reason: expect.stringContaining(reason) }),
      }),
    );
  });

  it('[HOOK-122] shows what a block was called, unless that could be content or a secret', async () => {
    const blocked = (code: string) =>
      record(1, {
        receipt: {
          ...{ plugin: 'guard', hook: 'tool_pre_invoke', wallMs: 1, outcome: 'block' },
          violation: { code, reason: 'said alice@example.com', description: '' },
        },
        subject: 'alice@example.com',
      });
    const mask = new SecretMask();
    mask.learn('hunter22');
    {
      await using log = open({ mask });
      for (const code of ['PII_FOUND', 'alice@example.com', 'hunter22']) log.add(blocked(code));
    }
    expect(lines().map(({ outcome, code }) => [outcome, code])).toEqual([
      ['block', 'PII_FOUND'],
      ['block', '*'],
      ['block', '***'],
    ]);
    expect(lines()[0]?.subject).toMatch(/^hmac-sha256:/);
    expect(readFileSync(join(folder, 'receipts'), 'utf8')).not.toContain('alice');
  });
});
