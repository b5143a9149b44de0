import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import { temporaryFolder } from '../../../../test/fixtures/temporary-folder.ts';
import { toFaults } from '../../core/fault.ts';
import { loadConfig } from '../load-config.ts';

const plugins = [{ id: 'mask-pii', source: { file: 'mask.wasm' }, config: { fields: ['name'] } }];

async function load(tenants: unknown, more: object = {}) {
  const file = join(await temporaryFolder(), 'sallyport.yaml');
  const main = {
    upstreams: [{ id: 'up', http: { url: 'http://127.0.0.1:1' } }],
    bindings: [{ id: 'main', upstreams: ['up'] }],
  };
  await writeFile(file, stringify({ ...main, plugins, tenants, ...more }));
  return loadConfig(file, { grants: z.strictObject({}), env: {} });
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
  ['an override for every tenant', '*', [{ id: 'mask-pii', config: {} }], 'plugins', /every other tenant/],
])('%s is refused at its place [CFG-97]', async (_what, id, own, path, hint) => {
  const error = await load([{ id, plugins: own }]).then(() => undefined, toFaults);
  expect(error?.map(({ code, details }) => ({ code, path: details.path }))).toEqual([
    { code: 'config_invalid', path: `tenants.0.${path}` },
  ]);
  if (hint !== undefined) expect(error?.[0]?.hint).toMatch(hint);
});

it.each([
  ['schemes', { schemes: [{ id: 'app', plugin: { id: 'mask-pii', headers: ['cookie'] } }] }],
  ['checks', { schemes: [{ id: 'keys', api_keys: { file: 'keys.json' } }], checks: [{ plugin: 'mask-pii' }] }],
])('a plugin that authenticates callers has no configuration of a tenant: %s [CFG-97]', async (_where, identity) => {
  const own = [{ id: 'acme', plugins: [{ id: 'mask-pii', config: {} }] }];
  const error = await load(own, { identity }).then(() => undefined, toFaults);
  expect(error?.map(({ details }) => details.path)).toContain('tenants.0.plugins.0');
});

const token = { name: 'token', env: 'TOKEN' };
const server = { client_id: 'gateway', client_secret: 'token', token_url: 'https://idp.example.com/token' };
const upstreamWith = (auth: object) => ({ upstreams: [{ id: 'up', http: { url: 'http://127.0.0.1:1' }, auth }] });

it('a tenant has its own values of secrets [CFG-98]', async () => {
  const own = [
    { name: 'token', file: 'own.txt' },
    { name: 'alone', env: 'ALONE' },
  ];
  const config = await load([{ id: 'acme', secrets: own }], { secrets: [token, { name: 'alone', per_tenant: true }] });
  expect(config.tenants[0]?.secrets).toEqual([
    { name: 'token', file: expect.stringMatching(/^\/.*\/own\.txt$/) },
    { name: 'alone', env: 'ALONE' },
  ]);
});

it.each([
  ['an unknown secret', [{ name: 'tokens', env: 'X' }], {}, ['tenants.0.secrets.0']],
  ['a secret twice', [token, token], {}, ['tenants.0.secrets.1']],
  ['a secret without a place', [{ name: 'token' }], {}, ['tenants.0.secrets.0']],
  [
    'a secret of tenants in a value for all',
    [token],
    upstreamWith({ client_credentials: server }),
    ['upstreams.0.auth.client_credentials.client_secret'],
  ],
  [
    'a secret that only tenants have, in a value for all',
    [],
    { ...upstreamWith({ token_exchange: server }), secrets: [{ name: 'token', per_tenant: true }] },
    ['upstreams.0.auth.token_exchange.client_secret'],
  ],
  ['a secret with a place that only tenants have', [], { secrets: [{ ...token, per_tenant: true }] }, ['secrets.0']],
])('%s is refused at its place [CFG-98]', async (_what, secrets, more, paths) => {
  const error = await load([{ id: 'acme', secrets }], { secrets: [token], ...more }).then(() => undefined, toFaults);
  expect(error?.map(({ details }) => details.path)).toEqual(paths);
});
