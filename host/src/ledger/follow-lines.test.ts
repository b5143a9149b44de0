import { appendFileSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../../../test/fixtures/temporary-folder.ts';
import { followLines } from './follow-lines.ts';
import { LedgerFile } from './ledger-file.ts';
import type { Rotation } from './rotation.ts';
import { openSigningKey } from './signing-key.ts';

describe('following a log [AUD-35]', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await temporaryFolder();
    file = join(folder, 'audit.jsonl');
  });

  const open = (rotate?: Rotation) => {
    const key = openSigningKey(join(folder, 'key'));
    const options = {
      file,
      key,
      checkpoint: { lines: 100, seconds: 60 },
      rotate,
      onProblem: (error: unknown) => expect.fail(String(error)),
    };
    return new LedgerFile(options);
  };
  const event = (n: number) =>
    JSON.stringify({ time: '2026-01-02T00:00:00.000Z', event: 'e', n, text: 'x'.repeat(100) });
  /** Follows the file. Returns the numbers of the events that were seen, and what ends it. */
  const follow = (everyMs = 1) => {
    const ends = new AbortController();
    const seen: number[] = [];
    const ended = (async () => {
      for await (const line of followLines(file, { signal: ends.signal, everyMs })) {
        const { n } = JSON.parse(line.toString());
        if (n !== undefined) seen.push(n);
      }
    })();
    const end = () => {
      ends.abort();
      return ended;
    };
    onTestFinished(end);
    return { seen, end };
  };
  const numbers = (until: number, from = 0) => Array.from({ length: until - from }, (_, n) => from + n);

  it('shows what is there and what is appended, in whole lines', async () => {
    writeFileSync(file, `${event(0)}\n${event(1).slice(0, 20)}`);
    const { seen, end } = follow();
    await expect.poll(() => seen).toEqual([0]);
    appendFileSync(file, event(1).slice(20));
    appendFileSync(file, `\n${event(2)}\n`);
    await expect.poll(() => seen).toEqual([0, 1, 2]);
    await end();
  });

  it.each([1, 50])('shows each event once while the gateway rotates, looking every %i ms', async everyMs => {
    const ledger = open({ bytes: 500 });
    await ledger.append([event(0)]);
    const { seen, end } = follow(everyMs);
    for (const n of numbers(60, 1)) await ledger.append([event(n)]);
    await ledger.close();
    await expect.poll(() => seen.length).toBe(60);
    expect(seen).toEqual(numbers(60));
    await end();
  });

  it('shows what the gateway still writes to a file that was moved away', async () => {
    const ledger = open();
    await ledger.append([event(0)]);
    const { seen, end } = follow();
    await expect.poll(() => seen).toEqual([0]);
    renameSync(file, join(folder, 'moved.jsonl'));
    await ledger.append([event(1)]);
    ledger.reopen();
    await ledger.append([event(2)]);
    await ledger.close();
    await expect.poll(() => seen).toEqual([0, 1, 2]);
    await end();
  });

  it('goes on in a file that was copied and truncated', async () => {
    const ledger = open();
    await ledger.append(numbers(20).map(event));
    const { seen, end } = follow();
    await expect.poll(() => seen).toEqual(numbers(20));
    truncateSync(file);
    await ledger.append([event(20)]);
    await ledger.close();
    await expect.poll(() => seen).toEqual(numbers(21));
    await end();
  });

  it('ends when it is asked to, and fails where there is no file', async () => {
    await expect(followLines(file, { signal: AbortSignal.timeout(60_000) }).next()).rejects.toThrow('ENOENT');
    writeFileSync(file, `${event(0)}\n`);
    const { seen, end } = follow(3_600_000);
    await expect.poll(() => seen).toEqual([0]);
    await end();
    expect(readFileSync(file, 'utf8')).toBe(`${event(0)}\n`);
  });
});
