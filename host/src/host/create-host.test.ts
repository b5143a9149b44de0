import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { keyPair } from '../../../test/fixtures/signed-plugin.ts';
import { grantsSchema } from '../capability/registry.ts';
import { loadConfig } from '../config/load-config.ts';
import { silentLog } from '../core/log.ts';
import type { Lock } from '../lockfile/check-pins.ts';
import { createHost } from './create-host.ts';

const upstream = { id: 'up', http: { url: 'http://127.0.0.1:9/mcp' }, required: false };

async function configOf(folder: string, plugins: readonly object[]) {
  const file = join(folder, 'sallyport.yaml');
  const bindings = [{ id: 'main', upstreams: ['up'] }];
  await writeFile(file, JSON.stringify({ cache_dir: folder, plugins, upstreams: [upstream], bindings }));
  return loadConfig(file, { grants: grantsSchema });
}

it('[RUN-108] loads plugins that replace others from where the lockfile pins them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-replace-'));
  try {
    const lock: Lock = {
      sourceOf: () => ({ file: join(folder, 'pinned.wasm') }),
      check: () => {},
    };
    await using host = await createHost(await configOf(folder, []), { log: silentLog(), lock });
    const source = { file: './other.wasm', public_key: keyPair().pem };
    const { plugins } = await configOf(folder, [{ id: 'redact', source }]);
    const refused = await host.replacePlugins(plugins).catch(String);
    expect(refused).toContain('pinned.wasm');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
