import { chmod, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pushComponent } from '@sallyport/cli/artifact/push-component';
import { startRegistry } from '@sallyport/registry/start-registry';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newKey } from '../../host/src/command/key.ts';
import { lock } from '../../host/src/command/lock.ts';
import { toFaults } from '../../host/src/core/fault.ts';
import { freePort } from '../fixtures/everything.ts';
import { keep } from '../fixtures/keep.ts';
import { call, mcpHeaders } from '../fixtures/open-gateway.ts';
import { type RawHttpServer, startRawHttpServer } from '../fixtures/raw-http-server.ts';
import {
  baseConfig,
  type ReloadFolder,
  type ReloadingGateway,
  reloadFolder,
  reloadingGateway,
  versionedPlugin,
} from '../fixtures/reloading-gateway.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';

const opened = new AsyncDisposableStack();
let crm: RawHttpServer;
let docs: RawHttpServer;
beforeAll(async () => {
  crm = opened.use(await startRawHttpServer({ name: 'crm' }));
  docs = opened.use(await startRawHttpServer({ name: 'docs' }));
});
afterAll(() => opened.disposeAsync());

/** Builds a configuration with the upstream `crm`, the binding `main` and the plugin `p`, which a key signed. */
const configOf = (
  { keys }: ReloadFolder,
  { plugin = {}, binding = {}, ...more }: { plugin?: object | null; binding?: object; [section: string]: unknown } = {},
) => ({
  ...baseConfig,
  trust: { keys: [{ id: 'ops-2025', pem: keys.ours.pem }] },
  plugins: plugin === null ? [] : [{ id: 'p', source: { file: './p.wasm' }, ...plugin }],
  upstreams: [{ id: 'crm', http: { url: crm.url } }],
  bindings: [{ id: 'main', upstreams: ['crm'], transforms: plugin === null ? [] : ['p'], ...binding }],
  ...more,
});

const withDocs = () => [
  { id: 'crm', http: { url: crm.url } },
  { id: 'docs', http: { url: docs.url } },
];
const main = { id: 'main', upstreams: ['crm'], transforms: ['p'] };

interface Scenario {
  readonly what: string;
  before?(folder: ReloadFolder): object;
  /** What is done to the folder, and the configuration that is written then. */
  change(folder: ReloadFolder): object | Promise<object>;
}

/** A change that is served, and how a client finds out. */
interface Served extends Scenario {
  readonly says: readonly unknown[];
  find(gateway: ReloadingGateway): Promise<unknown>;
  readonly was: unknown;
  readonly is: unknown;
}

const statusOf = async ({ url }: ReloadingGateway, path: string, body: object = call('echo')) => {
  const request = { method: 'POST', headers: mcpHeaders, body: JSON.stringify(body) };
  const response = await fetch(url + path, request);
  await response.text();
  return response.status;
};
const which = (gateway: ReloadingGateway) => gateway.which();

