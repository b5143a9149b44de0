import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { temporaryFolder } from '../../../test/fixtures/temporary-folder.ts';
import { toFaults } from '../core/fault.ts';
import { silentLog } from '../core/log.ts';
import { checkAll } from './check-all.ts';
import { createHost } from './create-host.ts';
import { loadConfig } from './load-config.ts';

const codesOf = (running: Promise<unknown>): Promise<readonly string[]> =>
  running.then(
    () => [],
    error => toFaults(error).map(({ code }) => code),
  );

/** The codes with which `check` refuses a configuration, and those with which `serve` does before it listens. */
async function refusals(file: string) {
  const check = async () => checkAll(await loadConfig(file), silentLog());
  const serve = async () => {
    await using host = await createHost(await loadConfig(file), { log: silentLog() });
    await host.listen();
  };
  return { check: await codesOf(check()), serve: await codesOf(serve()) };
}

async function folderWith(config: object, files: Readonly<Record<string, string>> = {}) {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'state'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const file = join(folder, 'sallyport.yaml');
  await writeFile(
    file,
    stringify({
      ...{ listen: '127.0.0.1:0', cache_dir: './state/cache' },
      upstreams: [{ id: 'up', required: false, http: { url: 'http://127.0.0.1:1/mcp' } }],
      bindings: [{ id: 'main', upstreams: ['up'] }],
      ...config,
    }),
  );
  return { folder, file };
}

const scheme = (file: string) => ({ identity: { schemes: [{ id: 'keys', api_keys: { file } }] } });
const tls = { certificate: 'a.pem', key: 'a.key' };
const token = { secrets: [{ name: 'token', file: './token' }] };
const registered = { path: './registered.json' };
const admin = (more: object) => ({ ...token, admin: { registration: registered, ...more } });
const accounts = {
  secrets: [{ name: 'accounts-key', file: './token' }],
  identity: {
    public_url: 'https://gateway.example',
    schemes: [{ id: 'sso', oauth: { issuer: 'https://issuer.example', audience: 'gateway' } }],
  },
  accounts: {
    path: './state/accounts.sqlite',
    encryption_keys: ['accounts-key'],
    sign_in: [{ scheme: 'sso', client_id: 'gateway' }],
  },
};
const upstreams = (upstream: object) => ({ upstreams: [{ id: 'up', ...upstream }] });

describe('whatever serve refuses before anything runs', () => {
  it.each<{ what: string; config: object; files?: Record<string, string>; code: string }>([
    { what: 'a file of API keys that is absent', config: scheme('none.jsonl'), code: 'keys_unusable' },
    {
      what: 'a file of API keys that cannot be read',
      config: scheme('keys.jsonl'),
      files: { 'keys.jsonl': '{"id":1}' },
      code: 'keys_unusable',
    },
    {
      what: 'an absent file of keys of the management API',
      config: admin({ keys_file: 'none.jsonl' }),
      files: { token: 'x' },
      code: 'keys_unusable',
    },
    {
      what: 'a token that is too short',
      config: admin({ token: 'token' }),
      files: { token: 'short' },
      code: 'admin_token_unusable',
    },
    {
      what: 'a token with spaces',
      config: admin({ token: 'token' }),
      files: { token: 'x '.repeat(40) },
      code: 'admin_token_unusable',
    },
    { what: 'a token that is absent', config: admin({ token: 'token' }), code: 'secret_unavailable' },
    {
      what: 'what was registered, if its file is corrupt',
      config: admin({ token: 'token' }),
      files: { token: 'x'.repeat(40), 'registered.json': '{' },
      code: 'overlay_unusable',
    },
    { what: 'absent certificates', config: { tls }, code: 'tls_unusable' },
    {
      what: 'certificates that cannot be read',
      config: { tls },
      files: { 'a.pem': 'none', 'a.key': 'none' },
      code: 'tls_unusable',
    },
    {
      what: 'absent certificates of the management API',
      config: admin({ token: 'token', listen: '127.0.0.1:0', tls }),
      files: { token: 'x'.repeat(40) },
      code: 'tls_unusable',
    },
    {
      what: 'a key for accounts that is no key',
      config: accounts,
      files: { token: 'short' },
      code: 'accounts_unusable',
    },
    {
      what: 'an audit log in a folder that is absent',
      config: { audit: { file: './none/audit.jsonl' } },
      code: 'audit_unusable',
    },
    {
      what: 'receipts in a folder that is absent',
      config: { receipts: { file: './none/receipts.jsonl', key_file: './state/key' } },
      code: 'receipts_unusable',
    },
    {
      what: 'a plugin that is absent',
      config: { plugins: [{ id: 'p', source: { file: './p.wasm' } }], require_signed_plugins: false },
      code: 'artifact_not_found',
    },
    {
      what: 'a command that is absent',
      config: upstreams({ stdio: { command: 'no-such-command' } }),
      code: 'upstream_unavailable',
    },
    {
      what: 'a document of an API that is absent',
      config: upstreams({ openapi: { document: './none.json' } }),
      code: 'openapi_unreadable',
    },
    { what: 'a setting that is unknown', config: { nothing: 1 }, code: 'config_invalid' },
  ])('[RUN-170] is refused by check with the same code: $what', async ({ config, files, code }) => {
    const { file } = await folderWith(config, files);
    expect(await refusals(file)).toEqual({ check: [code], serve: [code] });
  });

  it('[RUN-170] is refused by check all at once, which leaves nothing behind', async () => {
    const { file, folder } = await folderWith(
      {
        ...accounts,
        ...admin({ token: 'token', keys_file: 'none.jsonl' }),
        tls,
        secrets: [...accounts.secrets, ...token.secrets],
      },
      { token: 'short' },
    );
    const found = await codesOf(loadConfig(file).then(config => checkAll(config, silentLog())));
    expect(found.toSorted()).toEqual(['accounts_unusable', 'admin_token_unusable', 'keys_unusable', 'tls_unusable']);
    expect(await readdir(join(folder, 'state'))).toEqual([]);
  });

  it('[RUN-170] nothing of it is found in a configuration that serve accepts', async () => {
    const { file } = await folderWith(
      {
        ...scheme('keys.jsonl'),
        ...admin({ token: 'token', keys_file: 'keys.jsonl' }),
        audit: { file: './audit.jsonl' },
      },
      { token: 'x'.repeat(40), 'keys.jsonl': '' },
    );
    expect(await refusals(file)).toEqual({ check: [], serve: [] });
  });
});
