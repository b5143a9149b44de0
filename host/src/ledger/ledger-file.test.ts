import { fork } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LedgerFile, type LedgerFileOptions } from './ledger-file.ts';
import { openSigningKey } from './signing-key.ts';
import { verifyLedger } from './verify-ledger.ts';

const event = (n: number, more: object = {}) =>
  JSON.stringify({ time: '2026-01-02T00:00:00.000Z', event: 'e', n, ...more });

describe('a ledger in a file', () => {
  let folder: string;
  let file: string;
  let problems: unknown[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-ledger-'));
    file = join(folder, 'audit.jsonl');
    problems = [];
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const key = (name = 'key') => openSigningKey(join(folder, name));
  const open = (options: Partial<LedgerFileOptions> = {}) =>
    new LedgerFile({
      ...{ file, key: key(), checkpoint: { lines: 100, seconds: 60 } },
      onProblem: error => void problems.push(error),
      ...options,
    });
  const write = async (numbers: readonly number[], options: Partial<LedgerFileOptions> = {}) => {
    const ledger = open(options);
    await ledger.append(numbers.map(n => event(n)));
    await ledger.close();
  };
  interface Line {
    readonly event: string;
    readonly n?: number;
    readonly seq: number;
    readonly details?: { readonly [member: string]: unknown };
  }
  const linesOf = (path = file): Line[] =>
    readFileSync(path, 'utf8')
      .split('\n')
      .filter(line => line.endsWith('"}') && line.startsWith('{"time'))
      .map(line => JSON.parse(line));
  const events = (path = file) => linesOf(path).map(({ event: name, n }) => (name === 'e' ? n : name.slice(6)));
  const files = () =>
    readdirSync(folder)
      .filter(name => name.endsWith('.jsonl'))
      .sort()
      .map(name => join(folder, name));
  const verify = (paths = files(), keys = [key().publicKey]) => verifyLedger(paths, { keys });

  it('[AUD-1] numbers lines, says where it begins, and signs its beginning and its end', async () => {
    await write([1, 2]);
    expect(events()).toEqual(['opened', 'checkpoint', 1, 2, 'checkpoint']);
    expect(linesOf().map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await verify()).toMatchObject({ intact: true, first: 1, last: 5, signed: { seq: 4 }, notices: [] });
  });

  it('[AUD-2] goes on with its chain after a restart', async () => {
    await write([1]);
    await write([2]);
    expect(events()).toEqual(['opened', 'checkpoint', 1, 'checkpoint', 'resumed', 'checkpoint', 2, 'checkpoint']);
    expect(await verify()).toMatchObject({ intact: true, last: 8, notices: [] });
  });

  it('[AUD-3] is signed after so many lines, also within one write', async () => {
    await write([1, 2, 3, 4, 5, 6], { checkpoint: { lines: 2, seconds: 60 } });
    expect(events()).toEqual([
      'opened',
      'checkpoint',
      1,
      2,
      'checkpoint',
      3,
      4,
      'checkpoint',
      5,
      6,
      'checkpoint',
      'checkpoint',
    ]);
    expect(await verify()).toMatchObject({ intact: true });
  });

  it('[AUD-3] is signed after so long, without another line', async () => {
    const ledger = open({ checkpoint: { lines: 100, seconds: 0.1 } });
    await ledger.append([event(1)]);
    await expect.poll(() => events()).toEqual(['opened', 'checkpoint', 1, 'checkpoint']);
    await ledger.close();
  });

  it('[AUD-4] is moved away when it is large, and each file says what it follows', async () => {
    const ledger = open({ rotate: { bytes: 2000 } });
    for (let n = 0; n < 12; n += 1) await ledger.append([event(n, { text: 'x'.repeat(500) })]);
    await ledger.close();
    expect(files().length).toBeGreaterThan(2);
    const [first, second] = files().map(path => linesOf(path));
    const last = first?.at(-1);
    expect(last).toMatchObject({ event: 'audit.checkpoint', details: { reason: 'rotated' } });
    expect(files()[0]).toContain(`audit.${String(last?.seq).padStart(12, '0').slice(0, 11)}`);
    expect(second?.[0]).toMatchObject({
      event: 'audit.opened',
      details: { previous: { seq: last?.seq, file: expect.stringMatching(/^audit\.\d{12}\.jsonl$/) } },
    });
    expect(await verify()).toMatchObject({ intact: true, first: 1, notices: [] });
    // The names are in the order of the chain, and so are files that are given in another one.
    expect(await verify(files().reverse())).toMatchObject({ intact: true });
  });

  it('[AUD-4] is moved away when it is old', async () => {
    await write([1]);
    const ledger = open({ rotate: { hours: 1 } });
    await ledger.append([event(2)]);
    expect(files()).toHaveLength(1);
    vi.useFakeTimers({ now: Date.now() + 2 * 3_600_000, toFake: ['Date'] });
    await ledger.append([event(3)]);
    vi.useRealTimers();
    await ledger.close();
    expect(files()).toHaveLength(2);
    expect(await verify()).toMatchObject({ intact: true });
  });

  it('[AUD-4] keeps so many files and says which it removed, and the rest can be verified', async () => {
    const ledger = open({ rotate: { bytes: 1000, keep: 2 } });
    for (let n = 0; n < 12; n += 1) await ledger.append([event(n, { text: 'x'.repeat(1000) })]);
    await ledger.close();
    expect(files()).toHaveLength(3);
    expect(events().filter(name => name === 'removed')).toHaveLength(1);
    const { intact, first } = await verify();
    expect(intact).toBe(true);
    expect(first).toBeGreaterThan(1);
  });

  it('[AUD-5] is opened again by its name after another program moved it away', async () => {
    const ledger = open();
    await ledger.append([event(1)]);
    renameSync(file, join(folder, 'moved.jsonl'));
    ledger.reopen();
    await ledger.append([event(2)]);
    // Nothing was moved this time.
    ledger.reopen();
    await ledger.append([event(3)]);
    await ledger.close();
    expect(events(join(folder, 'moved.jsonl'))).toEqual(['opened', 'checkpoint', 1, 'checkpoint']);
    expect(events()).toEqual(['opened', 'checkpoint', 2, 3, 'checkpoint']);
    expect(await verify()).toMatchObject({ intact: true, notices: [] });
  });

  it('[AUD-5] goes on with its chain if the file was moved away while no gateway ran', async () => {
    await write([1]);
    renameSync(file, join(folder, 'moved.jsonl'));
    await write([2]);
    expect(await verify()).toMatchObject({ intact: true, first: 1, last: 8, notices: [] });
  });

  it('[AUD-5] goes on with its chain in a file that was copied and cut', async () => {
    const ledger = open();
    await ledger.append([event(1)]);
    writeFileSync(join(folder, 'copy.jsonl'), readFileSync(file));
    truncateSync(file);
    await ledger.append([event(2)]);
    await ledger.close();
    expect(await verify()).toMatchObject({ intact: true, first: 1 });
  });

  it('[AUD-5] measures a file again that was copied and cut', async () => {
    const ledger = open({ rotate: { bytes: 3000 } });
    await ledger.append([event(1, { text: 'x'.repeat(1500) })]);
    writeFileSync(join(folder, 'copy.jsonl'), readFileSync(file));
    truncateSync(file);
    await ledger.append([event(2, { text: 'x'.repeat(1500) })]);
    await ledger.append([event(3)]);
    await ledger.close();
    expect(files()).toHaveLength(2);
    expect(await verify()).toMatchObject({ intact: true, first: 1 });
  });

  it('[AUD-5] writes what is left when the process ends, also to a file that was copied and cut', async () => {
    const program = join(folder, 'program.ts');
    const at = (name: string) => JSON.stringify(join(import.meta.dirname, name));
    writeFileSync(
      program,
      `import { truncateSync } from 'node:fs';
       import { LedgerFile } from ${at('ledger-file.ts')};
       import { openSigningKey } from ${at('signing-key.ts')};
       const key = openSigningKey(${JSON.stringify(join(folder, 'key'))});
       const file = ${JSON.stringify(file)};
       const ledger = new LedgerFile({ file, key, checkpoint: { lines: 9, seconds: 9 }, onProblem() {} });
       await ledger.append([${JSON.stringify(event(1))}]);
       truncateSync(file);
       void ledger.append([${JSON.stringify(event(2, { text: 'x'.repeat(2 ** 20) }))}]);
       setImmediate(() => { ledger.appendNow([${JSON.stringify(event(3))}]); process.exit(0); });`,
    );
    await once(fork(program, { execArgv: [] }), 'exit');
    expect(events()).toEqual([2, 3, 'checkpoint']);
    expect(await verify()).toMatchObject({ intact: true });
  });

  it('[AUD-6] records half a line that a killed process left, wherever it was cut', async () => {
    await write([1, 2]);
    const whole = readFileSync(file);
    const last = whole.lastIndexOf('\n', whole.length - 2) + 1;
    for (const length of [last + 1, last + 40, whole.length - 20, whole.length - 2, whole.length - 1]) {
      writeFileSync(file, whole.subarray(0, length));
      rmSync(`${file}.head`);
      expect(await verify()).toMatchObject({ intact: true });
      await write([3]);
      const { intact, problems: found, notices } = await verify();
      expect({ length, intact, found }).toEqual({ length, intact: true, found: [] });
      // A line that only lacks its end is whole.
      expect(notices.length).toBe(length === whole.length - 1 ? 0 : 2);
      expect(events().at(-2)).toBe(3);
    }
  });

  it('[AUD-6] takes nothing for a line of its own because it ends like one', async () => {
    await write([1]);
    appendFileSync(file, `{"event":"plugin.e","details":{"x":1,"seq":5,"hash":"${'0'.repeat(64)}"}`);
    await write([2]);
    expect(await verify()).toMatchObject({
      intact: true,
      notices: [{ message: expect.stringMatching('half a line') }],
    });
  });

  it('[AUD-6] shows that lines were cut off while no gateway ran', async () => {
    await write([1, 2, 3]);
    const whole = readFileSync(file);
    writeFileSync(file, whole.subarray(0, whole.indexOf('"n":2') - 20 - '"event":'.length));
    truncateSync(file, readFileSync(file).lastIndexOf('\n') + 1);
    await write([4]);
    expect(await verify()).toMatchObject({ intact: false, problems: [{ kind: 'removed', seq: 4 }] });
  });

  it('[AUD-6] begins after the lines that an older gateway wrote', async () => {
    writeFileSync(file, '{"event":"old"}\n{"event":"old"}\n');
    await write([1]);
    await write([2]);
    expect(await verify()).toMatchObject({
      intact: true,
      notices: [{ line: 1, message: expect.stringMatching('not protected') }],
    });
  });

  it('[AUD-6] writes what is left when the process ends, after what it was writing', async () => {
    const program = join(folder, 'program.ts');
    const at = (name: string) => JSON.stringify(join(import.meta.dirname, name));
    writeFileSync(
      program,
      `import { LedgerFile } from ${at('ledger-file.ts')};
       import { openSigningKey } from ${at('signing-key.ts')};
       const key = openSigningKey(${JSON.stringify(join(folder, 'key'))});
       const ledger = new LedgerFile({ file: ${JSON.stringify(file)}, key, checkpoint: { lines: 9, seconds: 9 }, onProblem() {} });
       void ledger.append([${JSON.stringify(event(1, { text: 'x'.repeat(2 ** 20) }))}]);
       setImmediate(() => { ledger.appendNow([${JSON.stringify(event(2))}]); process.exit(0); });`,
    );
    await new Promise(resolve => fork(program, { execArgv: [] }).once('exit', resolve));
    expect(events()).toEqual(['opened', 'checkpoint', 1, 2, 'checkpoint']);
    expect(await verify()).toMatchObject({ intact: true });
  });

  it('[AUD-7] is not written by two gateways', async () => {
    const ledger = open();
    expect(() => open()).toThrow('another gateway writes to it');
    await ledger.close();
    await write([1]);
  });

  it('[AUD-7] is not written by two gateways by different names', async () => {
    const link = join(folder, 'link.jsonl');
    symlinkSync(file, link);
    const ledger = open();
    expect(() => open({ file: link })).toThrow('another gateway writes to it');
    await ledger.append([event(1)]);
    await ledger.close();
    // What is beside the file is beside its target.
    await write([2], { file: link });
    expect(await verify([file])).toMatchObject({ intact: true, last: 8, notices: [] });
    expect(readdirSync(folder).sort()).toEqual(
      ['audit.jsonl', 'audit.jsonl.head', 'audit.jsonl.lock', 'key', 'link.jsonl'].sort(),
    );
  });

  it('[AUD-7] moves the target of a link away, and follows the link when it is opened again', async () => {
    const link = join(folder, 'link');
    symlinkSync(file, link);
    const ledger = open({ file: link, rotate: { bytes: 1 } });
    await ledger.append([event(1)]);
    await ledger.append([event(2)]);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(files()).toHaveLength(3);
    const other = join(folder, 'other.jsonl');
    rmSync(link);
    symlinkSync(other, link);
    const opened = open({ file: other });
    expect(() => ledger.reopen()).toThrow('another gateway writes to it');
    await opened.close();
    rmSync(other);
    ledger.reopen();
    expect(() => open({ file: other })).toThrow('another gateway writes to it');
    await ledger.append([event(3)]);
    await ledger.close();
    expect(await verify()).toMatchObject({ intact: true, first: 1 });
  });

  it('[AUD-7] stays locked for other processes when a second gateway in the same one was refused', async () => {
    const ledger = open();
    expect(() => open()).toThrow('another gateway writes to it');
    const program = join(folder, 'other.ts');
    writeFileSync(
      program,
      `import { lockFile } from ${JSON.stringify(join(import.meta.dirname, '../core/file-lock.ts'))};
       try { lockFile(${JSON.stringify(file)}); process.send('locked'); } catch (error) { process.send(error.message); }
       process.disconnect();`,
    );
    const [said] = await once(fork(program, { execArgv: [] }), 'message');
    expect(said).toContain('another gateway writes to it');
    await ledger.close();
  });

  it('[AUD-7] names a lock that is no lock', () => {
    writeFileSync(`${file}.lock`, 'not a database, but a text of some length '.repeat(100));
    expect(() => open()).toThrow(/the lock .*audit\.jsonl\.lock cannot be used: file is not a database/);
  });

  it('[AUD-7] waits while the disk refuses, and fails only when it is closing', async () => {
    const ledger = open({ file: '/dev/full' });
    const written = ledger.append([event(1)]).then(
      () => 'written',
      () => 'failed',
    );
    await expect.poll(() => problems).toMatchObject([{ code: 'ENOSPC' }]);
    expect(await Promise.race([written, new Promise(resolve => setTimeout(resolve, 20, 'waiting'))])).toBe('waiting');
    await ledger.close();
    expect(await written).toBe('failed');
    expect(existsSync('/dev/full.lock')).toBe(false);
  });

  it('[AUD-7] goes on in the old file while a folder has its name', async () => {
    const ledger = open({ rotate: { bytes: 100 } });
    await ledger.append([event(1)]);
    for (const path of files()) renameSync(path, path.replace('.jsonl', '.moved'));
    mkdirSync(file);
    expect(() => ledger.reopen()).toThrow('EISDIR');
    await ledger.append([event(2)]);
    expect(problems).toMatchObject([{ code: 'EISDIR' }]);
    rmSync(file, { recursive: true });
    ledger.reopen();
    await ledger.append([event(3)]);
    await ledger.close();
    const moved = readdirSync(folder).filter(name => name.endsWith('.moved'));
    expect(await verify([...files(), ...moved.map(name => join(folder, name))])).toMatchObject({
      intact: true,
      first: 1,
    });
  });

  it('[AUD-7] cannot be opened where the system refuses', () => {
    mkdirSync(file);
    expect(() => open()).toThrow('EISDIR');
    expect(() => open({ file: join(folder, 'missing', 'audit.jsonl') })).toThrow('ENOENT');
  });

  it('[AUD-7] takes a line of a megabyte', async () => {
    const ledger = open();
    await ledger.append([event(1, { text: 'ü'.repeat(2 ** 20) }), event(2)]);
    await ledger.close();
    await write([3]);
    expect(await verify()).toMatchObject({ intact: true, last: 9 });
  });

  it('[AUD-7] goes on when the clock jumps', async () => {
    const ledger = open({ rotate: { hours: 1, bytes: 10_000_000 } });
    await ledger.append([event(1)]);
    for (const hours of [-30, 24 * 400, 1]) {
      vi.useFakeTimers({ now: Date.now() + hours * 3_600_000, toFake: ['Date'] });
      await ledger.append([event(hours)]);
      vi.useRealTimers();
    }
    await ledger.close();
    expect(await verify()).toMatchObject({ intact: true, first: 1 });
  });

  it('[AUD-8] names another key that signs from a restart on', async () => {
    await write([1]);
    await write([2], { key: key('other') });
    const both = [key().publicKey, key('other').publicKey];
    expect(await verify(files(), both)).toMatchObject({ intact: true, keys: [{ trusted: true }, { trusted: true }] });
    expect(await verify()).toMatchObject({
      intact: false,
      problems: [{ kind: 'unknown_key' }, { kind: 'unknown_key' }],
    });
  });

  it.each<[string, (path: string) => void]>([
    ['other users can read it', path => chmodSync(path, 0o644)],
    ['not an unencrypted private key', path => writeFileSync(path, 'no key', { mode: 0o600 })],
  ])('[AUD-8] is not signed with a key file that is wrong: %s', (reason, spoil) => {
    const path = join(folder, 'spoiled');
    openSigningKey(path);
    spoil(path);
    expect(() => openSigningKey(path)).toThrow(reason);
  });
});
