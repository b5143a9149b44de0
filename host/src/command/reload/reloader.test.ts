import { generateKeyPairSync } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { temporaryFolder } from '../../../../test/fixtures/temporary-folder.ts';
import { configChanges } from '../../config/change/config-changes.ts';
import type { Config } from '../../config/config.ts';
import { Faults, fail, toFaults } from '../../core/fault.ts';
import { createLog } from '../../core/log.ts';
import { readConfig } from '../read-config.ts';
import { ReadFiles } from './read-files.ts';
import { type ReloadableHost, Reloader } from './reloader.ts';

const pem = () => generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();

const base = {
  upstreams: [{ id: 'up', http: { url: 'http://127.0.0.1:9/mcp' } }],
  bindings: [{ id: 'main', upstreams: ['up'] }],
};

/** What a test says of a gateway. */
interface Testing {
  version: string;
  config: Config;
  generation: number;
  refreshed: readonly string[];
  /** The reloads that have ended, well or not. */
  ended: number;
  /** Called before anything changes. */
  before(signal: AbortSignal): unknown;
}

/** A gateway that records what it was given, and waits or refuses when a test says so. */
async function reloading(first: object = base, { watches = false } = {}) {
  const folder = await temporaryFolder();
  const config = join(folder, 'sallyport.yaml');
  const write = async (content: object | string) => {
    await writeFile(`${config}.new`, typeof content === 'string' ? content : stringify(content));
    await rename(`${config}.new`, config);
  };
  await write(first);
  const command = { config, json: false, frozen: false, allowDowngrade: false };
  const files = new ReadFiles();
  const started = await readConfig(config, { files, warn: () => {} });
  const lines: Record<string, unknown>[] = [];
  const log = createLog('info', { write: text => void lines.push(JSON.parse(text)) });
  const given: Config[] = [];
  let last: Promise<unknown> = Promise.resolve();
  const host: ReloadableHost & Testing = {
    version: '1.0.0',
    before: () => undefined,
    config: started,
    generation: 1,
    refreshed: [],
    ended: 0,
    get plugins() {
      return [{ id: 'p', version: host.version, digest: `sha256:${host.version}` }];
    },
    reload(read, { signal }) {
      const run = async () => {
        const { config: next, refresh } = await read();
        const { config: before, plugins } = host;
        await host.before(signal);
        host.refreshed = refresh;
        host.config = next;
        host.generation += 1;
        given.push(next);
        const changes = configChanges({ config: before, plugins }, { config: next, plugins: host.plugins });
        return { generation: host.generation, changes };
      };
      const done = last.then(run);
      last = done
        .catch(() => {})
        .then(() => {
          host.ended += 1;
        });
      return done;
    },
  };
  const check = async () => [{ id: 'p', version: '2.0.0', digest: 'sha256:2.0.0' }];
  const reloader = new Reloader({ command, host, check, files, watches, everyMs: 5, log });
  onTestFinished(() => reloader[Symbol.asyncDispose]());
  const linesOf = (message: RegExp) => lines.filter(({ msg }) => message.test(String(msg)));
  return {
    ...{ folder, write, reloader, host, given, lines },
    reloaded: () => linesOf(/^configuration reloaded$/),
    refused: () => linesOf(/^configuration not reloaded/),
  };
}

const levelled = (level: string) => ({ ...base, log: { level } });
const texts = (changes: readonly { readonly text: string }[]) => changes.map(({ text }) => text);