const served: readonly Served[] = [
  {
    what: 'a binding more',
    change: folder => configOf(folder, { bindings: [main, { id: 'second', upstreams: ['crm'] }] }),
    says: ['binding second added'],
    find: gateway =>
      gateway.tools('second').then(
        tools => tools.includes('echo'),
        () => false,
      ),
    was: false,
    is: true,
  },
  {
    what: 'a binding less',
    before: folder => configOf(folder, { bindings: [main, { id: 'second', upstreams: ['crm'] }] }),
    change: folder => configOf(folder),
    says: ['binding second removed'],
    find: gateway =>
      gateway.tools('second').then(
        tools => tools.includes('echo'),
        () => false,
      ),
    was: true,
    is: false,
  },
  {
    what: 'an upstream more',
    change: folder => configOf(folder, { upstreams: withDocs(), bindings: [{ ...main, upstreams: ['crm', 'docs'] }] }),
    says: ['upstream docs added', 'binding main: upstream docs added'],
    find: async gateway => (await gateway.tools()).filter(name => /^(\w+__)?echo$/.test(name)),
    was: ['echo'],
    is: ['crm__echo', 'docs__echo'],
  },
  {
    what: 'an upstream less',
    before: folder => configOf(folder, { upstreams: withDocs(), bindings: [{ ...main, upstreams: ['crm', 'docs'] }] }),
    change: folder => configOf(folder),
    says: ['upstream docs removed', 'binding main: upstream docs removed'],
    find: async gateway => (await gateway.tools()).filter(name => /^(\w+__)?echo$/.test(name)),
    was: ['crm__echo', 'docs__echo'],
    is: ['echo'],
  },
  {
    what: 'another address of an upstream',
    change: folder => configOf(folder, { upstreams: [{ id: 'crm', http: { url: docs.url } }] }),
    says: [expect.stringMatching(/^upstream crm: http\.url http/)],
    find: gateway => gateway.as('main', async client => client.getInstructions()),
    was: expect.stringContaining('crm'),
    is: expect.stringContaining('docs'),
  },
  {
    what: 'a plugin more',
    before: folder => configOf(folder, { plugin: null }),
    change: folder => configOf(folder),
    says: ['plugin p added', 'binding main: transform p added'],
    find: which,
    was: 'none',
    is: '1.0.0',
  },
  {
    what: 'a plugin less',
    change: folder => configOf(folder, { plugin: null }),
    says: ['plugin p removed', 'binding main: transform p removed'],
    find: which,
    was: '1.0.0',
    is: 'none',
  },
  {
    what: 'a plugin upgraded',
    change: async folder => {
      await folder.install('2.0.0');
      return configOf(folder);
    },
    says: ['plugin p: version 1.0.0 → 2.0.0', expect.stringMatching(/^plugin p: digest sha256:\w+… → sha256:\w+…$/)],
    find: which,
    was: '1.0.0',
    is: '2.0.0',
  },
  {
    what: 'a plugin downgraded',
    before: folder => configOf(folder),
    change: async folder => {
      await folder.install('0.9.0');
      return configOf(folder);
    },
    says: ['plugin p: version 1.0.0 → 0.9.0', expect.stringMatching(/^plugin p: digest /)],
    find: which,
    was: '1.0.0',
    is: '0.9.0',
  },
  {
    what: 'a plugin whose blocks no longer count',
    change: folder => configOf(folder, { plugin: { mode: 'permissive' } }),
    says: ['plugin p: mode enforce → permissive'],
    find: which,
    was: '1.0.0',
    is: 'none',
  },
  {
    what: 'a plugin that is disabled',
    change: folder => configOf(folder, { plugin: { mode: 'disabled' } }),
    says: ['plugin p: mode enforce → disabled'],
    find: which,
    was: '1.0.0',
    is: 'none',
  },
  {
    what: 'a plugin for other calls',
    change: folder => configOf(folder, { plugin: { conditions: [{ tools: ['other'] }] } }),
    says: ['plugin p: conditions changed'],
    find: which,
    was: '1.0.0',
    is: 'none',
  },
  {
    what: 'another key in the trust store',
    change: async folder => {
      await folder.install('1.0.0', folder.keys.theirs);
      return configOf(folder, { trust: { keys: [{ id: 'ops-2026', pem: folder.keys.theirs.pem }] } });
    },
    says: ['key ops-2025 removed', 'key ops-2026 added'],
    find: which,
    was: '1.0.0',
    is: '1.0.0',
  },
  {
    what: 'a smaller limit',
    change: folder => configOf(folder, { limits: { body_bytes: 2048 } }),
    says: [expect.stringMatching(/^limits\.body_bytes: \d+ → 2048$/)],
    find: gateway => statusOf(gateway, '/mcp', call('echo', { text: 'x'.repeat(4096) })),
    was: 400,
    is: 413,
  },
  {
    what: 'another number of lanes',
    before: folder => configOf(folder, { limits: { lanes: 1 } }),
    change: folder => configOf(folder, { limits: { lanes: 2 } }),
    says: ['limits.lanes: 1 → 2'],
    find: which,
    was: '1.0.0',
    is: '1.0.0',
  },
];

describe('a reload with', () => {
  it.each(served)('[RUN-147] $what is served, and said', async ({ before, change, says, find, was, is }) => {
    const folder = await reloadFolder();
    await folder.install('1.0.0');
    await folder.write(before?.(folder) ?? configOf(folder));
    const gateway = await keep(reloadingGateway(folder));
    expect(await find(gateway)).toEqual(was);
    await folder.write(await change(folder));
    const dry = await gateway.reloader.reload({ dryRun: true });
    expect(dry.changes.map(({ text }) => text)).toEqual(says);
    expect(await find(gateway)).toEqual(was);
    const { changes } = await gateway.reloader.reload();
    expect(changes.map(({ text }) => text)).toEqual(says);
    expect(await find(gateway)).toEqual(is);
    expect((await gateway.reloader.reload()).changes).toEqual([]);
    expect(await find(gateway)).toEqual(is);
  });
});

/** A change that is refused, with the code of its problem and what the message has to name. */
interface Refused extends Scenario {
  readonly code: string;
  readonly names: RegExp;
}

