import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Ledger } from './ledger.ts';
import { type Place, seal } from './sealed-line.ts';
import { openSigningKey, type SigningKey } from './signing-key.ts';
import { type Stray, StrayLines } from './stray-lines.ts';
import { type VerifyOptions, verifyLedger } from './verify-ledger.ts';

describe('the verification of a ledger', () => {
  let folder: string;
  let key: SigningKey;
  let other: SigningKey;
  /** The lines of a closed chain: 1 opens it, 2 signs, 8 and 14 sign, and 16 closes it; the others are events. */
  let lines: readonly string[];
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-verify-'));
    key = openSigningKey(join(folder, 'key'));
    other = openSigningKey(join(folder, 'other'));
    lines = chain(key);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function chain(by: SigningKey, change: (n: number) => string = String, until = 11): string[] {
    const ledger = new Ledger(by, { lines: 5, seconds: 60 });
    const all = [ledger.opening('audit.opened', {}).line, ledger.checkpoint('opened').line];
    for (let n = 0; n < until; n += 1) {
      all.push(ledger.event(JSON.stringify({ time: 't', event: 'e', n: change(n) })).line);
      if (ledger.isDue) all.push(ledger.checkpoint('interval').line);
    }
    return [...all, ledger.checkpoint('closed').line];
  }
  const verify = (
    files: Readonly<Record<string, readonly string[] | string>>,
    options: Partial<VerifyOptions> = {},
  ) => {
    const paths = Object.entries(files).map(([name, content]) => {
      const path = join(folder, name);
      writeFileSync(path, typeof content === 'string' ? content : content.map(line => `${line}\n`).join(''));
      return path;
    });
    return verifyLedger(paths, { keys: [key.publicKey], ...options });
  };
  const found = async (changed: readonly string[]) =>
    (await verify({ changed })).problems.map(({ kind, line, seq }) => [kind, line, seq]);

  const without = (...left: readonly number[]) => lines.filter((_, index) => !left.includes(index + 1));
  const swapped = (line: number, by: string) => lines.with(line - 1, by);
  const at = (line: number) => lines[line - 1] ?? '';
  const place = (line: number): Place => {
    const { seq, hash } = JSON.parse(at(line));
    return { seq, hash };
  };
  const forged = (after: number) => seal('{"time":"t","event":"e","n":"forged"}', place(after)).line;

  it('[AUD-10] finds nothing in a ledger as it was written, and says what is signed', async () => {
    expect(await verify({ whole: lines })).toMatchObject({
      ...{ intact: true, problems: [], notices: [], first: 1, last: lines.length, hash: place(lines.length).hash },
      ...{ signed: { seq: lines.length - 1 }, checkpoints: 4, keys: [{ key: key.keyId, trusted: true }] },
    });
  });

  it.each<[string, () => readonly string[], readonly (readonly [string, number, number | undefined])[]]>([
    ['a removed line', () => without(4), [['removed', 4, 4]]],
    [
      'several removed lines',
      () => without(4, 5, 9),
      [
        ['removed', 4, 4],
        ['removed', 7, 9],
      ],
    ],
    ['a removed first line', () => without(1), []],
    ['a changed line', () => swapped(4, at(4).replace('"1"', '"7"')), [['changed', 4, 4]]],
    [
      'a changed number',
      () => swapped(4, at(4).replace('"seq":4', '"seq":5')),
      [
        ['removed', 4, 4],
        ['inserted', 5, 5],
        ['changed', 6, 6],
      ],
    ],
    [
      'a changed hash',
      () => swapped(4, at(4).replace(/[0-9a-f]{64}/, 'f'.repeat(64))),
      [
        ['changed', 4, 4],
        ['changed', 5, 5],
      ],
    ],
    ['a changed line with the hash that it should have', () => swapped(4, forged(3)), [['changed', 5, 5]]],
    [
      'a line that is no longer JSON',
      () => swapped(4, 'x'),
      [
        ['foreign', 4, undefined],
        ['removed', 5, 4],
      ],
    ],
    ['a line of another program', () => lines.toSpliced(4, 0, '{"event":"e"}'), [['foreign', 5, undefined]]],
    ['an empty line', () => lines.toSpliced(4, 0, ''), [['foreign', 5, undefined]]],
    ['an inserted line', () => lines.toSpliced(4, 0, forged(4)), [['inserted', 6, 5]]],
    ['a duplicated line', () => lines.toSpliced(4, 0, at(4)), [['duplicated', 5, 4]]],
    ['an old line again', () => lines.toSpliced(6, 0, at(3)), [['inserted', 7, 3]]],
    [
      'two lines in the wrong order',
      () => [...lines.slice(0, 3), at(5), at(4), ...lines.slice(5)],
      [['reordered', 5, 4]],
    ],
    ['a line that moved down', () => without(4).toSpliced(8, 0, at(4)), [['reordered', 9, 4]]],
    ['a changed checkpoint', () => swapped(8, at(8).replace('interval', 'closed')), [['changed', 8, 8]]],
    [
      'a removed checkpoint',
      () => without(8),
      [
        ['removed', 8, 8],
        ['unsigned', 10, 11],
      ],
    ],
    ['nothing', () => [], [['empty', 0, undefined]]],
    ['no ledger', () => ['{"event":"e"}'], [['empty', 1, undefined]]],
  ])('[AUD-11] finds %s', async (_, changed, expected) => {
    expect(await found(changed())).toEqual(expected);
  });

  /** Seals objects one after the other, without a key. */
  const sealedAfter = (before: Place, ...objects: readonly string[]): string[] => {
    let last = before;
    return objects.map(each => {
      const { line, ...next } = seal(each, last);
      last = next;
      return line;
    });
  };
  const objectAt = (line: number) => `${at(line).slice(0, at(line).lastIndexOf(',"seq"'))}}`;
  const resumed = (after: readonly string[], torn?: Stray): string[] => {
    const { seq, hash } = JSON.parse(after.at(-1) ?? '{}');
    const ledger = new Ledger(key, { lines: 5, seconds: 60 }, { seq, hash });
    const opening = ledger.opening('audit.resumed', { place: { seq, hash }, torn });
    return [...after, opening.line, ledger.checkpoint('opened').line, ledger.checkpoint('closed').line];
  };
  const strayOf = (...stray: readonly string[]): Stray => {
    const found = new StrayLines();
    for (const line of stray) found.add(Buffer.from(line));
    return found.describe();
  };
  const event = '{"time":"t","event":"e","n":"forged"}';
  const beginning = (interval: number, previous: Place) =>
    JSON.stringify({
      ...{ time: 't', event: 'audit.resumed' },
      details: {
        ...{ v: 1, previous, key: key.keyId, public_key: key.publicKey },
        checkpoint: { lines: interval, seconds: 60 },
      },
    });

  it.each<[string, () => readonly string[], readonly (readonly [string, number])[]]>([
    [
      'lines that were appended after an orderly end, before a start that signs them',
      () => resumed([...lines, ...sealedAfter(place(lines.length), event, event)]),
      [['inserted', 17]],
    ],
    [
      'the same with a beginning of their own',
      () => {
        const end = place(lines.length);
        return resumed([...lines, ...sealedAfter(end, beginning(5, end), event, event)]);
      },
      [['unsigned', 18]],
    ],
    [
      'an end that was made again behind a beginning that claims fewer signatures',
      () => {
        const more = Array.from({ length: 20 }, () => event);
        return [...lines.slice(0, 8), ...sealedAfter(place(8), beginning(1_000_000, place(8)), ...more)];
      },
      [
        ['unsigned', 10],
        ['unsigned', 16],
      ],
    ],
    [
      'a whole event that was appended, although the next start has recorded it as half a line',
      () => {
        const planted = '{"time":"t","event":"access.refused","subject":"alice"}';
        return [...lines, planted, ...resumed(lines, strayOf(planted)).slice(lines.length)];
      },
      [['foreign', 17]],
    ],
  ])('[AUD-12] finds %s', async (_, changed, expected) => {
    const { problems } = await verify({ changed: changed() });
    expect(problems.map(({ kind, line }) => [kind, line])).toEqual(expected);
  });

  it('[AUD-12] does not take the signature of a later line for that of a first one', async () => {
    const replayed = sealedAfter({ seq: 2, hash: '0'.repeat(64) }, objectAt(8), event);
    expect(await verify({ replayed })).toMatchObject({ intact: false, signed: undefined, checkpoints: 0 });
  });

  it('[AUD-12] says how much was signed only by the start after a crash', async () => {
    expect(await verify({ crashed: resumed(lines.slice(0, 10)) })).toMatchObject({
      intact: true,
      notices: [{ line: 11, message: expect.stringContaining('2 lines, is signed only here') }],
    });
  });

  it('[AUD-13] is not satisfied by the end of another chain with the same key', async () => {
    const spliced = [...lines, ...chain(key, String, 40)];
    expect(await verify({ spliced }, { expectSequence: lines.length + 1 })).toMatchObject({
      problems: [{ kind: 'cut_short', line: lines.length + 1 }],
    });
  });

  it('[AUD-14] checks a first line by its own signature, if it is one', async () => {
    expect(await verify({ signed: lines.slice(7) })).toMatchObject({ intact: true, first: 8, notices: [] });
    expect(await found([at(8).replace('interval', 'rotated'), ...lines.slice(8)])).toEqual([['changed', 1, 8]]);
  });

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['a chain that was made again with another key', () => chain(other), ['unknown_key', 'unsigned']],
    [
      'a chain that was made again with other contents, and the signatures of the true one',
      () => {
        const made = chain(other, n => `x${n}`);
        const signed = lines.filter(line => line.includes('audit.checkpoint'));
        let before: Place = { seq: 0, hash: '0'.repeat(64) };
        return made.map(line => {
          const object = line.includes('audit.checkpoint') ? (signed.shift() ?? line) : line;
          const { line: own, ...next } = seal(`${object.slice(0, object.lastIndexOf(',"seq"'))}}`, before);
          before = next;
          return own;
        });
      },
      ['signature', 'unsigned'],
    ],
    [
      'a chain whose signatures were left out',
      () => {
        let before: Place = { seq: 0, hash: '0'.repeat(64) };
        return lines
          .filter(line => !line.includes('audit.checkpoint'))
          .map(line => {
            const { line: own, ...next } = seal(`${line.slice(0, line.lastIndexOf(',"seq"'))}}`, before);
            before = next;
            return own;
          });
      },
      ['unsigned'],
    ],
  ])('[AUD-12] finds %s', async (_, changed, kinds) => {
    const { intact, problems } = await verify({ changed: changed() });
    expect(intact).toBe(false);
    expect([...new Set(problems.map(({ kind }) => kind))]).toEqual(kinds);
  });

  it('[AUD-12] without a public key checks the signatures with the one in the file, and does not call it trusted', async () => {
    expect(await verify({ whole: lines }, { keys: [] })).toMatchObject({ intact: true, keys: [{ trusted: false }] });
  });

  it('[AUD-13] finds an end that was cut off only if it is told how far the chain went', async () => {
    for (const [count, signed] of [
      [9, 7],
      [8, 7],
      [2, 1],
    ] as const) {
      const short = lines.slice(0, count);
      expect(await verify({ short })).toMatchObject({ intact: true, last: count, signed: { seq: signed } });
      expect(await verify({ short }, { expectSequence: lines.length })).toMatchObject({
        intact: false,
        problems: [{ kind: 'cut_short', seq: lines.length }],
      });
    }
    expect(await verify({ whole: lines }, { expectSequence: lines.length })).toMatchObject({ intact: true });
  });

  it('[AUD-13] takes half a line at the end for that of a process that was killed', async () => {
    const text = lines.map(line => `${line}\n`).join('');
    expect(await verify({ torn: text.slice(0, -30) })).toMatchObject({
      intact: true,
      notices: [{ line: lines.length, message: expect.stringMatching('ended while it wrote') }],
    });
  });

  it('[AUD-14] finds a file that is missing between two others', async () => {
    const [a, b, c] = [lines.slice(0, 4), lines.slice(4, 9), lines.slice(9)];
    expect(await verify({ c, a, b })).toMatchObject({
      intact: true,
      files: [{ first: 1, last: 4 }, { first: 5 }, { first: 10 }],
    });
    const { problems } = await verify({ c, a });
    expect(problems).toMatchObject([
      { kind: 'removed', seq: 5, line: 1, message: expect.stringMatching('lines 5 to 9 are missing before c') },
    ]);
    expect(await verify({ b, c })).toMatchObject({
      ...{ intact: true, first: 5 },
      notices: [{ message: 'the chain begins with 5, which is not checked itself: what it follows was not given' }],
    });
  });

  it('[AUD-14] takes another chain for one that follows only if the one before was closed', async () => {
    const again = chain(key);
    expect(await verify({ both: [...lines, ...again] })).toMatchObject({ intact: true, notices: [{}] });
    expect(await verify({ both: [...lines.slice(0, -1), ...again] })).toMatchObject({
      problems: [{ kind: 'restarted' }],
    });
  });

  it('[AUD-15] lists a hundred problems, and counts the others', async () => {
    const many = Array.from({ length: 300 }, (_, n) => (n % 2 === 0 ? at(1) : '{"n":1}'));
    const { problems, more_problems: more } = await verify({ many });
    expect(problems).toHaveLength(100);
    expect(more).toBeGreaterThan(100);
  });

  it('[AUD-15] gets through a gap that is filled again in pieces, and through many keys', async () => {
    const numbered = (seq: number) => `{"n":1,"seq":${seq},"hash":"${'0'.repeat(64)}"}`;
    const pieces = [numbered(1), numbered(200_000), ...Array.from({ length: 50_000 }, (_, n) => numbered(2 * n + 2))];
    expect(await verify({ pieces })).toMatchObject({ intact: false, more_problems: expect.any(Number) });
    const signed = (by: number) => at(8).replace(/"key":"[0-9a-f]{64}"/, `"key":"${String(by).padStart(64, '0')}"`);
    const many = Array.from({ length: 300 }, (_, n) => signed(n).replace('"seq":8,"hash"', `"seq":${n + 1},"hash"`));
    expect((await verify({ many })).keys.length).toBeLessThanOrEqual(100);
  });

  it.each([
    [
      'a line that claims to be its own and is nested deeply',
      () => `{"event":"audit.opened","d":${'['.repeat(2 ** 22)}`,
    ],
    ['bytes that are no text', () => Buffer.from([0, 255, 10, 0, 254, 10]).toString('latin1')],
    ['a number that is too large', () => at(4).replace('"seq":4', `"seq":${'9'.repeat(40)}`)],
    [
      'a checkpoint without members',
      () => seal('{"time":"t","event":"audit.checkpoint","details":{}}', place(13)).line,
    ],
    [
      'an opening line without members',
      () => seal('{"time":"t","event":"audit.opened","details":null}', place(13)).line,
    ],
  ])('[AUD-15] gets through %s', async (_, content) => {
    const { intact } = await verify({ strange: `${lines.join('\n')}\n${content()}\n` });
    expect(typeof intact).toBe('boolean');
  });
});
