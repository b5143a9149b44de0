import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/fixtures/temporary-folder.ts';
import { digestOf } from '../core/digest.ts';
import { silentLog } from '../core/log.ts';
import { createLearner, readLearned } from './learned-grants.ts';

const [one, other] = [digestOf(Buffer.from('one')), digestOf(Buffer.from('other'))];

async function learn(cacheDir: string, digest = one, needs: readonly string[] = []) {
  await using learner = createLearner(cacheDir, silentLog());
  await learner.begin('p', digest, ['clock', 'outbound_http']);
  for (const need of needs) learner.refused('p', 'outbound_http', need);
  learner.refused('p', 'never_asked_for', '1');
  learner.refused('stranger', 'clock', '1');
}

it('[RUN-47] records each need once, for the capabilities that the plugin asks for', async () => {
  const cacheDir = await temporaryFolder();
  await learn(cacheDir, one, ['{"url":"a"}', '{"url":"a"}', '{"url":"b"}']);
  expect(await readLearned(cacheDir, 'p')).toEqual({
    plugin: 'p',
    digest: one,
    uses: { clock: [], outbound_http: [{ url: 'a' }, { url: 'b' }] },
  });
});

it('[RUN-47] goes on with the record of the same component, and begins again for another one', async () => {
  const cacheDir = await temporaryFolder();
  await learn(cacheDir, one, ['1']);
  await learn(cacheDir, one, ['1', '2']);
  expect((await readLearned(cacheDir, 'p'))?.uses.outbound_http).toEqual([1, 2]);
  await learn(cacheDir, other);
  expect((await readLearned(cacheDir, 'p'))?.uses.outbound_http).toEqual([]);
});

it('[RUN-47] drops what is too long, what is not JSON, and more than 256 uses', async () => {
  const cacheDir = await temporaryFolder();
  const many = Array.from({ length: 300 }, (_, index) => `${index}`);
  await learn(cacheDir, one, [JSON.stringify('x'.repeat(2047)), '{', ...many]);
  const uses = (await readLearned(cacheDir, 'p'))?.uses.outbound_http;
  expect(uses).toHaveLength(256);
  expect(uses?.[0]).toBe(0);
});

it('[RUN-47] takes no file that it did not write for a record', async () => {
  const cacheDir = await temporaryFolder();
  expect(await readLearned(cacheDir, 'p')).toBeUndefined();
  await mkdir(join(cacheDir, 'learned'));
  await writeFile(join(cacheDir, 'learned/p.json'), '{"plugin":"p","digest":"x","uses":{},"more":1}');
  expect(await readLearned(cacheDir, 'p')).toBeUndefined();
  await learn(cacheDir);
  expect(JSON.parse(await readFile(join(cacheDir, 'learned/p.json'), 'utf8')).digest).toBe(one);
});
