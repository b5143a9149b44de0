import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import { temporaryFolder } from '../../../../test/fixtures/temporary-folder.ts';
import { toFaults } from '../../core/fault.ts';
import { loadConfig } from '../load-config.ts';

async function load(more: object) {
  const file = join(await temporaryFolder(), 'sallyport.yaml');
  const main = {
    upstreams: [{ id: 'up', http: { url: 'http://127.0.0.1:1' } }],
    bindings: [{ id: 'main', upstreams: ['up'] }],
  };
  await writeFile(file, stringify({ ...main, ...more }));
  return { folder: dirname(file), config: await loadConfig(file, { grants: z.strictObject({}), env: {} }) };
}

it('[AUD-27] files are chained and signed unless the configuration says otherwise', async () => {
  const { folder, config } = await load({ audit: { file: 'audit.jsonl' } });
  expect(config.audit).toMatchObject({
    ...{ file: join(folder, 'audit.jsonl'), sink: 'file', calls: false, tamper_evident: true },
    ...{ checkpoint: { lines: 1000, seconds: 30 }, key_file: expect.stringMatching(/^\/.*audit\.key$/) },
  });
});

it('[AUD-27] receipts without a file go to the audit log', async () => {
  const { config } = await load({ audit: { sink: 'stdout' }, receipts: {} });
  expect(config.receipts).toMatchObject({ file: undefined, when_full: 'block' });
});

it.each<[string, object, string, string]>([
  ['both a file and the standard output', { audit: { sink: 'stdout', file: 'a' } }, 'audit.file', 'not to a file'],
  ['a file that is not named', { audit: { sink: 'file' } }, 'audit.sink', 'no audit.file'],
  ['rotation without a file', { audit: { rotate: { bytes: 4096 } } }, 'audit.rotate', 'no audit.file'],
  [
    'rotation without a limit',
    { audit: { file: 'a', rotate: { keep: 1 } } },
    'audit.rotate',
    'set bytes, hours, or both',
  ],
  [
    'rotation of receipts without a file',
    { audit: { file: 'a' }, receipts: { rotate: { hours: 1 } } },
    'receipts.rotate',
    'no receipts.file',
  ],
  [
    'rotation of plain lines',
    { audit: { file: 'a', tamper_evident: false, rotate: { hours: 1 } } },
    'audit.rotate',
    'only a tamper-evident file',
  ],
  ['receipts that nothing takes', { receipts: {} }, 'receipts', 'have no file'],
])('[AUD-27] %s is a problem', async (_, more, path, message) => {
  const error = await load(more).then(() => undefined, toFaults);
  expect(error).toMatchObject([
    { code: 'config_invalid', details: { path, message: expect.stringContaining(message) } },
  ]);
});
