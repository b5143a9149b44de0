// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the file are what is tested
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import { temporaryFolder } from '../../../test/fixtures/temporary-folder.ts';
import type { PluginMode } from '../contract/hook-policy.ts';
import { toFaults } from '../core/fault.ts';
import { type ConfigWarning, loadConfig } from './load-config.ts';
import { emptyOverlay, type Overlay, type OverlayEntry } from './overlay.ts';

const url = 'https://crm.example/mcp';
const file = (more: object = {}, registration: object = {}) => ({
  secrets: [
    { name: 'admin-token', env: 'TOKEN' },
    { name: 'crm-key', env: 'KEY' },
  ],
  admin: { token: 'admin-token', registration: { path: './registered.json', ...registration } },
  plugins: [{ id: 'redact', source: { file: './redact.wasm' } }],
  upstreams: [{ id: 'up', stdio: { command: 'cat' } }],
  bindings: [{ id: 'main', upstreams: ['up'], transforms: ['redact'] }],
  ...more,
});

async function load(overlay: Partial<Overlay>, config: object = file(), warnings: ConfigWarning[] = []) {
  const folder = await temporaryFolder();
  const path = join(folder, 'sallyport.yaml');
  await writeFile(path, stringify(config));
  const read: string[] = [];
  const loaded = await loadConfig(path, {
    grants: z.strictObject({}),
    env: { TOKEN: 'x'.repeat(40), SECRET: 'hunter2-hunter2' },
    warn: warning => warnings.push(warning),
    overlay(stored) {
      read.push(stored);
      return { file: stored, version: '1', overlay: { ...emptyOverlay, ...overlay } };
    },
  });
  return { loaded, read, folder };
}
const problems = (overlay: Partial<Overlay>, config?: object) =>
  load(overlay, config).then(
    () => [],
    (error: unknown) => toFaults(error).map(({ code, details }) => `${code} ${details.path}: ${details.message}`),
  );
const upstream = (more: object = {}): OverlayEntry => ({ id: 'crm', http: { url }, ...more });
const problemsOf = (more: object, registration?: object) =>
  problems({ upstreams: [upstream({ http: undefined, ...more })] }, file({}, registration));

