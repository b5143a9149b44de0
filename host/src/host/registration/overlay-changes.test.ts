import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { temporaryFolder } from '../../../../test/fixtures/temporary-folder.ts';
import type { Config } from '../../config/config.ts';
import { toFaults } from '../../core/fault.ts';
import { silentLog } from '../../core/log.ts';
import { loadConfig } from '../load-config.ts';
import { addEntry } from './edit-overlay.ts';
import { OverlayChanges, type OverlayChangesContext } from './overlay-changes.ts';

const crm = { id: 'crm', http: { url: 'https://crm.example/mcp' } };
const erp = { id: 'erp', http: { url: 'https://erp.example/mcp' } };
const ids = (config: Config) => config.upstreams.map(({ id }) => id);

/** A gateway that does nothing but keep its configuration. */
async function open(reload?: OverlayChangesContext['reload']) {
  const folder = await temporaryFolder();
  const file = join(folder, 'sallyport.yaml');
  await writeFile(
    file,
    stringify({
      secrets: [{ name: 'token', env: 'TOKEN' }],
      admin: { token: 'token', registration: { path: 'registered.json' } },
      upstreams: [{ id: 'up', stdio: { command: 'cat' } }],
      bindings: [{ id: 'main', upstreams: ['up'] }],
    }),
  );
  let config = await loadConfig(file);
  let generation = 1;
  let last: Promise<unknown> = Promise.resolve();
  const changes = new OverlayChanges({
    config: () => config,
    generation: () => generation,
    plugins: () => [],
    check: async () => [],
    log: silentLog(),
    reload(next, options) {
      const done = last.then(async () => {
        if (reload !== undefined) return reload(next, options);
        const made = await next(config);
        await options.beforeSwap?.();
        config = made;
        generation += 1;
        return { generation, changes: [] };
      });
      last = done.catch(() => {});
      return done;
    },
  });
  const stored = () => readFile(join(folder, 'registered.json'), 'utf8').catch(() => undefined);
  return { changes, file, stored };
}

describe('a change of what differs from the file', () => {
  it('[CHG-09] is in use, in its file, and there again after a restart', async () => {
    const { changes, file } = await open();
    expect(await changes.make(addEntry('upstreams', crm))).toMatchObject({ generation: 2 });
    expect(ids(changes.config)).toEqual(['up', 'crm']);
    expect(ids(await loadConfig(file))).toEqual(['up', 'crm']);
  });

  it('[CHG-09] is made by one after another, so that none is lost', async () => {
    const { changes, file } = await open();
    const names = Array.from({ length: 50 }, (_, index) => `n${index}`);
    await Promise.all(names.map(id => changes.make(addEntry('upstreams', { ...crm, id }))));
    expect(ids(changes.config)).toEqual(['up', ...names]);
    expect(ids(await loadConfig(file))).toEqual(['up', ...names]);
  });

  it('[CHG-09] takes in what another process has changed in the file', async () => {
    const { changes, file } = await open();
    const config = await loadConfig(file);
    const other = new OverlayChanges({
      config: () => config,
      generation: () => 1,
      plugins: () => [],
      check: async () => [],
      log: silentLog(),
      async reload(next, { beforeSwap }) {
        await next(config);
        await beforeSwap?.();
        return { generation: 2, changes: [] };
      },
    });
    await other.make(addEntry('upstreams', erp));
    await changes.make(addEntry('upstreams', crm));
    expect(ids(changes.config)).toEqual(['up', 'erp', 'crm']);
  });

  it('[CHG-09] is not made of what waits in the file of the operator', async () => {
    const { changes, file } = await open();
    await writeFile(file, 'upstreams: 7');
    await changes.make(addEntry('upstreams', crm));
    expect(ids(changes.config)).toEqual(['up', 'crm']);
  });

  it('[CHG-09] that is invalid changes nothing', async () => {
    const { changes, stored } = await open();
    const faults = await changes
      .make(addEntry('upstreams', { id: 'crm', http: { url: 'http://127.0.0.1/' }, timeout_ms: 'x' }))
      .then(() => [], toFaults);
    expect(faults.map(({ details }) => details.path)).toEqual([
      'registered upstream crm: timeout_ms',
      'registered upstream crm: http.url',
    ]);
    expect(await stored()).toBeUndefined();
    expect(ids(changes.config)).toEqual(['up']);
  });

  it('[CHG-09] that cannot be used is taken back from the file', async () => {
    const { changes, stored } = await open(async (next, { beforeSwap }) => {
      const config = await next(changes.config);
      await beforeSwap?.();
      expect(await stored()).toContain('crm.example');
      throw new Error(`closed with ${ids(config)}`);
    });
    await expect(changes.make(addEntry('upstreams', crm))).rejects.toThrow('closed with up,crm');
    expect(await stored()).not.toContain('crm.example');
  });

  it('[CHG-09] that was only tried out is described, and not made', async () => {
    const { changes, stored } = await open();
    const { generation, changes: found } = await changes.tryOut(addEntry('upstreams', crm));
    expect([generation, found.map(({ text }) => text)]).toEqual([1, ['upstream crm added']]);
    expect(await stored()).toBeUndefined();
    expect(ids(changes.config)).toEqual(['up']);
  });
});
