import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { watGuest } from '../../../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../../../test/fixtures/guest-descriptor.ts';
import { callContext, calls, toolCall } from '../../../../../test/fixtures/hook-calls.ts';
import { openGuests } from '../../../../../test/fixtures/sandboxed.ts';
import { temporaryFolder } from '../../../../../test/fixtures/temporary-folder.ts';
import { type Digest, digestOf } from '../../../core/digest.ts';
import { silentLog } from '../../../core/log.ts';
import { glueFile } from '../glue/finish-glue.ts';
import { prepareGlue } from '../glue/glue.ts';
import { CompileCache } from './compile-cache.ts';
import { transpile } from './transpile.ts';

describe('the cache of what jco made', () => {
  async function entryFiles(cacheDir: string): Promise<string[]> {
    const [entry = ''] = (await readdir(cacheDir)).filter(name => name !== 'key');
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
    expect(await readdir(cacheDir)).toHaveLength(2);
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

  it('[SBX-93] is not used where its glue and index were changed together: its key is not known', async () => {
    const cacheDir = await temporaryFolder();
    await serves(cacheDir);
    const files = await entryFiles(cacheDir);
    const [glue = '', index = ''] = ['glue.js', 'index.json'].map(name => files.find(path => path.endsWith(name)));
    const original = await readFile(glue, 'utf8');
    const changed = original.replace('return instantiate;', '/* changed */ return instantiate;');
    expect(changed).not.toBe(original);
    await writeFile(glue, changed);
    const { files: hashes, mac } = JSON.parse(await readFile(index, 'utf8'));
    await writeFile(index, JSON.stringify({ files: { ...hashes, 'glue.js': digestOf(Buffer.from(changed)) }, mac }));
    expect(await serves(cacheDir)).toBe(true);
    expect(await readFile(glue, 'utf8')).toBe(original);
  });

  it('[SBX-93] has its glue checked again, whoever wrote it', async () => {
    const cacheDir = await temporaryFolder();
    const cache = new CompileCache(cacheDir, silentLog());
    await serves(cacheDir);
    const [entry = ''] = (await readdir(cacheDir)).filter(name => name !== 'key');
    const key = `sha256:${entry}` as Digest;
    const files = (await cache.read(key)) ?? new Map();
    const glue = Buffer.from(`globalThis.stolen = 1;${Buffer.from(files.get('glue.js') ?? '').toString()}`);
    await cache.write(key, new Map([...files, ['glue.js', glue]]));
    expect((await cache.read(key))?.get('glue.js')?.toString()).toContain('stolen');
    expect(await serves(cacheDir)).toBe(true);
    expect((await cache.read(key))?.get('glue.js')?.toString()).not.toContain('stolen');
  });

  it("[SBX-93] is its owner's alone, whatever the umask", async () => {
    const cacheDir = join(await temporaryFolder(), 'a', 'compiled');
    const umask = process.umask(0);
    try {
      await serves(cacheDir);
    } finally {
      process.umask(umask);
    }
    const [entry = ''] = (await readdir(cacheDir)).filter(name => name !== 'key');
    const modes = [cacheDir, join(cacheDir, 'key'), join(cacheDir, entry), ...(await entryFiles(cacheDir))].map(
      path => statSync(path).mode & 0o777,
    );
    expect(modes.slice(0, 3)).toEqual([0o700, 0o600, 0o700]);
    expect(new Set(modes.slice(3))).toEqual(new Set([0o600]));
  });

  it('[SBX-93] is not used in a folder that others can write, which is told', async () => {
    const cacheDir = await temporaryFolder();
    await chmod(cacheDir, 0o777);
    const log = silentLog();
    const warned = vi.spyOn(log, 'warn');
    const cache = new CompileCache(cacheDir, log);
    const entry = digestOf(Buffer.from('x'));
    await cache.write(entry, new Map([['glue.js', Buffer.from('x')]]));
    expect(await cache.read(entry)).toBeUndefined();
    expect(await readdir(cacheDir)).toEqual([]);
    expect(warned.mock.calls).toEqual([
      [expect.objectContaining({ writable: cacheDir }), expect.stringContaining('other users can write')],
    ]);
  });

  describe('with fuel', () => {
    let bytes: Uint8Array;
    beforeAll(async () => {
      const before = `(local $rest i32) (local.set $rest (i32.const 1000000))
        (loop $l (br_if $l (local.tee $rest (i32.sub (local.get $rest) (i32.const 1)))))`;
      bytes = await watGuest(guestDescriptor('cached'), { before });
    });

    /** Returns the outcome of a call, and the number of entries in the cache. */
    async function called(cacheDir: string, limits: { readonly fuel?: number }, open = openGuests) {
      await using runner = await open([{ bytes, limits }], { cacheDir });
      const { reports } = await runner.run({
        ...{ stage: 'before', context: callContext, calls: calls('cached'), value: toolCall({}) },
      });
      const entries = (await readdir(cacheDir)).filter(name => name !== 'key');
      return { outcome: reports[0]?.outcome, entries: entries.length };
    }

    it('[SBX-106] keeps a component apart from the same one without', async () => {
      const cacheDir = await temporaryFolder();
      expect(await called(cacheDir, {})).toEqual({ outcome: 'proceed', entries: 1 });
      expect(await called(cacheDir, { fuel: 1000 })).toEqual({ outcome: 'failed', entries: 2 });
      expect(await called(cacheDir, {})).toEqual({ outcome: 'proceed', entries: 2 });
      // The limit itself is not part of the code.
      expect(await called(cacheDir, { fuel: 100_000_000 })).toEqual({ outcome: 'proceed', entries: 2 });
      expect(await called(cacheDir, { fuel: 1000 })).toEqual({ outcome: 'failed', entries: 2 });
    });

    it('[SBX-106] compiles again what older rules rewrote, and nothing else', async () => {
      const cacheDir = await temporaryFolder();
      await called(cacheDir, {});
      await called(cacheDir, { fuel: 1000 });
      const rewriter = '../../../wasm/fuel/inject-fuel.ts';
      vi.resetModules();
      vi.doMock(rewriter, async original => ({ ...(await original<object>()), fuelRules: 0 }));
      onTestFinished(() => vi.doUnmock(rewriter));
      const { openGuests: open } = await import('../../../../../test/fixtures/sandboxed.ts');
      expect(await called(cacheDir, {}, open)).toEqual({ outcome: 'proceed', entries: 2 });
      expect(await called(cacheDir, { fuel: 1000 }, open)).toEqual({ outcome: 'failed', entries: 3 });
    });
  });

  it('[SBX-94] loses what a killed process left in it, and nothing that one still writes', async () => {
    const cacheDir = await temporaryFolder();
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    const draft = (host: string, pid: number) => `${'0'.repeat(64)}.${host}.${pid}.${randomUUID()}`;
    const kept = [draft(hostname(), process.pid), draft('elsewhere.example', gone)];
    for (const name of [draft(hostname(), gone), ...kept, 'old.draft']) await mkdir(join(cacheDir, name));
    const longAgo = new Date(Date.now() - 2 * 60 * 60 * 1000);
    await utimes(join(cacheDir, 'old.draft'), longAgo, longAgo);
    await new CompileCache(cacheDir, silentLog()).read(digestOf(Buffer.from('x')));
    expect((await readdir(cacheDir)).toSorted()).toEqual(['key', ...kept].toSorted());
  });

  it('[SBX-94] that cannot be written is a fault that says why', async () => {
    const file = join(await temporaryFolder(), 'file');
    await writeFile(file, '');
    const cache = new CompileCache(join(file, 'compiled'), silentLog());
    await expect(cache.read(digestOf(Buffer.from('x')))).rejects.toMatchObject({
      code: 'cache_unusable',
      exit: 4,
      details: { file: join(file, 'compiled'), what: expect.stringContaining('not a folder') },
    });
  });
});

describe('the warning of slower glue', () => {
  const slower = /^the plugin runs slower/;

  async function warningsOf(bytes: Uint8Array, cacheDir: string) {
    const log = silentLog();
    const warn = vi.spyOn(log, 'warn');
    await using runner = await openGuests([{ bytes }], { cacheDir, log });
    const { reports } = await runner.run({
      ...{ stage: 'before', context: callContext, calls: calls('slow'), value: toolCall({}) },
    });
    expect(reports.map(({ outcome }) => outcome)).toEqual(['proceed']);
    return warn.mock.calls.filter(([, message]) => slower.test(String(message))).map(([fields]) => fields);
  }

  it('[SBX-97] names a plugin from the cache whose glue still has tasks, and no other', async () => {
    const cacheDir = await temporaryFolder();
    const bytes = await watGuest(guestDescriptor('slow'));
    expect(await warningsOf(bytes, cacheDir)).toEqual([]);

    const [name = ''] = (await readdir(cacheDir)).filter(name => name !== 'key');
    const entry = `sha256:${name}` as Digest;
    const cache = new CompileCache(cacheDir, silentLog());
    const kept = (await cache.read(entry)) ?? new Map<string, Uint8Array>();
    const made = await transpile({ bytes, asyncImports: [], asyncExports: [] }, 60_000);
    const full = prepareGlue(Buffer.from(made.get('plugin.js') ?? []).toString('utf8'));
    await cache.write(entry, new Map([...kept, [glueFile, Buffer.from(full)]]));

    const expected = [expect.objectContaining({ plugin: 'slow' })];
    expect(await warningsOf(bytes, cacheDir)).toEqual(expected);
    expect(await warningsOf(bytes, cacheDir)).toEqual(expected);
  });
});
