// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the file are what is tested
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { createAuthority } from '../../../test/fixtures/certificates.ts';
import { keyPair } from '../../../test/fixtures/signed-plugin.ts';
import { temporaryFolder } from '../../../test/fixtures/temporary-folder.ts';
import { portInUse } from './check/port-in-use.ts';
import { telemetryEndpoint } from './check/telemetry-endpoint.ts';
import { checks, invalidConfiguration } from './checks.ts';
import { examine, type Finding } from './examine.ts';
import { type Machine, readMachine } from './machine.ts';
import type { Patient } from './patient.ts';

/** A machine with enough of everything. */
const roomy: Machine = {
  ...readMachine({ PATH: process.env.PATH }),
  ...{ nodeVersion: '24.1.0', nodeOptions: [], cores: 4 },
  ...{ maxFiles: 1_000_000, maxAddressSpace: undefined, maxMemory: 2 ** 40 },
  now: () => Date.UTC(2026, 10, 30),
  freeBytes: async () => 2 ** 40,
};

interface Case {
  readonly config?: object;
  readonly machine?: Partial<Machine>;
  /** Files beside the configuration, with their modes. */
  readonly files?: Readonly<Record<string, { readonly text: string; readonly mode: number }>>;
}

/** What the checks find in a configuration with these sections, without asking others. */
async function findings({ config = {}, machine = {}, files = {} }: Case): Promise<readonly Finding[]> {
  const folder = await temporaryFolder();
  for (const [name, { text, mode }] of Object.entries(files)) {
    await writeFile(join(folder, name), text);
    await chmod(join(folder, name), mode);
  }
  const file = join(folder, 'sallyport.yaml');
  const usual = {
    listen: '127.0.0.1:0',
    cache_dir: './cache',
    kv: { store: 'memory' },
    limits: { lanes: 2 },
    upstreams: [{ id: 'up', http: { url: 'http://127.0.0.1:9/mcp' } }],
    bindings: [{ id: 'main', upstreams: ['up'] }],
  };
  await writeFile(file, stringify({ ...usual, ...config }));
  return (await examine(file, { isOffline: true, machine: { ...roomy, ...machine } })).findings;
}

const key = keyPair();
const plugin = (more: object = {}) => ({
  plugins: [{ id: 'p', source: { file: './p.wasm', public_key: key.pem }, ...more }],
  bindings: [{ id: 'main', upstreams: ['up'], transforms: ['p'] }],
});
const reachable = { listen: '0.0.0.0:0', allowed_hosts: ['gateway.example'], identity: 'none' };
const trusted = (more: object) => ({ trust: { keys: [{ id: 'acme', pem: key.pem, ...more }] } });
const fromRegistry = (reference: string) => plugin({ source: { oci: reference, public_key: key.pem } });
const upstream = (more: object) => ({ upstreams: [{ id: 'up', http: { url: 'http://127.0.0.1:9/mcp' }, ...more }] });
const secret = { secrets: [{ name: 'token', file: './token' }] };
const withToken = (text: string, mode = 0o600) => ({ config: secret, files: { token: { text, mode } } });
const identified = { identity: { schemes: [{ id: 'keys', api_keys: { file: './keys' } }] } };
const GiB = 2 ** 30;

