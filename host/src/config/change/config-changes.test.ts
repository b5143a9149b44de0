// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the file are what is tested
import { createHash, generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import { temporaryFolder } from '../../../../test/fixtures/temporary-folder.ts';
import type { Config } from '../config.ts';
import { loadConfig } from '../load-config.ts';
import { createConfigSchema } from '../schema.ts';
import { configChanges } from './config-changes.ts';

const grants = z.looseObject({});
const pem = () => generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();
const secret = 'hunter2-hunter2';
const env = { TOKEN: `${secret}-1`, NEXT_TOKEN: `${secret}-2`, SHORT: 'pw1', NEXT_SHORT: 'pw2' };

async function load(config: object, folder?: string): Promise<Config> {
  const file = join(folder ?? (await temporaryFolder()), 'sallyport.yaml');
  await writeFile(file, stringify(config));
  return loadConfig(file, { grants, env });
}

/** Places texts of a temporary folder on the same path. */
const unplaced = (text: string) => text.replaceAll(/\/\S*\/sallyport-\w+\//g, '/');

const plugin = (id: string, more: object = {}) => ({ id, source: { file: `./${id}.wasm` }, ...more });
const base = {
  plugins: [plugin('x'), plugin('y')],
  upstreams: [
    { id: 'crm', http: { url: 'https://crm.example/mcp' } },
    { id: 'docs', stdio: { command: 'cat' } },
  ],
  bindings: [{ id: 'support', upstreams: ['docs'], transforms: ['x'] }],
};
const binding = (more: object) => ({ ...base, bindings: [{ ...base.bindings[0], ...more }] });
const withPlugin = (more: object) => ({ ...base, plugins: [plugin('x', more), plugin('y')] });
const crm = (more: object) => ({ ...base, upstreams: [{ id: 'crm', ...more }, base.upstreams[1]] });
const http = (more: object) => crm({ http: { url: 'https://crm.example/mcp', ...more } });
const keys = (more: object = {}) => ({
  identity: { schemes: [{ id: 'keys', api_keys: { file: './keys' } }], ...more },
});
const [one, other] = [pem(), pem()];

const cases: readonly (readonly [section: string, before: object, after: object, says: readonly string[]])[] = [
  ['log', base, { ...base, log: { level: 'debug' } }, ['log.level: info → debug']],
  ['listen', base, { ...base, listen: '127.0.0.1:1' }, ['listen: 127.0.0.1:8787 → 127.0.0.1:1']],
  [
    'allowed_hosts',
    { ...base, allowed_hosts: ['a.example', 'b.example'] },
    { ...base, allowed_hosts: ['b.example', 'c.example'] },
    ['allowed host a.example removed', 'allowed host c.example added'],
  ],
  [
    'allowed_origins',
    base,
    { ...base, allowed_origins: ['https://a.example'] },
    ['allowed origin https://a.example/ added'],
  ],
  ['trusted_proxies', base, { ...base, trusted_proxies: { from: ['10.0.0.0/8'] } }, ['trusted_proxies added']],
  [
    'trusted_proxies',
    { ...base, trusted_proxies: { from: ['10.0.0.0/8'] } },
    { ...base, trusted_proxies: { from: ['10.0.0.0/9'], header: 'forwarded' } },
    [
      'trusted_proxies.from: 10.0.0.0/8 removed',
      'trusted_proxies.from: 10.0.0.0/9 added',
      'trusted_proxies.header: x-forwarded-for → forwarded',
    ],
  ],
  [
    'tls',
    { ...base, tls: { certificate: './a.pem', key: './key.pem' } },
    { ...base, tls: { certificate: './b.pem', key: './key.pem' } },
    ['tls.certificate: /a.pem → /b.pem'],
  ],
  [
    'tenants',
    { ...base, tenants: [{ id: 'acme', limits: { requests_per_minute: 10 } }, { id: 'gone' }] },
    {
      ...base,
      tenants: [
        { id: 'acme', limits: { requests_per_minute: 20 }, plugins: [{ id: 'x', config: { token: '${TOKEN}' } }] },
        { id: 'new' },
      ],
    },
    [
      'tenant gone removed',
      'tenant acme: limits.requests_per_minute 10 → 20',
      'tenant acme: plugin x added',
      'tenant new added',
    ],
  ],
  [
    'tenants',
    { ...base, tenants: [{ id: 'acme', plugins: [{ id: 'x', config: { token: '${TOKEN}' } }] }] },
    { ...base, tenants: [{ id: 'acme', plugins: [{ id: 'x', config: { token: '${NEXT_TOKEN}' } }] }] },
    ['tenant acme: plugin x: config.token changed'],
  ],
  ['routes', base, { ...base, routes: [{ path: '/a', binding: 'support' }] }, ['routes added']],
  [
    'routes',
    { ...base, routes: [{ path: '/a', binding: 'support' }] },
    { ...base, routes: [{ path: '/b', binding: 'support' }] },
    ['route /a removed', 'route /b added'],
  ],
  ['identity', base, { ...base, ...keys() }, ['identity added']],
  [
    'identity',
    { ...base, ...keys() },
    {
      ...base,
      identity: {
        anonymous: 'serve',
        schemes: [
          { id: 'keys', api_keys: { file: './others' } },
          { id: 'cards', plugin: { id: 'y' } },
        ],
      },
    },
    ['identity.anonymous: refuse → serve', 'scheme keys: api_keys.file /keys → /others', 'scheme cards added'],
  ],
  [
    'require_signed_plugins',
    base,
    { ...base, require_signed_plugins: false },
    ['require_signed_plugins: true → false'],
  ],
  [
    'trust',
    {
      ...base,
      trust: {
        keys: [
          { id: 'ops-2025', pem: one },
          { id: 'same', pem: one },
        ],
      },
    },
    {
      ...base,
      trust: {
        keys: [
          { id: 'same', pem: other },
          { id: 'ops-2026', pem: one },
        ],
        revoked_digests: [`sha256:${'0'.repeat(64)}`],
      },
    },
    [
      `trust: revoked digest sha256:${'0'.repeat(64)} added`,
      'key ops-2025 removed',
      'key same: pem changed',
      'key ops-2026 added',
    ],
  ],
  [
    'admin',
    { ...base, secrets: [{ name: 'db', env: 'TOKEN' }], admin: { token: 'db' } },
    {
      ...base,
      secrets: [{ name: 'db', env: 'TOKEN' }],
      admin: { token: 'db', registration: { allow_stdio: true, secrets: ['db'] } },
    },
    ['admin.registration.allow_stdio: false → true', 'admin.registration.secrets: db added'],
  ],
  ['cache_dir', base, { ...base, cache_dir: './cache' }, [expect.stringMatching(/^cache_dir: .* → \/cache$/)]],
  [
    'secrets',
    { ...base, secrets: [{ name: 'db', env: 'TOKEN' }] },
    {
      ...base,
      secrets: [
        { name: 'db', env: 'NEXT_TOKEN' },
        { name: 'new', file: './new' },
      ],
    },
    ['secret db: env TOKEN → NEXT_TOKEN', 'secret new added'],
  ],
  ['kv', base, { ...base, kv: { store: 'memory' } }, ['kv.store: sqlite → memory']],
  ['metrics', base, { ...base, metrics: { serve: 'everybody' } }, ['metrics.serve: loopback → everybody']],
  [
    'telemetry',
    { ...base, telemetry: { otlp: { endpoint: 'http://127.0.0.1:4318', headers: { 'x-key': 'pw1' } } } },
    {
      ...base,
      telemetry: { otlp: { endpoint: 'http://127.0.0.1:4319', headers: { 'x-key': 'pw2' } }, traces: { sample: 0.1 } },
    },
    [
      'telemetry.otlp.endpoint: http://127.0.0.1:4318/ → http://127.0.0.1:4319/',
      'telemetry.otlp.headers.x-key changed',
      'telemetry.traces.sample: 1 → 0.1',
    ],
  ],
  ['audit', base, { ...base, audit: { file: './audit' } }, ['audit.file: none → /audit']],
  ['receipts', { ...base, receipts: { file: './r' } }, base, ['receipts removed']],
  [
    'registries',
    { ...base, registries: [{ host: 'ghcr.io' }] },
    { ...base, registries: [{ host: 'ghcr.io', plain_http: true }] },
    ['registry ghcr.io: plain_http false → true'],
  ],
  [
    'limits',
    { ...base, limits: { lanes: 2 } },
    { ...base, limits: { lanes: 4, plugin: { timeout_ms: 7 } } },
    ['limits.lanes: 2 → 4', expect.stringMatching(/^limits\.plugin\.timeout_ms: \d+ → 7$/)],
  ],
  ['federation', base, { ...base, federation: ['y'] }, ['federation plugin y added']],
  [
    'federation',
    { ...base, federation: ['x', 'y'] },
    { ...base, federation: ['y', 'x'] },
    ['order of federation changed'],
  ],
  [
    'plugin_settings',
    base,
    { ...base, plugin_settings: { enable_plugin_api: true } },
    ['plugin_settings.enable_plugin_api: false → true'],
  ],
  [
    'plugins',
    base,
    withPlugin({ mode: 'shadow', priority: 5, grants: { clock: {} } }),
    ['plugin x: grants.clock added', 'plugin x: mode enforce → shadow', 'plugin x: priority 100 (default) → 5'],
  ],
  ['plugins', base, withPlugin({ conditions: [{ tools: ['a'] }] }), ['plugin x: conditions changed']],
  ['plugins', base, withPlugin({ priority: 100 }), ['plugin x: priority 100 (default) → 100']],
  [
    'plugins',
    withPlugin({ config: { token: '${TOKEN}', depth: 1 } }),
    withPlugin({ config: { token: '${NEXT_TOKEN}', depth: 2 } }),
    ['plugin x: config.token changed', 'plugin x: config.depth changed'],
  ],
  [
    'plugins',
    withPlugin({ source: { oci: 'ghcr.io/acme/x:1', public_key: one } }),
    withPlugin({ source: { oci: 'ghcr.io/acme/x:2', public_key: other } }),
    ['plugin x: source.oci ghcr.io/acme/x:1 → ghcr.io/acme/x:2', 'plugin x: source.public_key changed'],
  ],
  ['plugins', base, { ...base, plugins: [plugin('y'), plugin('x')] }, ['order of plugins changed']],
  ['plugins', base, { ...base, plugins: [plugin('x'), plugin('z')] }, ['plugin y removed', 'plugin z added']],
  [
    'upstreams',
    base,
    http({ headers: { authorization: 'Bearer ${SHORT}' } }),
    ['upstream crm: http.headers.authorization added'],
  ],
  [
    'upstreams',
    http({ headers: { authorization: 'Bearer ${SHORT}' } }),
    http({ headers: { authorization: 'Bearer ${NEXT_SHORT}' } }),
    ['upstream crm: http.headers.authorization changed'],
  ],
  [
    'upstreams',
    http({ url: 'https://crm.example/mcp?key=pw1' }),
    http({ url: 'https://crm.example/mcp?key=pw2' }),
    ['upstream crm: http.url changed'],
  ],
  [
    'upstreams',
    http({ url: 'https://crm.example/abcdef0123456789abcdef/mcp' }),
    http({ url: 'https://new.example/bbcdef0123456789abcdef/mcp' }),
    ['upstream crm: http.url https://crm.example/***/mcp → https://new.example/***/mcp'],
  ],
  [
    'upstreams',
    crm({ stdio: { command: 'cat', args: ['--token', 'pw1'], env: { TOKEN: 'pw1' } } }),
    crm({ stdio: { command: 'dog', args: ['--token', 'pw2'], env: { TOKEN: 'pw2' } }, timeout_ms: 9 }),
    [
      'upstream crm: stdio.command cat → dog',
      'upstream crm: stdio.args changed',
      'upstream crm: stdio.args changed',
      'upstream crm: stdio.env.TOKEN changed',
      'upstream crm: timeout_ms none → 9',
    ],
  ],
  [
    'upstreams',
    base,
    { ...base, upstreams: [...base.upstreams, { id: 'api', openapi: { document: './a.json' } }] },
    ['upstream api added'],
  ],
  ['bindings', base, binding({ upstreams: ['docs', 'crm'] }), ['binding support: upstream crm added']],
  [
    'bindings',
    base,
    binding({ transforms: ['y'], allow: [{ tools: ['a'] }] }),
    ['binding support: transform x removed', 'binding support: transform y added', 'binding support: allow added'],
  ],
  [
    'bindings',
    binding({ transforms: ['x', 'y'] }),
    binding({ transforms: ['y', 'x'] }),
    ['binding support: order of transforms changed'],
  ],
  [
    'bindings',
    base,
    { ...base, bindings: [...base.bindings, { id: 'sales', upstreams: ['crm'] }] },
    ['binding sales added'],
  ],
  ['accounts', accounts('./a'), accounts('./b'), ['accounts.path: /a → /b']],
];

function accounts(path: string) {
  const oauth = { issuer: 'https://login.example' };
  return {
    ...base,
    secrets: [{ name: 'encryption', env: 'TOKEN' }],
    identity: { public_url: 'https://gateway.example', schemes: [{ id: 'login', oauth }] },
    accounts: { sign_in: [{ scheme: 'login', client_id: 'us' }], encryption_keys: ['encryption'], path },
  };
}

describe('a change of the configuration in words', () => {
  it.each(cases)('[CFG-140] of %s', async (section, before, after, says) => {
    const folder = await temporaryFolder();
    const [from, to] = [await load(before, folder), await load(after, folder)];
    const changes = configChanges({ config: from, plugins: [] }, { config: to, plugins: [] });
    expect(changes.map(({ text }) => unplaced(text))).toEqual(says);
    expect(changes[0]?.section).toBe(section);
    expect(JSON.stringify(changes)).not.toMatch(/hunter2|pw1|pw2|BEGIN PUBLIC/);
  });

  it('[CFG-140] is listed for every section of the schema', () => {
    const sections = Object.keys(createConfigSchema(grants).shape);
    expect(sections.filter(name => !cases.some(([section]) => section === name))).toEqual([]);
  });

  it('[CFG-140] is nothing without a change, also when the file was read again', async () => {
    const folder = await temporaryFolder();
    const [from, to] = [await load(base, folder), await load(base, folder)];
    expect(configChanges({ config: from, plugins: [] }, { config: to, plugins: [] })).toEqual([]);
  });

  it('[CFG-140] names versions and digests of plugins', async () => {
    const config = await load(base);
    const loaded = (version: string) => ({
      config,
      plugins: [{ id: 'x', version, digest: `sha256:${createHash('sha256').update(version).digest('hex')}` }],
    });
    const changes = configChanges(loaded('1.0.0'), loaded('1.1.0'));
    expect(changes.map(({ text }) => text)).toEqual([
      'plugin x: version 1.0.0 → 1.1.0',
      expect.stringMatching(/^plugin x: digest sha256:[0-9a-f]{12}… → sha256:[0-9a-f]{12}…$/),
    ]);
    expect(changes[1]).toMatchObject({ section: 'plugins', id: 'x', field: 'digest', kind: 'changed' });
    expect(changes[1]?.to).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(configChanges({ config, plugins: [] }, loaded('1.0.0'))).toEqual([]);
  });
});

describe('a section that these words do not know', () => {
  const changed = async (before: unknown, after: unknown) => {
    const config = await load(base);
    const loaded = (later: unknown) => ({ config: Object.assign({ later }, config), plugins: [] });
    return configChanges(loaded(before), loaded(after)).map(({ text }) => text);
  };

  it.each<[what: string, before: unknown, after: unknown, says: readonly string[]]>([
    ['is reported', undefined, { token: 'pw1' }, ['later added']],
    [
      'shows numbers and switches',
      { on: true, size: 1 },
      { on: false, size: 2 },
      ['later.on: true → false', 'later.size: 1 → 2'],
    ],
    [
      'hides texts',
      { token: 'pw1', list: ['pw1'] },
      { token: 'pw2', list: ['pw2'] },
      ['later.token changed', 'later.list changed', 'later.list changed'],
    ],
    [
      'names entries',
      { all: [{ id: 'a', size: 1 }] },
      { all: [{ id: 'a', size: 2 }, { id: 'b' }] },
      ['later.all a: size 1 → 2', 'later.all b added'],
    ],
    ['has entries without names', { all: [{ size: 1 }] }, { all: [{ size: 2 }] }, ['later.all changed']],
    [
      'has entries with the same name',
      { all: [{ id: 'a' }, { id: 'a' }] },
      { all: [{ id: 'a' }] },
      ['later.all changed'],
    ],
    ['becomes something else', { all: {} }, { all: [] }, ['later.all changed']],
  ])('[CFG-141] %s', async (_, before, after, says) => {
    expect(await changed(before, after)).toEqual(says);
  });

  it('[CFG-141] is reported within bounds', async () => {
    const many = (size: number) => Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`m${index}`, size]));
    const found = await changed(many(1), many(2));
    expect(found).toHaveLength(101);
    expect(found.at(-1)).toBe('and 400 more changes');
    const [long] = await changed({ ['n'.repeat(10_000)]: 1 }, {});
    expect(long?.length).toBeLessThan(400);
  });
});
