import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { temporaryFolder } from '../../../../test/fixtures/temporary-folder.ts';
import { FileWatch } from './file-watch.ts';
import { ReadFiles } from './read-files.ts';

/** Replaces a symbolic link by another, as `ln -sfn` and Kubernetes do. */
async function relink(target: string, link: string): Promise<void> {
  await symlink(target, `${link}.new`);
  await rename(`${link}.new`, link);
}

/** Ways in which a file is there and then is replaced, each of which counts as a change. */
const ways: readonly {
  readonly what: string;
  readonly name?: string;
  prepare?(folder: string): Promise<unknown>;
  change(folder: string, file: string): Promise<unknown>;
}[] = [
  { what: 'written in place', change: (_, file) => writeFile(file, 'two') },
  { what: 'appended to', change: (_, file) => appendFile(file, 'two') },
  {
    what: 'replaced by one of the same size and time',
    prepare: folder => utimes(join(folder, 'config'), 1, 1),
    async change(folder, file) {
      await writeFile(join(folder, 'draft'), 'two');
      await utimes(join(folder, 'draft'), 1, 1);
      await rename(join(folder, 'draft'), file);
    },
  },
  {
    what: 'moved away and written again, as some editors do',
    async change(_, file) {
      await rename(file, `${file}~`);
      await writeFile(file, 'two');
    },
  },
  { what: 'removed', change: (_, file) => rm(file) },
  {
    what: 'created',
    name: 'later',
    change: (_, file) => writeFile(file, 'two'),
  },
  {
    what: 'a link that leads elsewhere',
    name: 'link',
    async prepare(folder) {
      await writeFile(join(folder, 'other'), 'two');
      await symlink('config', join(folder, 'link'));
    },
    change: (_, file) => relink('other', file),
  },
  {
    what: 'in a ConfigMap that is updated',
    name: 'map/config',
    async prepare(folder) {
      for (const [version, text] of [
        ['..1', 'one'],
        ['..2', 'two'],
      ] as const) {
        await mkdir(join(folder, 'map', version), { recursive: true });
        await writeFile(join(folder, 'map', version, 'config'), text);
      }
      await symlink('..1', join(folder, 'map/..data'));
      await symlink('..data/config', join(folder, 'map/config'));
    },
    async change(folder) {
      await relink('..2', join(folder, 'map/..data'));
      await rm(join(folder, 'map/..1'), { recursive: true });
    },
  },
  {
    what: 'in a folder that is replaced',
    name: 'sub/config',
    async prepare(folder) {
      for (const name of ['sub', 'next']) {
        await mkdir(join(folder, name));
        await writeFile(join(folder, name, 'config'), name);
      }
    },
    async change(folder) {
      await rename(join(folder, 'sub'), join(folder, 'old'));
      await rename(join(folder, 'next'), join(folder, 'sub'));
    },
  },
];

describe('a watched file', () => {
  it.each(ways)('[RUN-140] is read again when it is $what', async ({ name = 'config', prepare, change }) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'config'), 'one');
    await prepare?.(folder);
    const file = join(folder, name);
    const files = new ReadFiles();
    files.add(file);
    let changes = 0;
    const watch = new FileWatch(() => void changes++, 5);
    onTestFinished(() => watch.stop());
    watch.start(files);
    await change(folder, file);
    await expect.poll(() => changes).toBe(1);
  });
});

describe('a watch', () => {
  afterEach(() => void vi.useRealTimers());

  /** Files whose versions a test states, and a watch that looks at them when the test says so. */
  function watching(version: string) {
    vi.useFakeTimers();
    const files = { version, now: version, versionNow: async () => files.now };
    const changed = vi.fn();
    const watch = new FileWatch(changed, 1_000);
    watch.start(files);
    /** Looks at the files as they are then. */
    const look = async (now: string) => {
      files.now = now;
      await vi.advanceTimersByTimeAsync(1_000);
      return changed.mock.calls.length;
    };
    return { files, watch, look };
  }

  it('[RUN-141] waits until a file is no longer written', async () => {
    const { look } = watching('read');
    expect(await look('read')).toBe(0);
    for (const part of ['half', 'more', 'most', 'whole']) expect(await look(part)).toBe(0);
    expect(await look('whole')).toBe(1);
  });

  it('[RUN-141] ignores a file that is what it was when it was read', async () => {
    const { look } = watching('read');
    expect(await look('other')).toBe(0);
    expect(await look('read')).toBe(0);
    expect(await look('read')).toBe(0);
  });

  it('[RUN-141] reports a change once until it is started again, with what was read then', async () => {
    const { look, watch } = watching('read');
    await look('new');
    expect(await look('new')).toBe(1);
    expect(await look('newer')).toBe(1);
    watch.start({ version: 'newer', versionNow: async () => 'newest' });
    await look('');
    expect(await look('')).toBe(2);
  });

  it('[RUN-141] reports nothing after it was stopped', async () => {
    const { look, watch } = watching('read');
    await look('new');
    watch.stop();
    expect(await look('new')).toBe(0);
  });

  it('[RUN-141] keeps no process alive', () => {
    const modules = ['file-watch', 'read-files'].map(name => join(import.meta.dirname, `${name}.ts`));
    const script = `
      const [{ FileWatch }, { ReadFiles }] = await Promise.all(${JSON.stringify(modules)}.map(each => import(each)));
      const files = new ReadFiles();
      files.add('/');
      new FileWatch(() => {}, 1).start(files);`;
    execFileSync(process.execPath, ['--input-type=module', '--eval', script], { timeout: 60_000 });
  });
});
