import { mkdir, rm, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { openOverlayChanges } from '../../../../test/fixtures/overlay-changes.ts';
import { configChanges } from '../../config/change/config-changes.ts';
import type { Config } from '../../config/config.ts';
import { Fault, toFaults } from '../../core/fault.ts';
import { silentLog } from '../../core/log.ts';
import { loadConfig } from '../load-config.ts';
import { readOverlay, saveOverlay, storedOverlay } from '../overlay-file.ts';
import { addEntry } from './edit-overlay.ts';
import { OverlayChanges } from './overlay-changes.ts';

const crm = { id: 'crm', http: { url: 'https://crm.example/mcp' } };
const erp = { id: 'erp', http: { url: 'https://erp.example/mcp' } };
const loaded = (config: Config) => ({ config, plugins: [] });
const ids = (config: Config) => config.upstreams.map(({ id }) => id);

describe('a change of what differs from the file', () => {
  it('[CHG-09] is in use, in its file, and there again after a restart', async () => {
    const { changes, file } = await openOverlayChanges();
    expect(await changes.make(addEntry('upstreams', crm))).toMatchObject({ generation: 2 });
    expect(ids(changes.config)).toEqual(['up', 'crm']);
    expect(ids(await loadConfig(file))).toEqual(['up', 'crm']);
  });

  it('[CHG-09] is made by one after another, so that none is lost', async () => {
    const { changes, file } = await openOverlayChanges();
    const names = Array.from({ length: 50 }, (_, index) => `n${index}`);
    await Promise.all(names.map(id => changes.make(addEntry('upstreams', { ...crm, id }))));
    expect(ids(changes.config)).toEqual(['up', ...names]);
    expect(ids(await loadConfig(file))).toEqual(['up', ...names]);
  });

  it('[CHG-09] takes in what another process has changed in the file', async () => {
    const { changes, file } = await openOverlayChanges();
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
    const { changes, file } = await openOverlayChanges();
    await writeFile(file, 'upstreams: 7');
    await changes.make(addEntry('upstreams', crm));
    expect(ids(changes.config)).toEqual(['up', 'crm']);
  });

  it('[CHG-09] that is invalid changes nothing', async () => {
    const { changes, stored } = await openOverlayChanges();
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
    const { changes, stored } = await openOverlayChanges({}, async (next, { beforeSwap }) => {
      const config = await next(changes.config);
      await beforeSwap?.();
      expect(await stored()).toContain('crm.example');
      throw new Error(`closed with ${ids(config)}`);
    });
    await expect(changes.make(addEntry('upstreams', crm))).rejects.toThrow('closed with up,crm');
    expect(await stored()).not.toContain('crm.example');
  });

  it.each<[what: string, spoil: (registered: string) => Promise<unknown>, reason: RegExp]>([
    [
      'cannot be read any more',
      async registered => {
        await rm(registered);
        await mkdir(registered);
      },
      /./,
    ],
    [
      'was changed by another process',
      async registered => {
        const other = await readOverlay(registered);
        const overlay = { ...other.overlay, upstreams: [...other.overlay.upstreams, erp] };
        await saveOverlay(storedOverlay(registered, overlay), other);
      },
      /overlay_conflict/,
    ],
  ])(
    '[CHG-12] that cannot be used is reported together with a file that still has it, if that %s',
    async (_, spoil, reason) => {
      const { changes, registered, lines } = await openOverlayChanges({}, async (next, { beforeSwap }) => {
        await next(changes.config);
        await beforeSwap?.();
        await spoil(registered);
        throw new Fault('draining');
      });
      const faults = await changes.make(addEntry('upstreams', crm)).then(() => [], toFaults);
      expect(faults.map(({ code }) => code)).toEqual(['draining', 'overlay_not_restored']);
      expect(faults[1]?.details).toEqual({ file: registered, reason: expect.stringMatching(reason) });
      expect(lines).toMatchObject([{ code: 'overlay_not_restored', file: registered }]);
      expect(ids(changes.config)).toEqual(['up']);
    },
  );

  it('[CHG-12] that is still in its file is made by the next start, and by the next change, which reports it', async () => {
    let isClosing = true;
    const gateway = await openOverlayChanges({}, async (next, { beforeSwap }) => {
      const config = await next(gateway.changes.config);
      await beforeSwap?.();
      if (!isClosing) return { generation: 2, changes: configChanges(loaded(gateway.changes.config), loaded(config)) };
      const other = await readOverlay(gateway.registered);
      const overlay = { ...other.overlay, plugins: { gone: { mode: 'enforce' as const } } };
      await saveOverlay(storedOverlay(gateway.registered, overlay), other);
      throw new Fault('draining');
    });
    await expect(gateway.changes.make(addEntry('upstreams', crm))).rejects.toThrow(/overlay_not_restored/);
    expect(ids(await loadConfig(gateway.file))).toEqual(['up', 'crm']);
    isClosing = false;
    const { changes } = await gateway.changes.make(addEntry('upstreams', erp));
    expect(changes.map(({ text }) => text)).toEqual(['upstream crm added', 'upstream erp added']);
  });

  it('[CHG-12] that was not saved leaves the file to the process that has changed it', async () => {
    const { changes, registered } = await openOverlayChanges({}, async (next, { beforeSwap }) => {
      await next(changes.config);
      const other = await readOverlay(registered);
      await saveOverlay(storedOverlay(registered, { ...other.overlay, upstreams: [erp] }), other);
      await beforeSwap?.();
      throw new Error('unreachable');
    });
    const faults = await changes.make(addEntry('upstreams', crm)).then(() => [], toFaults);
    expect(faults.map(({ code }) => code)).toEqual(['overlay_conflict']);
    expect((await readOverlay(registered)).overlay.upstreams).toEqual([erp]);
  });

  it('[CHG-09] that was only tried out is described, and not made', async () => {
    const { changes, stored } = await openOverlayChanges();
    const { generation, changes: found } = await changes.tryOut(addEntry('upstreams', crm));
    expect([generation, found.map(({ text }) => text)]).toEqual([1, ['upstream crm added']]);
    expect(await stored()).toBeUndefined();
    expect(ids(changes.config)).toEqual(['up']);
  });
});