const refused: readonly Refused[] = [
  {
    what: 'a plugin of one flipped bit',
    async change(folder) {
      const file = join(folder.folder, 'p.wasm');
      const bytes = await readFile(file);
      bytes[bytes.length - 3] = (bytes[bytes.length - 3] ?? 0) ^ 1;
      await writeFile(file, bytes);
      return configOf(folder);
    },
    code: 'signature_invalid',
    names: /plugin: p/,
  },
  {
    what: 'a plugin that is signed by nobody it trusts',
    async change(folder) {
      await folder.install('2.0.0', folder.keys.theirs);
      return configOf(folder);
    },
    code: 'signature_invalid',
    names: /plugin: p/,
  },
  {
    what: 'a trust store that lost the key of a plugin',
    change: folder => configOf(folder, { trust: { keys: [{ id: 'ops-2026', pem: folder.keys.theirs.pem }] } }),
    code: 'signature_invalid',
    names: /plugin: p/,
  },
  {
    what: 'a plugin that does not exist',
    change: folder => configOf(folder, { plugin: { source: { file: './missing.wasm' } } }),
    code: 'artifact_not_found',
    names: /missing\.wasm/,
  },
  {
    what: 'a registry that is away and never served the plugin',
    change: folder => configOf(folder, { plugin: { source: { oci: '127.0.0.1:9/acme/p:1' } } }),
    code: 'registry_unreachable',
    names: /127\.0\.0\.1:9/,
  },
  {
    what: 'a required upstream that is down',
    change: folder => configOf(folder, { upstreams: [{ id: 'crm', http: { url: 'http://127.0.0.1:9/mcp' } }] }),
    code: 'upstream_unavailable',
    names: /crm/,
  },
  {
    what: 'a binding of an unknown plugin',
    change: folder => configOf(folder, { binding: { transforms: ['q'] } }),
    code: 'config_invalid',
    names: /unknown plugin: q/,
  },
];

describe('a change to', () => {
  it.each(refused)('[RUN-142] $what is refused, and what ran stays', async ({ change, code, names }) => {
    const folder = await reloadFolder();
    await folder.install('1.0.0');
    await folder.write(configOf(folder));
    const gateway = await keep(reloadingGateway(folder));
    const client = await gateway.connect('main');
    await folder.write(await change(folder));
    const faults = await gateway.reloader.reload().then(() => [], toFaults);
    expect(faults.map(fault => fault.code)).toEqual([code]);
    expect(faults[0]?.message).toMatch(names);
    expect(gateway.lines).toContainEqual(
      expect.objectContaining({
        msg: 'configuration not reloaded: the running one stays',
        problems: [expect.objectContaining({ code })],
      }),
    );
    expect(await gateway.which()).toBe('1.0.0');
    expect(await client.listTools()).toBeTruthy();
    await client.close();
    // What is repaired is taken.
    await folder.install('2.0.0');
    await folder.write(configOf(folder));
    await gateway.reloader.reload();
    expect(await gateway.which()).toBe('2.0.0');
  });

  it('[RUN-148] another address to listen on is refused with the reason, also if the port is in use', async () => {
    const folder = await reloadFolder();
    await folder.write(configOf(folder, { plugin: null }));
    const gateway = await keep(reloadingGateway(folder));
    for (const port of [await freePort(), crm.port]) {
      await folder.write(configOf(folder, { plugin: null, listen: `127.0.0.1:${port}` }));
      for (const dryRun of [true, false]) {
        const faults = await gateway.reloader.reload({ dryRun }).then(() => [], toFaults);
        expect(faults.map(({ message, hint }) => `${message} ${hint}`).join()).toMatch(/listen.*restart/is);
      }
    }
    expect(await gateway.which()).toBe('none');
  });
});

describe('keys of callers', () => {
  it('[RUN-147] of another file are accepted after a reload, and those of the earlier one refused', async () => {
    const folder = await reloadFolder();
    const identity = (name: string) => ({ schemes: [{ id: 'keys', api_keys: { file: `./${name}.jsonl` } }] });
    const config = (name: string) =>
      configOf(folder, { plugin: null, identity: identity(name), binding: { allow: [{}] } });
    const keyOf = async (name: string) => {
      await writeFile(join(folder.folder, `${name}.jsonl`), '');
      await folder.write(config(name));
      const { key } = await newKey({ config: folder.file, subject: 'ada', scopes: [], expires: '1d' });
      return `Bearer ${key}`;
    };
    const [later, earlier] = [await keyOf('later'), await keyOf('earlier')];
    const gateway = await keep(reloadingGateway(folder));
    const isAccepted = (authorization: string) =>
      gateway
        .as('main', client => client.listTools(), authorization)
        .then(
          () => true,
          () => false,
        );
    expect([await isAccepted(earlier), await isAccepted(later)]).toEqual([true, false]);
    await folder.write(config('later'));
    const { changes } = await gateway.reloader.reload();
    expect(changes).toMatchObject([{ section: 'identity', id: 'keys', field: 'api_keys.file' }]);
    expect([await isAccepted(earlier), await isAccepted(later)]).toEqual([false, true]);
  });
});