describe('a reload', () => {
  it('[RUN-142] passes on what the file says now, and returns and logs what changed', async () => {
    const { write, reloader, given, reloaded, host } = await reloading();
    await write(levelled('debug'));
    host.before = () => {
      host.version = '1.1.0';
    };
    const { generation, changes } = await reloader.reload();
    const says = [
      'log.level: info → debug',
      'plugin p: version 1.0.0 → 1.1.0',
      'plugin p: digest sha256:1.0.0 → sha256:1.1.0',
    ];
    expect(texts(changes)).toEqual(says);
    expect(generation).toBe(2);
    expect(given).toMatchObject([{ log: { level: 'debug' } }]);
    expect(reloaded()).toMatchObject([{ level: 30, generation: 2, changes: says, triggers: ['admin'] }]);
    expect(texts((await reloader.reload()).changes)).toEqual([]);
  });

  it('[RUN-142] is refused with every problem and its place, and later compared with what still runs', async () => {
    const { write, reloader, given, refused } = await reloading();
    await write('log: { level: loud }\nnonsense: 1\nupstreams: []\nbindings: []\n');
    const faults = await reloader.reload().then(() => [], toFaults);
    expect(faults.length).toBeGreaterThan(2);
    expect(given).toEqual([]);
    expect(refused()).toMatchObject([
      {
        level: 50,
        triggers: ['admin'],
        problems: faults.map(({ code, details: { line, path } }) => ({ code, line, path, hint: expect.any(String) })),
      },
    ]);
    await write(levelled('warn'));
    expect(texts((await reloader.reload()).changes)).toEqual(['log.level: info → warn']);
  });

  it('[RUN-142] that the gateway refuses leaves the earlier configuration', async () => {
    const { write, reloader, host, refused } = await reloading();
    await write(levelled('debug'));
    host.before = () => fail('listen_failed', { hint: 'restart' });
    await expect(reloader.reload()).rejects.toThrow('listen_failed');
    expect(refused()).toMatchObject([{ problems: [{ code: 'listen_failed', hint: 'restart' }] }]);
    host.before = () => undefined;
    expect(await reloader.reload()).toMatchObject({ generation: 2, changes: [{ text: 'log.level: info → debug' }] });
  });

  it('[RUN-143] waits for the one that runs, and those that wait are one', async () => {
    const { write, reloader, host, given, reloaded } = await reloading();
    const begun = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    host.before = () => {
      begun.resolve();
      return held.promise;
    };
    reloader.trigger('files');
    await begun.promise;
    await write(levelled('debug'));
    reloader.trigger('SIGHUP');
    reloader.trigger('files');
    const waiting = [reloader.reload(), reloader.reload()];
    expect(given).toEqual([]);
    held.resolve();
    for (const { generation, changes } of await Promise.all(waiting)) {
      expect(generation).toBe(3);
      expect(texts(changes)).toEqual(['log.level: info → debug']);
    }
    expect(given.map(({ log }) => log.level)).toEqual(['info', 'debug']);
    expect(reloaded().map(({ triggers }) => triggers)).toEqual([['files'], ['SIGHUP', 'files', 'admin']]);
  });

  it('[RUN-143] runs after one that failed', async () => {
    const { write, reloader, given } = await reloading();
    await write(': broken');
    const first = reloader.reload();
    await expect(first).rejects.toBeInstanceOf(Faults);
    await write(levelled('debug'));
    await reloader.reload();
    expect(given).toHaveLength(1);
  });

  it('[RUN-144] that is dry returns what would change, and changes nothing', async () => {
    const { write, reloader, given, lines } = await reloading();
    await write(levelled('debug'));
    const { generation, changes } = await reloader.reload({ dryRun: true });
    expect(generation).toBe(1);
    expect(texts(changes)).toEqual([
      'log.level: info → debug',
      'plugin p: version 1.0.0 → 2.0.0',
      'plugin p: digest sha256:1.0.0 → sha256:2.0.0',
    ]);
    await write(': broken');
    await expect(reloader.reload({ dryRun: true })).rejects.toBeInstanceOf(Faults);
    expect([given, lines]).toEqual([[], []]);
  });

  it('[RUN-157] resolves tags again when it was asked for, and not when a file changed', async () => {
    const plugins = [{ id: 'p', source: { oci: 'ghcr.io/acme/p:1' } }];
    const { reloader, host } = await reloading({ ...base, plugins });
    for (const [trigger, refreshed] of [
      ['files', []],
      ['SIGHUP', ['p']],
      ['files', []],
    ] as const) {
      reloader.trigger(trigger);
      await expect.poll(() => host.generation).toBeGreaterThan(1);
      expect(host.refreshed).toEqual(refreshed);
      host.generation = 1;
    }
    await reloader.reload();
    expect(host.refreshed).toEqual(['p']);
  });

  it('[RUN-143] ends with the gateway', async () => {
    const { reloader, host, lines } = await reloading();
    const begun = Promise.withResolvers<void>();
    host.before = signal => {
      begun.resolve();
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    };
    const running = reloader.reload().catch(() => 'ended');
    await begun.promise;
    const waiting = reloader.reload().catch(() => 'never began');
    await reloader[Symbol.asyncDispose]();
    expect([await running, await waiting, lines]).toEqual(['ended', 'never began', []]);
  });
});

