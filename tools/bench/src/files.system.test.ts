import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

/**
 * Files that a call and a load may cross at most. Lower a bound when a change makes the way shorter. The load is one into a
 * running gateway, so it crosses what opens a whole configuration.
 */
const most = { 'one tools/call': 93, 'one plugin load': 256 };

/** A few on each way, from the first to the last. */
const known = {
  'one tools/call': ['http/routes.ts', 'gateway/pipeline.ts', 'runtime/wasm/lane/worker.ts'],
  'one plugin load': ['source/oci/client.ts', 'plugin/load.ts', 'runtime/wasm/compile/transpile-child.ts'],
};

it('[RUN-111] counts and lists the files that a real call and a real load cross', async () => {
  const main = join(import.meta.dirname, 'main.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [main, 'files'], { timeout: 600_000 });
  const lists = stdout.trimEnd().split('\n\n');
  expect(lists).toHaveLength(2);
  for (const [index, what] of (['one tools/call', 'one plugin load'] as const).entries()) {
    const [heading, ...files] = lists[index]?.split('\n') ?? [];
    expect(heading).toBe(`${what}: ${files.length} files`);
    expect(files).toEqual([...new Set(files)].sort());
    expect(files).toEqual(expect.arrayContaining(known[what]));
    for (const file of files) expect(existsSync(join(import.meta.dirname, '../../../host/src', file)), file).toBe(true);
    expect(files.length).toBeLessThanOrEqual(most[what]);
  }
}, 600_000);
