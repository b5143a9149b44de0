import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { guestDescriptor, watGuest } from '../../../test/fixtures/guest.ts';
import { callContext, calls, openGuests, toolCall } from '../../../test/fixtures/sandboxed.ts';
import { temporaryFolder } from '../../../test/fixtures/temporary-folder.ts';

describe('the cache of what jco made', () => {
  async function entryFiles(cacheDir: string): Promise<string[]> {
    const [entry = ''] = await readdir(cacheDir);
    return (await readdir(join(cacheDir, entry))).map(name => join(cacheDir, entry, name));
  }

  async function serves(cacheDir: string): Promise<boolean> {
    await using runner = await openGuests([{ bytes: await watGuest(guestDescriptor('cached')) }], { cacheDir });
    const { reports } = await runner.run({
      stage: 'before',
      context: callContext,
      calls: calls('cached'),
      value: toolCall({}),
    });
    return reports[0]?.outcome === 'proceed';
  }

  it('[SBX-06] is used again', async () => {
    const cacheDir = await temporaryFolder();
    expect(await serves(cacheDir)).toBe(true);
    const before = await entryFiles(cacheDir);
    expect(await serves(cacheDir)).toBe(true);
    expect(await entryFiles(cacheDir)).toEqual(before);
    expect(await readdir(cacheDir)).toHaveLength(1);
  });

  it.each([
    { what: 'glue', damage: (text: string) => `globalThis.stolen = 1;${text}`, file: 'glue.js' },
    { what: 'core module', damage: () => 'no module', file: 'plugin.core.wasm' },
    { what: 'index', damage: () => '{', file: 'index.json' },
    { what: 'index that names a file elsewhere', damage: () => '{"../../x":"sha256:00"}', file: 'index.json' },
  ])('[SBX-06] is made anew when its $what was changed', async ({ damage, file }) => {
    const cacheDir = await temporaryFolder();
    await serves(cacheDir);
    const victim = (await entryFiles(cacheDir)).find(path => path.endsWith(file)) ?? '';
    const original = await readFile(victim);
    await writeFile(victim, damage(original.toString('utf8')));
    expect(await serves(cacheDir)).toBe(true);
    expect(await readFile(victim)).toEqual(original);
  });
});