describe('a gateway that watches its files', () => {
  it('[RUN-140] reloads when the configuration changes, is broken, removed and written again', async () => {
    const { write, given, refused, folder } = await reloading(base, { watches: true });
    await write(levelled('debug'));
    await expect.poll(() => given.length).toBe(1);
    await write(': broken');
    await expect.poll(() => refused().length).toBe(1);
    await rm(join(folder, 'sallyport.yaml'));
    await expect.poll(() => refused().length).toBe(2);
    expect(refused()[1]).toMatchObject({ problems: [{ code: 'config_unreadable' }] });
    await write(levelled('warn'));
    await expect.poll(() => given.map(({ log }) => log.level)).toEqual(['debug', 'warn']);
  });

  it('[RUN-141] reports a problem of its files once, and again when it is asked to reload', async () => {
    const { write, reloader, refused, host } = await reloading();
    await write(': broken');
    for (const [index, trigger] of (['files', 'files', 'files', 'SIGHUP'] as const).entries()) {
      reloader.trigger(trigger);
      await expect.poll(() => host.ended).toBe(index + 1);
    }
    expect(refused().map(({ triggers }) => triggers)).toEqual([['files'], ['SIGHUP']]);
  });

  const keyed = { ...base, trust: { keys: [{ id: 'ops', file: './ops.pub' }] } };
  const layout = { source: { oci_layout: './layout:p' } };
  const file = { ...base, plugins: [{ id: 'p', source: { file: './p.wasm' } }] };
  const files: readonly { readonly name: string; readonly config: object; readonly text?: string }[] = [
    { name: 'sallyport.lock', config: base, text: 'lockfile: 1\n' },
    { name: 'ops.pub', config: keyed, text: pem() },
    { name: 'p.wasm', config: file },
    { name: 'p.wasm.sig', config: file },
    { name: 'layout/index.json', config: { ...base, plugins: [{ id: 'p', ...layout }] } },
  ];
  it.each(files)('[RUN-140] reloads when $name changes', async ({ name, config, text = 'new' }) => {
    const { folder, write, given } = await reloading(base, { watches: true });
    await writeFile(join(folder, 'ops.pub'), pem());
    await write({ ...config, log: { level: 'debug' } });
    await expect.poll(() => given.length).toBe(1);
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    await expect.poll(() => given.length).toBe(2);
  });

  it('[RUN-140] reloads when a key file that was missing appears', async () => {
    const { folder, write, given, refused } = await reloading(base, { watches: true });
    await write(keyed);
    await expect.poll(() => refused().length).toBe(1);
    expect(given).toEqual([]);
    await writeFile(join(folder, 'ops.pub'), pem());
    await expect.poll(() => given.length).toBe(1);
  });

  it('[RUN-140] misses no change that is made while it reloads', async () => {
    const { write, host, given } = await reloading(base, { watches: true });
    let levels = ['warn', 'error'];
    host.before = async () => {
      const [level, ...rest] = levels;
      levels = rest;
      if (level !== undefined) await write(levelled(level));
    };
    await write(levelled('debug'));
    await expect.poll(() => given.map(({ log }) => log.level)).toEqual(['debug', 'warn', 'error']);
  });
});
