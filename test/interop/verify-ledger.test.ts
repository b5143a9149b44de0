import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { LedgerFile } from '../../host/src/ledger/ledger-file.ts';
import { openSigningKey } from '../../host/src/ledger/signing-key.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';
import { isMissing } from '../prerequisite.ts';

const script = join(import.meta.dirname, 'verify-ledger.py');

/** A ledger of several files, and its public key. */
async function writeLedger() {
  const folder = await temporaryFolder();
  const key = openSigningKey(join(folder, 'key'));
  const ledger = new LedgerFile({
    ...{ file: join(folder, 'audit.jsonl'), key, checkpoint: { lines: 5, seconds: 60 }, rotate: { bytes: 4096 } },
    onProblem() {},
  });
  for (let n = 0; n < 40; n += 1) {
    await ledger.append([
      JSON.stringify({ time: new Date().toISOString(), event: 'e', n, text: 'ü\u2028'.repeat(50) }),
    ]);
  }
  await ledger.close();
  const publicKey = join(folder, 'key.pub.pem');
  writeFileSync(publicKey, key.publicKey);
  const files = readdirSync(folder)
    .filter(name => name.endsWith('.jsonl'))
    .sort()
    .map(name => join(folder, name));
  return { publicKey, files };
}

const verify = (publicKey: string, files: readonly string[]) =>
  promisify(execFile)('python3', [script, publicKey, ...files]).then(
    ({ stdout }) => stdout.trim(),
    ({ stderr }) => String(stderr).trim(),
  );

describe.skipIf(isMissing('python3') || isMissing('openssl'))('[AUD-16] a verifier in Python', () => {
  it('finds a ledger intact, with its signatures', async () => {
    const { publicKey, files } = await writeLedger();
    expect(files.length).toBeGreaterThan(2);
    const lines = files.flatMap(file => readFileSync(file, 'utf8').trim().split('\n')).length;
    expect(await verify(publicKey, files)).toBe(`intact: ${lines} lines, signed to ${lines - 1}`);
  });

  it.each<[string, RegExp, (text: string) => string]>([
    ['a changed line', /:4: the hash is not that of the line/, text => text.replace('"n":1', '"n":7')],
    ['a removed line', /:4: 5 follows 3/, text => text.split('\n').toSpliced(3, 1).join('\n')],
  ])('finds %s', async (_, message, change) => {
    const { publicKey, files } = await writeLedger();
    const [first = ''] = files;
    writeFileSync(first, change(readFileSync(first, 'utf8')));
    expect(await verify(publicKey, files)).toMatch(message);
  });

  it('finds signatures of another key', async () => {
    const { files } = await writeLedger();
    const { publicKey } = await writeLedger();
    expect(await verify(publicKey, files)).toMatch(/:2: the signature is not valid/);
  });
});
