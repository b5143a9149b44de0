import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../../test/fixtures/temporary-folder.ts';
import type { Config } from '../../config/config.ts';
import type { Plugin } from '../../plugin/plugin.ts';
import { readConfigObject } from '../load-config.ts';
import { KnownPlugins } from './known-plugins.ts';

const plugin = { id: 'p' } as Plugin;

/** Returns what is known of a plugin after a change, by a configuration that was read before it and after it. */
async function knownAfter(source: object, change: () => Promise<void>, folder: string): Promise<Plugin | undefined> {
  const upstreams = [{ id: 'up', http: { url: 'http://127.0.0.1:9/mcp' } }];
  const stated = { cache_dir: folder, upstreams, plugins: [{ id: 'p', source }], require_signed_plugins: false };
  const read = (): Promise<Config> => readConfigObject(stated, folder);
  const before = new KnownPlugins({ config: await read(), lock: undefined });
  before.learn([plugin]);
  await change();
  return new KnownPlugins({ config: await read(), lock: undefined }).findIn(before, 'p');
}

it.each([
  { what: 'a component', source: { file: './a/index.json' }, changed: 'a/index.json' },
  { what: 'the signature of a component', source: { file: './a/index.json' }, changed: 'a/index.json.sig' },
  { what: 'an image layout', source: { oci_layout: './a' }, changed: 'a/index.json' },
  { what: 'an image layout with several artifacts', source: { oci_layout: './a:1.0' }, changed: 'a/index.json' },
])('[RUN-151] a plugin is kept until $what changes on disk', async ({ source, changed }) => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'a'));
  await writeFile(join(folder, 'a/index.json'), '{}');
  expect(await knownAfter(source, async () => {}, folder)).toBe(plugin);
  const change = () => writeFile(join(folder, changed), '{"other":1}');
  expect(await knownAfter(source, change, folder)).toBeUndefined();
});
