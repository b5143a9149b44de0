import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { grantsSchema } from '../../host/src/capability/registry.ts';
import { loadConfig } from '../../host/src/config/load-config.ts';
import { jsGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { openHost, writeHostFolder } from '../fixtures/open-host.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';

const script = `
import { increment } from 'sallyport:plugin/kv-store@0.1.0';
const count = () => {
  try { return Number(increment('calls', 1, undefined)); } catch (error) { return error.payload.tag; }
};
export const lifecycle = { configure() {} };
export const dispatchHooks = {
  beforeDispatch: () =>
    ({ tag: 'block', val: { code: 'SAID', reason: 'counted', description: '', details: JSON.stringify({ calls: count() }) } }),
  afterDispatch: () => ({ tag: 'proceed' }),
};`;

it('[CAP-103] keeps values in the file for a plugin that gets kv_store at run time', async () => {
  const path = join(await temporaryFolder(), 'kv.sqlite');
  const kv = { kv: { path } };
  const bytes = await jsGuest(guestDescriptor('counts', { optional_capabilities: ['kv_store'] }), script);
  await using upstream = await startRawHttpServer({ name: 'upstream' });
  await using host = await openHost([{ id: 'counts', bytes }], upstream.url, kv);
  await expect(host.call('echo')).rejects.toMatchObject({ data: { details: { calls: 'denied' } } });
  expect(existsSync(path)).toBe(false);

  await using granted = await writeHostFolder([{ id: 'counts', bytes, grants: { kv_store: {} } }], upstream.url, kv);
  await host.host.replacePlugins((await loadConfig(granted.file, { grants: grantsSchema })).plugins);
  await expect(host.call('echo')).rejects.toMatchObject({ data: { details: { calls: 1 } } });
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare('SELECT plugin, CAST(value AS TEXT) AS value FROM entry').all();
  database.close();
  expect(rows).toEqual([{ plugin: 'counts', value: '1' }]);
});
