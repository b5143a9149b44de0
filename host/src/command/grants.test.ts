import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { keyPair } from '../../../test/fixtures/signed-plugin.ts';
import { temporaryFolder } from '../../../test/fixtures/temporary-folder.ts';
import { toFaults } from '../core/fault.ts';
import { grants } from './grants.ts';

/** A configuration of one plugin, and what learning mode recorded of it. */
async function operator(granted: string, uses?: Readonly<Record<string, readonly unknown[]>>): Promise<string> {
  const folder = await temporaryFolder();
  const config = join(folder, 'sallyport.yaml');
  const pem = keyPair().pem.trim().replaceAll('\n', '\\n');
  await writeFile(
    config,
    `cache_dir: ./cache
plugins: [{ id: p, source: { file: ./p.wasm, public_key: "${pem}" }, grants: ${granted} }]
upstreams: [{ id: u, http: { url: "http://127.0.0.1:9/mcp" } }]
bindings: [{ id: b, upstreams: [u], transforms: [p] }]
`,
  );
  if (uses !== undefined) {
    await mkdir(join(folder, 'cache/learned'), { recursive: true });
    await writeFile(join(folder, 'cache/learned/p.json'), JSON.stringify({ plugin: 'p', digest: 'd', uses }));
  }
  return config;
}

it('[RUN-46] prints the smallest grants as YAML that fits under the plugin', async () => {
  const config = await operator('learn', { clock: [], request_headers: [{ name: 'x-user' }, { name: 'x-team' }] });
  const text = await grants({ config, plugin: 'p', json: false });
  const [coarsest, names] = [{ resolution_ms: 60_000 }, ['x-team', 'x-user']];
  expect(parse(text)).toEqual({ grants: { clock: coarsest, request_headers: { names } } });
  expect(text).toContain('#   request_headers: {"name":"x-team"}');
});

it('[RUN-46] prints the same as JSON, with what is granted now', async () => {
  const config = await operator('{ clock: {} }', { clock: [] });
  expect(JSON.parse(await grants({ config, plugin: 'p', json: true }))).toMatchObject({
    ...{ plugin: 'p', learning: false, granted: { clock: { resolution_ms: 1 } }, uses: { clock: [] } },
  });
});

it('[RUN-46] prints comments alone where nothing was recorded', async () => {
  const text = await grants({ config: await operator('{}'), plugin: 'p', json: false });
  expect(text.split('\n').every(line => line.startsWith('#'))).toBe(true);
});

it('refuses a plugin that is not configured, and names those that are', async () => {
  const refused = grants({ config: await operator('{}'), plugin: 'q', json: false });
  await expect(refused.catch(error => Promise.reject(toFaults(error)[0]))).rejects.toMatchObject({
    code: 'usage',
    details: { plugin: 'q', plugins: ['p'] },
  });
});