describe('a lockfile', () => {
  it('[RUN-149] is honoured by each reload, and what it accepts later is served', async () => {
    const folder = await reloadFolder();
    const command = { config: folder.file, json: false, approve: [], allowDowngrade: false };
    await folder.install('1.0.0');
    await folder.write(configOf(folder));
    await lock(command);
    const gateway = await keep(reloadingGateway(folder, { frozen: true, watches: true }));
    const messages = () => gateway.lines.filter(({ msg }) => /^configuration/.test(String(msg)));

    await folder.install('2.0.0');
    await expect.poll(messages).toMatchObject([{ triggers: ['files'], problems: [{ code: 'lock_mismatch' }] }]);
    expect(await gateway.which()).toBe('1.0.0');
    await lock(command);
    await expect.poll(() => messages().length).toBe(2);
    expect(messages()[1]).toMatchObject({ changes: expect.arrayContaining(['plugin p: version 1.0.0 → 2.0.0']) });
    expect(await gateway.which()).toBe('2.0.0');

    await folder.install('1.0.0');
    await expect.poll(() => messages().length).toBe(3);
    expect(messages()[2]).toMatchObject({
      problems: expect.arrayContaining([expect.objectContaining({ code: 'version_rollback' })]),
    });
    expect(await gateway.which()).toBe('2.0.0');
  });

  it('[RUN-149] is not written by a reload, and its folder need not be writable', async () => {
    const folder = await reloadFolder();
    await folder.install('1.0.0');
    await folder.write(configOf(folder));
    await lock({ config: folder.file, json: false, approve: [], allowDowngrade: false });
    const gateway = await keep(reloadingGateway(folder));
    await folder.write(configOf(folder, { plugin: { mode: 'permissive' } }));
    const state = async () => {
      const names = (await readdir(folder.folder)).toSorted();
      return Promise.all(names.map(async name => [name, (await stat(join(folder.folder, name))).mtimeMs]));
    };
    const before = await state();
    await chmod(folder.folder, 0o555);
    try {
      await gateway.reloader.reload();
    } finally {
      await chmod(folder.folder, 0o755);
    }
    expect(await state()).toEqual(before);
    expect(await gateway.which()).toBe('none');
  });

  it('[RUN-149] and a cache are enough when the registry is away', async () => {
    const folder = await reloadFolder();
    const registry = await startRegistry({ directory: await temporaryFolder() });
    const reference = `${registry.host}/acme/p:1`;
    const bytes = await versionedPlugin('1.0.0');
    const { signature } = folder.keys.ours.sign(bytes);
    await pushComponent({ component: bytes, signature, publicKeyPem: folder.keys.ours.pem, reference });
    const plugin = { source: { oci: reference } };
    const cache_dir = join(folder.folder, 'cache');
    await folder.write(configOf(folder, { plugin, cache_dir }));
    await lock({ config: folder.file, json: false, approve: [], allowDowngrade: false });
    const gateway = await keep(reloadingGateway(folder, { frozen: true }));
    await registry.close();
    await folder.write(configOf(folder, { plugin: { ...plugin, priority: 7 }, cache_dir }));
    const { changes } = await gateway.reloader.reload();
    expect(changes.map(({ text }) => text)).toEqual(['plugin p: priority 100 (default) → 7']);
    expect(await gateway.which()).toBe('1.0.0');
    await rm(join(cache_dir, 'oci'), { recursive: true });
    await expect(gateway.reloader.reload()).rejects.toThrow('registry_unreachable');
    expect(await gateway.which()).toBe('1.0.0');
  });
});

it('[RUN-143] reloads that are asked for at the same time end with what the file says last', async () => {
  const folder = await reloadFolder();
  await folder.install('1.0.0');
  await folder.write(configOf(folder));
  const gateway = await keep(reloadingGateway(folder, { watches: true }));
  for (const mode of ['permissive', 'enforce', 'permissive', 'enforce', 'permissive']) {
    await folder.write(configOf(folder, { plugin: { mode } }));
    gateway.reloader.trigger('SIGHUP');
    await Promise.all([gateway.reloader.reload(), gateway.which(), gateway.reloader.reload({ dryRun: true })]);
    expect(await gateway.which()).toBe(mode === 'enforce' ? '1.0.0' : 'none');
  }
  await rename(folder.file, `${folder.file}.old`);
  await rename(`${folder.file}.old`, folder.file);
  expect(gateway.lines.filter(({ msg }) => /not reloaded/.test(String(msg)))).toEqual([]);
});
