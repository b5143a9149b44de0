import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { everythingOverStdio } from '../../../test/fixtures/everything.ts';
import { countToolTokens, tokenTable } from './tokens.ts';

it('[RUN-114] counts the tokens of the tools of each binding', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-tokens-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'sallyport.yaml');
  const config = {
    upstreams: [{ id: 'everything', stdio: everythingOverStdio }],
    bindings: [
      { id: 'listing', upstreams: ['everything'] },
      { id: 'searching', upstreams: ['everything'], tool_search: true },
    ],
  };
  await writeFile(file, stringify(config));
  const counts = await countToolTokens(file, 'add two numbers');
  const [listing, searching] = counts;
  expect(listing).toMatchObject({ binding: 'listing', tools: expect.any(Number) });
  expect(listing?.list).toBeGreaterThan(500);
  expect(searching).toMatchObject({ binding: 'searching', tools: 3 });
  expect(searching?.list).toBeLessThan(400);
  // The description of the tool that was found has its schema.
  expect(searching?.describe).toBeGreaterThan(40);
  expect(tokenTable(counts).rows).toHaveLength(2);
});