/** For each check what makes it find something, and what does not. */
const table: readonly { readonly id: string; readonly hurts: Case; readonly fine: Case; readonly says: string }[] = [
  { id: 'DR001', hurts: { config: { listne: 1 } }, fine: {}, says: 'listne' },
  { id: 'DR001', hurts: { config: { listen: '${NOT_SET}' } }, fine: {}, says: 'NOT_SET' },
  { id: 'DR002', hurts: { config: plugin({ mode: 'permissive' }) }, fine: { config: plugin() }, says: 'only recorded' },
  { id: 'DR003', hurts: { config: plugin() }, fine: {}, says: 'p.wasm' },
  { id: 'DR101', hurts: { machine: { nodeVersion: '22.9.0' } }, fine: {}, says: 'Node 22.9.0' },
  { id: 'DR101', hurts: { machine: { nodeOptions: ['--inspect=9229'] } }, fine: {}, says: '--inspect' },
  {
    id: 'DR101',
    hurts: { machine: { nodeOptions: ['--inspect'] } },
    fine: { machine: { nodeOptions: ['--enable-source-maps', '--trace-warnings', '--max-old-space-size=512'] } },
    says: 'Node runs with',
  },
  { id: 'DR102', hurts: { machine: { maxFiles: 1024 } }, fine: {}, says: '1024 files' },
  {
    id: 'DR103',
    hurts: { config: plugin(), machine: { maxMemory: GiB / 4 } },
    fine: { config: plugin(), machine: { maxMemory: GiB } },
    says: '192 MiB',
  },
  {
    id: 'DR104',
    hurts: { config: plugin(), machine: { maxAddressSpace: 20 * GiB } },
    fine: { config: plugin(), machine: { maxAddressSpace: 100 * GiB } },
    says: '30 GiB',
  },
  { id: 'DR105', hurts: { machine: { freeBytes: async () => 1000 } }, fine: {}, says: 'are free on' },
  { id: 'DR106', hurts: withToken('s3cret-value', 0o644), fine: withToken('s3cret-value'), says: 'mode 644' },
  { id: 'DR107', hurts: withToken('s3cret-value \n\n'), fine: withToken('s3cret-value\n'), says: 'secret token' },
  { id: 'DR108', hurts: { machine: { now: () => 0 } }, fine: {}, says: '1970' },
  { id: 'DR202', hurts: { config: reachable }, fine: {}, says: 'may call everything' },
  {
    id: 'DR203',
    hurts: { config: { ...reachable, metrics: { serve: 'everybody' } } },
    fine: { config: { metrics: { serve: 'everybody' } } },
    says: '/metrics',
  },
  {
    id: 'DR204',
    hurts: { config: { ...reachable, admin: { keys_file: './keys' } } },
    fine: { config: { ...reachable, admin: { keys_file: './keys', listen: '127.0.0.1:0' } } },
    says: 'management API',
  },
  {
    id: 'DR301',
    hurts: { config: trusted({ not_after: '2026-12-20T00:00:00Z' }) },
    fine: { config: trusted({ not_after: '2027-12-20T00:00:00Z' }) },
    says: 'expires in 20 days',
  },
  { id: 'DR301', hurts: { config: trusted({ not_after: '2026-01-01T00:00:00Z' }) }, fine: {}, says: 'expired on' },
  {
    id: 'DR301',
    hurts: { config: trusted({ not_before: '2027-01-01T00:00:00Z' }) },
    fine: {},
    says: 'not valid before',
  },
  {
    id: 'DR303',
    hurts: { config: fromRegistry('registry.example/acme/p:1') },
    fine: { config: fromRegistry(`registry.example/acme/p@sha256:${'0'.repeat(64)}`) },
    says: 'a tag',
  },
  {
    id: 'DR304',
    hurts: { files: { 'sallyport.lock': { text: 'lockfile: 1\n', mode: 0o644 } }, config: plugin() },
    fine: { config: plugin() },
    says: 'p is not in the lockfile',
  },
  { id: 'DR305', hurts: { config: { require_signed_plugins: false } }, fine: {}, says: 'without a signature' },
  {
    id: 'DR306',
    hurts: { config: plugin({ on_error: { trap: 'ignore' } }) },
    fine: { config: plugin({ on_error: { trap: 'ignore' }, mode: 'shadow' }) },
    says: 'trap',
  },
  {
    id: 'DR307',
    hurts: { config: plugin({ isolation: 'inline', limits: { fuel: 1_000_000 } }) },
    fine: { config: plugin() },
    says: 'inline',
  },
  { id: 'DR308', hurts: { config: plugin({ grants: 'learn' }) }, fine: { config: plugin() }, says: 'still learns' },
  { id: 'DR404', hurts: { config: upstream({ connections: 'shared' }) }, fine: {}, says: 'share one connection' },
  {
    id: 'DR409',
    hurts: { config: upstream({ http: { url: 'http://crm.example:8080/mcp' } }) },
    fine: { config: upstream({ http: { url: 'http://localhost:8080/mcp' } }) },
    says: 'not encrypted',
  },
  {
    id: 'DR501',
    hurts: { config: { ...plugin({ limits: { timeout_ms: 90_000 } }) } },
    fine: { config: plugin() },
    says: 'a whole request only 60000 ms',
  },
  { id: 'DR501', hurts: { config: { limits: { list_ms: 70_000 } } }, fine: {}, says: 'A list may wait' },
  {
    id: 'DR502',
    hurts: { config: { ...plugin(), limits: { lanes: 5 } } },
    fine: { config: plugin() },
    says: '5 lanes are configured',
  },
  {
    id: 'DR503',
    hurts: { config: { ...plugin(), limits: { lanes: 2, backlog: 1 } } },
    fine: { config: plugin() },
    says: 'may wait for 2 lanes',
  },
  { id: 'DR503', hurts: { config: upstream({ max_connections: 2 }) }, fine: {}, says: '2 clients' },
  {
    id: 'DR504',
    hurts: { config: identified, files: { keys: { text: '', mode: 0o600 } } },
    fine: { config: { ...identified, audit: { file: './audit' } }, files: { keys: { text: '', mode: 0o600 } } },
    says: 'go to the log',
  },
];

