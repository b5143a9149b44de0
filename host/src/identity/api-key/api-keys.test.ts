import { appendFile, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../core/log.ts';
import { createApiKeys } from './api-keys.ts';
import { appendToKeyFile, readKeyFile, type StoredKey } from './key-file.ts';
import { createKeyText, hashKey, idOfKey } from './key-text.ts';

const created = '2026-01-01T00:00:00Z';
let folder: string;
let file: string;
let lines: Record<string, unknown>[];
const log = createLog('info', { write: line => void lines.push(JSON.parse(line)) });

beforeEach(async () => {
  lines = [];
  folder = await mkdtemp(join(tmpdir(), 'sallyport-keys-'));
  file = join(folder, 'keys.jsonl');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function addKey(more: Partial<StoredKey> = {}): Promise<string> {
  const key = createKeyText();
  const stored = {
    id: idOfKey(key) ?? '',
    sha256: hashKey(key).toString('hex'),
    subject: 'ada',
    scopes: ['b', 'a'],
    created,
  };
  await appendToKeyFile(file, { ...stored, ...more });
  return key;
}

const request = (authorization?: string) =>
  Object.assign(new IncomingMessage(new Socket()), { headers: authorization === undefined ? {} : { authorization } });

const reasonOf = (run: () => unknown) => {
  try {
    return run();
  } catch (thrown) {
    return (thrown as { details: { reason: string } }).details.reason;
  }
};

const open = () => createApiKeys({ id: 'keys', file, log });

describe('an API key [GW-119]', () => {
  it('names its caller, who is the same object each time', async () => {
    const key = await addKey({ tenant: 'one' });
    const scheme = open();
    const ada = scheme(request(`Bearer ${key}`), 'main');
    expect(ada).toEqual({ scheme: 'keys', subject: 'ada', tenant: 'one', scopes: ['a', 'b'], claims: {} });
    expect(scheme(request(`bearer  ${key}`), 'main')).toBe(ada);
  });

  const other = createKeyText();
  const cases: readonly { what: string; change(key: string): string | undefined; is: string | undefined }[] = [
    { what: 'no header', change: () => undefined, is: undefined },
    { what: 'another scheme', change: () => 'Basic YTpi', is: undefined },
    { what: 'a token of another form', change: () => 'Bearer eyJh.eyJz.c2ln', is: undefined },
    { what: 'only the prefix', change: () => 'Bearer sallyport_', is: 'malformed' },
    {
      what: 'a mistyped key',
      change: key => `Bearer ${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`,
      is: 'malformed',
    },
    { what: 'a key that is too long', change: key => `Bearer ${key}0`, is: 'malformed' },
    { what: 'a key of nobody', change: () => `Bearer ${other}`, is: 'unknown' },
  ];
  it.each(cases)('$what: $is', async ({ change, is }) => {
    const header = change(await addKey());
    expect(reasonOf(() => open()(request(header), 'main'))).toBe(is);
  });

  it('is refused if its id is right and its secret is not', async () => {
    const key = await addKey({ sha256: hashKey('another').toString('hex') });
    expect(reasonOf(() => open()(request(`Bearer ${key}`), 'main'))).toBe('wrong_key');
  });

  it('is refused after its expiry', async () => {
    const [past, future] = [await addKey({ expires: created }), await addKey({ expires: '2999-01-01T00:00:00Z' })];
    const scheme = open();
    expect(reasonOf(() => scheme(request(`Bearer ${past}`), 'main'))).toBe('expired');
    expect(scheme(request(`Bearer ${future}`), 'main')).toMatchObject({ subject: 'ada' });
  });

  it('is refused within a second of being revoked, and a new one is accepted [GW-120]', async () => {
    const key = await addKey();
    const scheme = open();
    const seen = (text: string) => reasonOf(() => scheme(request(`Bearer ${text}`), 'main'));
    expect(seen(key)).toMatchObject({ subject: 'ada' });
    await appendToKeyFile(file, { id: idOfKey(key) ?? '', revoked: created });
    const second = await addKey({ subject: 'bob' });
    await expect.poll(() => seen(key)).toBe('revoked');
    expect(seen(second)).toMatchObject({ subject: 'bob' });
  });

  it('is refused while the file cannot be read, and accepted when it can [GW-120]', async () => {
    const key = await addKey();
    const scheme = open();
    const seen = () => reasonOf(() => scheme(request(`Bearer ${key}`), 'main'));
    const before = await readFile(file);
    await appendFile(file, 'garbage\n');
    await expect.poll(seen).toBe('unknown');
    expect(lines).toContainEqual(expect.objectContaining({ level: 40, code: 'keys_unusable' }));
    await writeFile(file, before);
    await expect.poll(seen).toMatchObject({ subject: 'ada' });
    await rm(file);
    await expect.poll(seen).toBe('unknown');
    await symlink(file, file);
    await expect.poll(seen).toBe('unknown');
    await rm(file);
    await writeFile(file, before);
    await expect.poll(seen).toMatchObject({ subject: 'ada' });
  });
});

describe('the file of API keys [GW-119]', () => {
  it('contains no key, and only its owner can read it', async () => {
    const key = await addKey();
    expect(await readFile(file, 'utf8')).not.toContain(key.slice(24));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('loses nothing when many write at once, nor after a line that was cut off', async () => {
    await Promise.all(Array.from({ length: 50 }, () => addKey()));
    expect(readKeyFile(file)).toHaveLength(50);
    await appendFile(file, '{"id":"x","sha2');
    await addKey();
    expect(() => readKeyFile(file)).toThrow(/keys\.jsonl:51:1: keys_unusable/);
    expect((await readFile(file, 'utf8')).trimEnd().split('\n')).toHaveLength(52);
  });

  const key = { id: 'a', sha256: '0'.repeat(64), subject: 'ada', scopes: [], created };
  const refused = [
    { what: 'text that is not JSON', lines: ['{'], says: /not valid JSON/ },
    { what: 'another member', lines: [{ ...key, admin: true }], says: /neither a key/ },
    { what: 'a hash of another length', lines: [{ ...key, sha256: '00' }], says: /neither a key/ },
    { what: 'two keys of one id', lines: [key, key], says: /a second key with the id a/ },
    { what: 'a revocation of nothing', lines: [{ id: 'b', revoked: created }, key], says: /it revokes b/ },
  ];
  it.each(refused)('is refused with $what', async ({ lines: each, says }) => {
    await writeFile(file, each.map(line => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
    expect(() => readKeyFile(file)).toThrow(says);
    expect(open).toThrow(says);
  });

  it('is refused if it does not exist or is not a file', async () => {
    expect(open).toThrow(/no such file/);
    await writeFile(file, '');
    expect(open).not.toThrow();
    await rm(file);
    await mkdir(file);
    expect(open).toThrow(/a folder/);
  });
});

it('keys differ, have a checksum, and are found by scanners for secrets [GW-119]', () => {
  const keys = Array.from({ length: 100 }, createKeyText);
  expect(new Set(keys).size).toBe(100);
  for (const key of keys) {
    expect(key).toMatch(/^sallyport_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/);
    expect(idOfKey(key)).toBe(key.slice(10, 22));
  }
});
