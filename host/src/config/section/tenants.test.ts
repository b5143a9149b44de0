import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { temporaryFolder } from '../../../../test/fixtures/temporary-folder.ts';
import { grantsSchema } from '../../capability/registry.ts';
import { toFaults } from '../../core/fault.ts';
import { loadConfig } from '../load-config.ts';

const plugins = [{ id: 'mask-pii', source: { file: 'mask.wasm' }, config: { fields: ['name'] } }];

async function load(tenants: unknown) {
  const file = join(await temporaryFolder(), 'sallyport.yaml');
  const main = {
    upstreams: [{ id: 'up', http: { url: 'http://127.0.0.1:1' } }],
    bindings: [{ id: 'main', upstreams: ['up'] }],
  };
  await writeFile(file, stringify({ ...main, plugins, tenants }));
  return loadConfig(file, { grants: grantsSchema, env: {} });
}

it('a tenant has its own configuration of plugins [CFG-97]', async () => {
  const own = { id: 'mask-pii', config: { fields: [] } };
  const config = await load([{ id: 'other' }, { id: 'acme', plugins: [own] }]);
  const [override] = config.plugins[0]?.overrides ?? [];
  expect(config.plugins[0]?.overrides).toMatchObject([{ tenant: 'acme', config: { fields: [] } }]);
  expect(override?.configPlace(['fields']).path).toBe('tenants.1.plugins.0.config.fields');
  expect(override?.configPlace(['fields']).line).toBeGreaterThan(15);
});

it.each([
  ['an unknown plugin', 'acme', [{ id: 'mask-pi', config: {} }], 'plugins.0', 'did you mean mask-pii?'],
  [
    'a plugin twice',
    'acme',
    [
      { id: 'mask-pii', config: {} },
      { id: 'mask-pii', config: {} },
    ],
    'plugins.1',
    /rename/,
  ],
  ['a configuration that is not an object', 'acme', [{ id: 'mask-pii', config: [] }], 'plugins.0.config', undefined],
  [
    'a setting that is not the configuration',
    'acme',
    [{ id: 'mask-pii', config: {}, mode: 'disabled' }],
    'plugins.0.mode',
    undefined,
  ],
  ['an override for every tenant', '*', [{ id: 'mask-pii', config: {} }], 'plugins', /own config/],
])('%s is refused at its place [CFG-97]', async (_what, id, own, path, hint) => {
  const error = await load([{ id, plugins: own }]).then(() => undefined, toFaults);
  expect(error?.map(({ code, details }) => ({ code, path: details.path }))).toEqual([
    { code: 'config_invalid', path: `tenants.0.${path}` },
  ]);
  if (hint !== undefined) expect(error?.[0]?.hint).toMatch(hint);
});