describe('[CLI-60] a check', () => {
  it.each(table)('$id finds what hurts: $says', async ({ id, hurts, says }) => {
    const found = (await findings(hurts)).filter(each => each.id === id);
    expect(found.map(({ what }) => what).join('\n')).toContain(says);
    expect(found.every(({ why, fix }) => why !== '' && fix !== '')).toBe(true);
  });

  it.each(table)('$id finds nothing where that is right: $says', async ({ id, fine, says }) => {
    const found = (await findings(fine)).filter(each => each.id === id);
    expect(found.filter(({ what }) => what.includes(says))).toEqual([]);
  });

  it('DR201 finds an address that is in use', async () => {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const taken = await findings({ config: { listen: `127.0.0.1:${port}` } });
    await new Promise(resolve => server.close(resolve));
    expect(taken.filter(({ id }) => id === 'DR201').map(({ what }) => what)).toEqual([
      `A program already listens at 127.0.0.1:${port}.`,
    ]);
    expect((await findings({})).filter(({ id }) => id === 'DR201')).toEqual([]);
  });

  it('DR201 notes a gateway that is running, and warns of any other program', async () => {
    const answering = async (status: number, text: string) => {
      const server = createHttpServer((request, response) => {
        response.statusCode = request.url === '/healthz' ? status : 404;
        response.end(text);
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const listen = `127.0.0.1:${(server.address() as AddressInfo).port}`;
      const found = await portInUse.find({ config: { listen }, isOffline: false } as unknown as Patient);
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
      return found.map(({ severity, what }) => `${severity} ${what.replace(listen, 'ADDRESS')}`);
    };
    expect(await answering(200, '{"ok":true}')).toEqual(['note A gateway is running at ADDRESS.']);
    const other = ['warning A program already listens at ADDRESS.'];
    expect(await answering(200, '<html>')).toEqual(other);
    expect(await answering(200, '{'.repeat(1_000_000))).toEqual(other);
  });

  it('DR201 says what is wrong with an address that this machine does not have', async () => {
    const found = await findings({ config: { ...reachable, listen: '192.0.2.1:8787' } });
    expect(found.find(({ id }) => id === 'DR201')).toMatchObject({
      severity: 'error',
      fix: expect.stringContaining('This machine does not have this address'),
    });
  });

  it('DR205 finds certificates that expire, and names that they are not for', async () => {
    const folder = await temporaryFolder();
    const authority = createAuthority(folder);
    const { certFile } = authority.certify('gateway', 'DNS:gateway.example,IP:::1', 300);
    const tls = { certificate: certFile, key: join(folder, 'gateway.key') };
    const of = async (host: string, now: number) =>
      (await findings({ config: { tls, allowed_hosts: [host] }, machine: { now: () => now } }))
        .filter(({ id }) => id === 'DR205')
        .map(({ what, severity }) => `${severity} ${what}`);
    const day = 24 * 3_600_000;
    expect(await of('gateway.example', Date.now())).toEqual([]);
    expect(await of('[::1]:8443', Date.now())).toEqual([]);
    expect(await of('other.example', Date.now())).toEqual([expect.stringContaining('not for other.example')]);
    expect(await of('gateway.example', Date.now() + 290 * day)).toEqual([
      expect.stringMatching(/^warning .* in \d days/),
    ]);
    expect(await of('gateway.example', Date.now() + 301 * day)).toEqual([expect.stringMatching(/^error .* expired/)]);
  });
});

describe('[CLI-61] a diagnosis', () => {
  it('has nothing to say about a configuration that is right', async () => {
    expect(await findings({})).toEqual([]);
  });

  it('has every problem of an invalid configuration, and what was not looked at', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'sallyport.yaml');
    await writeFile(file, stringify({ listen: 1, bindings: [] }));
    const { findings: found, checked, skipped } = await examine(file, { machine: roomy });
    expect(found.length).toBeGreaterThan(2);
    expect(found.every(({ id, severity }) => id === 'DR001' && severity === 'error')).toBe(true);
    expect(checked).toEqual(['DR001']);
    expect(skipped).toEqual(checks.map(({ id }) => id));
  });

  it('has the worst first, and no secret', async () => {
    const value = 'a-secret-of-some-length';
    const found = await findings({
      ...{
        config: {
          ...secret,
          upstreams: [{ id: 'up', http: { url: `http://127.0.0.1:9/${value}` }, connections: 'shared' }],
        },
      },
      files: { token: { text: `${value} `, mode: 0o644 } },
      machine: { now: () => 0, freeBytes: async () => 0 },
    });
    expect(found.length).toBeGreaterThan(4);
    const order = ['error', 'warning', 'note'];
    const places = found.map(({ severity }) => order.indexOf(severity));
    expect(places).toEqual(places.toSorted());
    expect(JSON.stringify(found)).not.toContain(value);
  });

  it('says what could not be checked, and goes on', async () => {
    const freeBytes = () => Promise.reject(new Error('the disk is away'));
    const found = await findings({ machine: { freeBytes, now: () => 0 } });
    expect(found.map(({ id }) => id)).toEqual(['DR108', 'DR105']);
    expect(found[1]?.what).toContain('the disk is away');
  });

  it('names the checks as skipped that would load plugins from elsewhere', async () => {
    const skippedFor = async (config: object) => {
      const file = join(await temporaryFolder(), 'sallyport.yaml');
      await writeFile(file, stringify({ ...upstream({}), bindings: [{ id: 'main', upstreams: ['up'] }], ...config }));
      return (await examine(file, { isOffline: true, machine: roomy })).skipped;
    };
    expect(await skippedFor(plugin())).not.toEqual(expect.arrayContaining(['DR003']));
    const reference = `registry.example/acme/p@sha256:${'0'.repeat(64)}`;
    expect(await skippedFor(fromRegistry(reference))).toEqual(expect.arrayContaining(['DR003', 'DR309', 'DR310']));
  });

  it('reports a missing command of an upstream once, with the setting', async () => {
    const file = join(await temporaryFolder(), 'sallyport.yaml');
    const upstreams = [{ id: 'up', stdio: { command: './not-there' } }];
    await writeFile(
      file,
      stringify({ listen: '127.0.0.1:0', upstreams, bindings: [{ id: 'main', upstreams: ['up'] }] }),
    );
    const { findings: found } = await examine(file, { machine: roomy });
    expect(found.filter(({ severity }) => severity === 'error')).toMatchObject([{ id: 'DR401', at: 'upstreams.up' }]);
    const offline = await examine(file, { machine: roomy, isOffline: true });
    expect(offline.findings).toMatchObject([{ id: 'DR003', severity: 'error' }]);
  });

  it('does not wait for a check that takes too long', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'sallyport.yaml');
    const up = { id: 'up', http: { url: 'http://127.0.0.1:9/mcp' } };
    await writeFile(file, stringify({ upstreams: [up], bindings: [{ id: 'main', upstreams: ['up'] }] }));
    const machine = { ...roomy, freeBytes: () => new Promise<number>(() => {}) };
    const { findings: found } = await examine(file, { machine, isOffline: true, timeoutMs: 50 });
    expect(found.find(({ id }) => id === 'DR105')?.what).toContain('no result within');
  });

  it('names each check once, in order', () => {
    const ids = [invalidConfiguration, ...checks].map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].toSorted());
  });
});

it('[CLI-62] a collector behind a proxy is not looked for without it', async () => {
  const find = async (endpoint: string, env: object) =>
    telemetryEndpoint.find({ config: { telemetry: { otlp: { endpoint } } }, machine: { env } } as unknown as Patient);
  const proxy = { HTTPS_PROXY: 'http://proxy.example:3128' };
  expect(await find('https://collector.invalid:4318', {})).toHaveLength(1);
  expect(await find('https://collector.invalid:4318', proxy)).toEqual([]);
  expect(await find('http://127.0.0.1:1', proxy)).toHaveLength(1);
});
