import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Ledger } from './ledger.ts';
import { LedgerFile } from './ledger-file.ts';
import { type Place, seal } from './sealed-line.ts';
import { openSigningKey } from './signing-key.ts';
import { verifyLedger } from './verify-ledger.ts';

const nines = 999_999_999_999_999;
const hash = '0'.repeat(64);
const event = (n: number) => JSON.stringify({ time: '2026-01-02T00:00:00.000Z', event: 'e', n });
/** A line with this number, whose hash is right if the line before has this place. */
const after = (seq: number, before = hash) => seal(event(0), { seq: seq - 1, hash: before });

describe('a start [AUD-33]', () => {
  let folder: string;
  let file: string;
  let reported: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-ledger-'));
    file = join(folder, 'audit.jsonl');
    reported = [];
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const key = (name = 'key') => openSigningKey(join(folder, name));
  const open = (signer = key()) =>
    new LedgerFile({
      ...{ file, key: signer, checkpoint: { lines: 100, seconds: 60 } },
      onProblem: error => expect.fail(String(error)),
      onUnverified: found => void reported.push(found),
    });
  const write = async (numbers: readonly number[], signer = key()) => {
    const ledger = open(signer);
    await ledger.append(numbers.map(event));
    await ledger.close();
  };
  const text = () => readFileSync(file, 'utf8');
  const lines = () => text().split('\n').slice(0, -1);
  const placeOf = (line: number): Place => JSON.parse(lines().at(line) ?? '');
  const last = () => placeOf(-1);
  const plant = (...planted: readonly string[]) => appendFileSync(file, planted.map(line => `${line}\n`).join(''));
  /** The kinds of the problems. */
  const found = async (files: readonly string[] = [file], keys = [key().publicKey]) =>
    (await verifyLedger(files, { keys })).problems.map(({ kind }) => kind);

  it.each<[what: string, planted: () => readonly string[]]>([
    ['a line with the highest number', () => [after(nines).line]],
    ['a line with a higher number that could be continued', () => [after(1_000).line]],
    [
      'lines with higher numbers that follow each other',
      () => {
        const first = after(1_000);
        return [first.line, seal(event(0), first).line, seal(event(0), { ...first, seq: 1_001 }).line];
      },
    ],
    ['the next number with a wrong hash', () => [after(last().seq + 1).line]],
    ['a line that follows, with the highest number', () => [after(nines, last().hash).line]],
    [
      'the signature of another ledger with the same key',
      () => {
        const other = new Ledger(key(), { lines: 9, seconds: 9 }, { seq: 5_000, hash });
        return [other.checkpoint('interval').line];
      },
    ],
    ['an event', () => [event(0), event(1)]],
    ['an event, and half a line', () => [event(0), '{"time']],
    ['half a line that no crash leaves beside another one', () => ['{"time', '{"event":"e']],
    [
      'a first line and a signature by another key',
      () => {
        const other = new Ledger(key('other'), { lines: 9, seconds: 9 }, { seq: nines - 5, hash });
        const opening = other.opening('audit.resumed', { place: other.place });
        return [opening.line, other.checkpoint('opened').line];
      },
    ],
  ])('continues after its own last line, and records %s', async (_, planted) => {
    await write([1, 2]);
    const own = last();
    plant(...planted());
    await write([3]);
    const opening = JSON.parse(lines().findLast(line => line.includes('audit.resumed')) ?? '');
    expect(opening.details).toMatchObject({ previous: { seq: own.seq }, foreign: { bytes: expect.any(Number) } });
    expect(reported).toEqual([
      expect.stringContaining(`after the line with the number ${own.seq} are not of the chain`),
    ]);
    const kinds = await found();
    expect(kinds).toContain('foreign');
    expect(kinds.filter(kind => !['foreign', 'changed', 'unknown_key'].includes(kind))).toEqual([]);
    // From there on everything is as if nothing had been planted.
    await write([4]);
    expect(last().seq).toBe(own.seq + 8);
    expect([await found(), reported.length]).toEqual([kinds, 1]);
  });

  it.each<[what: string, from: number, to: number, kind: string]>([
    ['an old line again', 2, 3, 'foreign'],
    ['old lines with their signature', 2, 5, 'duplicated'],
  ])('does not go back to %s', async (_, from, to, kind) => {
    await write([1, 2]);
    plant(...lines().slice(from, to));
    await write([3]);
    expect(last().seq).toBe(9);
    expect(await found()).toContain(kind);
  });

  it('is reported when it recorded lines that are gone now', async () => {
    await write([1]);
    const whole = text();
    plant(after(nines).line);
    await write([2]);
    const planted = after(nines).line;
    writeFileSync(file, text().replace(`${planted}\n`, ''));
    expect(text().startsWith(whole)).toBe(true);
    expect(await found()).toEqual(['foreign']);
  });

  it.each<[what: string, head: () => string]>([
    ['the highest number', () => after(nines).line],
    [
      'a signature that is not valid',
      () =>
        lines()
          .at(-1)
          ?.replace(/"signature":"..../, '"signature":"AAAA') ?? '',
    ],
    [
      'the signature of another key',
      () => new Ledger(key('other'), { lines: 9, seconds: 9 }).checkpoint('closed').line,
    ],
    ['nothing', () => ''],
    ['megabytes', () => 'x'.repeat(2 ** 22)],
  ])('begins a chain if only `.head` names the end of the one before, with %s', async (_, head) => {
    await write([1]);
    writeFileSync(`${file}.head`, head());
    await write([2]);
    // Beside a file that holds it does not count.
    expect([await found(), reported]).toEqual([[], []]);
    writeFileSync(`${file}.head`, head());
    const moved = join(folder, 'moved.jsonl');
    renameSync(file, moved);
    await write([3]);
    expect(placeOf(0)).toMatchObject({ seq: 1, event: 'audit.opened', details: { broken: 'head' } });
    expect(reported).toEqual([expect.stringContaining('.head could not be verified; a new chain begins')]);
    expect(await found([moved, file])).toEqual(['restarted']);
    await write([4]);
    expect([await found([moved, file]), reported.length]).toEqual([['restarted'], 1]);
  });

  it.each<[what: string, content: readonly string[]]>([
    ['a single line with the highest number', [after(nines).line]],
    ['lines with numbers that do not follow each other', [after(7).line, after(9).line]],
  ])('begins a chain in a file with nothing but %s', async (_, content) => {
    plant(...content);
    await write([1]);
    expect(placeOf(content.length)).toMatchObject({ seq: 1, details: { broken: 'file' } });
    expect(reported).toEqual(['no line at its end could be verified; a new chain begins']);
    expect(await found()).toContain('restarted');
    await write([2]);
    expect([last().seq, reported.length]).toEqual([8, 1]);
  });

  it('continues after what `.head` proves if the file holds nothing', async () => {
    await write([1]);
    const { seq } = last();
    writeFileSync(file, `${after(nines).line}\n`);
    await write([2]);
    expect(placeOf(1)).toMatchObject({ seq: seq + 1, details: { broken: 'file', previous: { seq } } });
    expect(await found()).toContain('restarted');
  });

  it('continues lines that another key has signed, and not a number that none could reach', async () => {
    await write([1], key('other'));
    await write([2]);
    const keys = [key().publicKey, key('other').publicKey];
    expect([await found([file], keys), reported, last().seq]).toEqual([[], [], 8]);
  });

  it('continues lines that the one before could not sign any more', async () => {
    await write([1, 2, 3, 4]);
    writeFileSync(file, `${lines().slice(0, 4).join('\n')}\n`);
    rmSync(`${file}.head`);
    await write([5]);
    expect(await verifyLedger([file], { keys: [key().publicKey] })).toMatchObject({ intact: true, last: 8 });
    expect(reported).toEqual([]);
  });

  describe('after several crashes that each left half a line [AUD-6]', () => {
    /** Cuts the file within its last line with this event, as if nothing had been written or signed since. */
    const cut = (name: string, length: number) => {
      const at = text().lastIndexOf('\n', text().lastIndexOf(`"event":"${name}"`)) + 1;
      writeFileSync(file, text().slice(0, at + length));
    };
    const crash = async (name: string, length: number) => {
      const head = readFileSync(`${file}.head`);
      await write([3]);
      cut(name, length);
      writeFileSync(`${file}.head`, head);
    };
    it.each([[1], [9], [20], [45], [60], [200]])('records all of them, cut after %i characters', async length => {
      await write([1, 2]);
      const [, signature = ''] = lines();
      cut('e', 30);
      writeFileSync(`${file}.head`, signature);
      for (let n = 0; n < 3; n += 1) await crash('audit.resumed', length);
      expect((await verifyLedger([file], { keys: [key().publicKey] })).intact).toBe(true);
      await write([4]);
      const { problems, notices } = await verifyLedger([file], { keys: [key().publicKey] });
      expect([problems, reported]).toEqual([[], []]);
      expect(notices[0]).toMatchObject({ message: expect.stringContaining('halves of 4 lines') });
    });

    it.each([[1], [40], [200]])('also in a file that was just begun, cut after %i characters', async length => {
      await write([1]);
      const moved = join(folder, 'moved.jsonl');
      renameSync(file, moved);
      for (let n = 0; n < 2; n += 1) await crash('audit.opened', length);
      await write([3]);
      const { problems } = await verifyLedger([moved, file], { keys: [key().publicKey] });
      expect([problems, reported]).toEqual([[], []]);
    });
  });
});