describe('a configuration with entries that were registered at run time', () => {
  it('[CHG-03] is one configuration, in which both may name each other', async () => {
    const { loaded, read, folder } = await load(
      {
        upstreams: [upstream()],
        bindings: [{ id: 'sales', upstreams: ['crm', 'up'], transforms: ['redact'] }],
        plugins: { redact: { mode: 'enforce' } },
      },
      file({ plugins: [{ id: 'redact', source: { file: './redact.wasm' }, mode: 'shadow' }] }),
    );
    expect(read).toEqual([join(folder, 'registered.json')]);
    expect(loaded.upstreams.map(({ id }) => id)).toEqual(['up', 'crm']);
    expect(loaded.bindings).toMatchObject([
      { id: 'main', default: true },
      { id: 'sales', upstreams: ['crm', 'up'], default: false },
    ]);
    expect(loaded.plugins).toMatchObject([{ id: 'redact', mode: 'enforce' }]);
    expect(loaded.definedAt?.('upstreams', 'up')).toMatchObject({ file: join(folder, 'sallyport.yaml'), line: 16 });
    expect(loaded.definedAt?.('upstreams', 'crm')).toBeUndefined();
  });

  it('[CHG-03] has none without a management API', async () => {
    const { loaded, read } = await load({ upstreams: [upstream()] }, file({ admin: undefined }));
    expect(read).toEqual([]);
    expect(loaded.upstreams.map(({ id }) => id)).toEqual(['up']);
  });

  it('[CHG-03] warns of the mode of a plugin that the file no longer has', async () => {
    const warnings: ConfigWarning[] = [];
    await load({ plugins: { gone: { mode: 'disabled' } } }, file(), warnings);
    expect(warnings).toMatchObject([
      { path: 'plugins', message: expect.stringMatching(/^the mode disabled of gone .*no effect/) },
    ]);
  });

  it.each<[mode: PluginMode, admin: object, counts: PluginMode, warning?: RegExp]>([
    [
      'permissive',
      { allow_weaker_modes: true },
      'permissive',
      /^the mode permissive of redact .* counts, and not enforce/,
    ],
    ['permissive', {}, 'enforce', /^the mode permissive of redact .* no effect: it is weaker than enforce/],
    ['disabled', { allow_weaker_modes: false }, 'enforce', /^the mode disabled of redact .* no effect/],
    ['enforce', {}, 'enforce'],
  ])(
    '[CHG-13] has the mode %s at run time, with %j in the file, which makes it %s',
    async (mode, admin, counts, warning) => {
      const warnings: ConfigWarning[] = [];
      const { loaded } = await load(
        { plugins: { redact: { mode } } },
        file({ admin: { token: 'admin-token', registration: { path: './registered.json' }, ...admin } }),
        warnings,
      );
      expect(loaded.plugins).toMatchObject([{ id: 'redact', mode: counts }]);
      expect(loaded.modeInFile?.('redact')).toBe('enforce');
      const aboutModes = warnings.filter(({ message }) => message.startsWith('the mode '));
      expect(aboutModes).toMatchObject(
        warning === undefined ? [] : [{ path: 'plugins.0.mode', message: expect.stringMatching(warning) }],
      );
    },
  );

  it('[CHG-03] is refused with all problems at once, each with the entry that has it', async () => {
    const found = await problems({
      upstreams: [upstream({ http: { uri: url } }), { id: 'erp', http: { url: 'ftp://erp' }, timeout_ms: 'soon' }],
      bindings: [{ id: 'sales', upstreams: ['mcr'], transforms: ['redacts'] }],
    });
    expect(found.toSorted()).toEqual([
      'config_invalid registered binding sales: transforms.0: unknown plugin: redacts',
      'config_invalid registered binding sales: upstreams.0: unknown upstream: mcr',
      'config_invalid registered upstream crm: http.uri: unknown key uri',
      'config_invalid registered upstream crm: http: expected exactly one of url, instances; found none',
      'config_invalid registered upstream erp: http.url: expected an http or https URL',
      expect.stringMatching(/^config_invalid registered upstream erp: timeout_ms: /),
    ]);
  });

  it('[CHG-03] names the line of the file that has a registered id too, and keeps the entry of the file', async () => {
    const faults = await load({ upstreams: [upstream({ id: 'up' })] }).then(
      () => [],
      error => toFaults(error),
    );
    expect(faults.map(({ details, hint }) => [details.path, details.message, hint])).toEqual([
      [
        'registered upstream up: id',
        expect.stringMatching(/^duplicate id: up \(already in \S+sallyport\.yaml:15\)$/),
        'remove one: from the file, or by unregistering the upstream up',
      ],
    ]);
  });

  it.each<[string, Partial<Overlay>, string]>([
    ['another upstream', { upstreams: [upstream(), upstream()] }, 'upstream crm: id: duplicate id: crm'],
    [
      'a binding of the file',
      { bindings: [{ id: 'main', upstreams: ['up'] }] },
      'binding main: id: duplicate id: main (already in ',
    ],
  ])('[CHG-03] refuses the id of %s', async (_, overlay, message) => {
    expect(await problems(overlay)).toEqual([expect.stringContaining(`config_invalid registered ${message}`)]);
  });

  it('[CHG-03] lets the file alone decide which binding /mcp serves', async () => {
    const found = await problems({ bindings: [{ id: 'sales', upstreams: ['up'], default: true }] });
    expect(found).toEqual([expect.stringContaining('binding sales: default: only the configuration file decides')]);
  });

  it('[CHG-03] decides nothing about /mcp if the file has no binding of its own', async () => {
    const found = await problems({ bindings: [{ id: 'sales', upstreams: ['up'] }] }, file({ bindings: undefined }));
    expect(found).toEqual([expect.stringContaining('binding sales: only the configuration file decides')]);
  });

  it('[CHG-11] refuses a binding without the plugins that the file requires of it', async () => {
    const plugins = ['redact', 'guard'].map(id => ({ id, source: { file: `./${id}.wasm` } }));
    const found = (more: object) =>
      problems(
        { bindings: [{ id: 'sales', upstreams: ['up'], ...more }] },
        file({ plugins }, { plugins: ['redact', 'guard'] }),
      );
    const missing = (id: string) => expect.stringContaining(`binding sales: the plugin ${id} is missing`);
    expect(await found({})).toEqual([missing('redact'), missing('guard')]);
    expect(await found({ transforms: ['redact'] })).toEqual([missing('guard')]);
    expect(await found({ transforms: ['guard', 'redact'] })).toEqual([]);
    expect(await found({ transforms: ['redact'], policies: ['guard'] })).toEqual([]);
  });

  const document = { openapi: '3.1.0', info: { title: 't', version: '1' }, paths: { '/${id}': {} } };
  it.each<[string, object, object | undefined, string]>([
    ['a command', { stdio: { command: 'sh' } }, undefined, 'stdio: commands cannot be registered'],
    ['a file', { openapi: { document: '/etc/passwd' } }, undefined, 'openapi.document: files cannot be named'],
    ['a file by its URL', { openapi: { document: 'file:///etc/passwd' } }, undefined, 'openapi.document: '],
    [
      'networks',
      { openapi: { document, allow_private: ['10.0.0.0/8'] } },
      undefined,
      'openapi.allow_private: only admin.registration.allow_private',
    ],
    ['a variable', { http: { url: 'https://${SECRET}.example/' } }, undefined, 'http.url: ${ is not allowed here'],
    [
      'a variable in a header',
      { http: { url, headers: { 'x-key': '${SECRET}' } } },
      undefined,
      'http.headers.x-key: ${ is not allowed here',
    ],
    [
      'a secret',
      { http: { url }, auth: { static: { secret: 'crm-key' } } },
      undefined,
      'auth.static.secret: the secret crm-key is not for registered upstreams',
    ],
    [
      'a secret of another list',
      { openapi: { document, security: { basic: 'crm-key' } } },
      { secrets: ['admin-token'] },
      'openapi.security.basic: the secret crm-key is not for registered upstreams',
    ],
    [
      'the tokens of users',
      { http: { url }, auth: { token_exchange: { token_url: 'https://as.example/', client_id: 'c' } } },
      { secrets: ['crm-key'] },
      'auth.token_exchange: token_exchange is for upstreams of the configuration file',
    ],
    [
      'the accounts of users',
      {
        http: { url },
        auth: { authorization_code: { issuer: 'https://as.example/', client_id: 'c' } },
      },
      undefined,
      'auth.authorization_code: authorization_code is for upstreams of the configuration file',
    ],
    [
      'an authorization server',
      {
        http: { url },
        auth: { client_credentials: { issuer: 'https://as.example/', client_id: 'c', client_secret: 'crm-key' } },
      },
      { secrets: ['crm-key'] },
      'auth.client_credentials: client_credentials is for upstreams of the configuration file',
    ],
  ])('[CHG-04] does not let a registered upstream use %s', async (_, more, registration, message) => {
    const found = await problemsOf(more, registration);
    expect(found).toContainEqual(expect.stringContaining(`config_invalid registered upstream crm: ${message}`));
  });

  it.each([
    'http://127.0.0.1:1/mcp',
    'http://localhost/mcp',
    'http://api.localhost./mcp',
    'http://[::1]/mcp',
    'http://10.0.0.1/mcp',
    'http://0x7f.1/mcp',
    'http://2130706433/mcp',
    'http://169.254.169.254/latest/meta-data',
    'http://[::ffff:10.0.0.1]/mcp',
    'http://[fd00::1]/mcp',
  ])('[CHG-04] does not let a registered upstream be at %s', async address => {
    const refused = expect.stringContaining('is not a public address');
    expect(await problemsOf({ http: { url: address } })).toEqual([refused]);
    expect(await problemsOf({ http: { instances: [{ url }, { url: address }] } })).toEqual([refused]);
    for (const more of [{ document: address }, { document, base_url: address }, { document, origins: [address] }]) {
      expect(await problemsOf({ openapi: more })).toContainEqual(refused);
    }
    expect(await problemsOf({ http: { url: address } }, { allow_private: ['0.0.0.0/0', '::/0'] })).toEqual([]);
  });

  it('[CHG-04] lets a registered upstream use what the file allows', async () => {
    const stdio = upstream({ id: 'tool', http: undefined, stdio: { command: 'cat', args: ['a'] } });
    const api = upstream({ id: 'api', http: undefined, openapi: { document } });
    const keyed = upstream({ auth: { static: { secret: 'crm-key' } } });
    const rules = { allow_stdio: true, secrets: ['crm-key'], allow_private: ['10.1.0.0/16'] };
    const { loaded } = await load({ upstreams: [stdio, api, keyed] }, file({}, rules));
    const confined = { allow_private: ['10.1.0.0/16'] };
    expect(loaded.upstreams).toMatchObject([{ id: 'up' }, { confined }, { confined }, { confined }]);
    expect(loaded.upstreams[0]).not.toHaveProperty('confined');
  });

  it('[CHG-04] masks what looks like a secret in a registered entry', async () => {
    const headers = { 'x-account': 'k3y-of-the-crm-000042', authorization: 'Bearer plain-words' };
    const { loaded } = await load({ upstreams: [upstream({ http: { url, headers } })] });
    expect(loaded.mask.text(`x k3y-of-the-crm-000042 plain-words`)).toBe('x *** ***');
  });

  it.each<[string, unknown]>([
    ['a member named __proto__', JSON.parse('{"id":"crm","__proto__":{"http":{"url":"https://x.example"}}}')],
    ['an id that is a path', { id: '../../etc', http: { url } }],
    ['an id with a separator', { id: 'a__b', http: { url } }],
    ['an id that is too long', { id: 'a'.repeat(64), http: { url } }],
    ['an id in upper case', { id: 'CRM', http: { url } }],
  ])('[CHG-03] refuses %s', async (_, entry) => {
    expect(await problems({ upstreams: [entry as OverlayEntry] })).not.toEqual([]);
    expect({}).not.toHaveProperty('http');
  });
});
