import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { pushComponent } from '@sallyport/cli/artifact/push-component';
import { startRegistry } from '@sallyport/registry/start-registry';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { startFakeIssuer } from '../fixtures/fake-issuer.ts';
import { jsGuest, watGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { type OperatorFolder, operatorFolder } from '../fixtures/operator-folder.ts';
import { type RawHttpServer, startRawHttpServer } from '../fixtures/raw-http-server.ts';
import { runSallyport } from '../fixtures/run-sallyport.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';

/** A plugin that can do without what it asks for. */
const measuring = `
import { count } from 'sallyport:plugin/metrics@0.1.0';
export const lifecycle = { configure() {} };
export const dispatchHooks = {
  beforeDispatch() { count('calls', [], 1); return { tag: 'proceed' }; },
  afterDispatch: () => ({ tag: 'proceed' }),
};`;

/** What `--json` prints, as documented. */
const printed = z.strictObject({
  ok: z.boolean(),
  config: z.string(),
  findings: z.array(
    z.strictObject({
      id: z.string().regex(/^DR\d{3}$/),
      severity: z.enum(['error', 'warning', 'note']),
      what: z.string().min(1),
      at: z.string().min(1).optional(),
      why: z.string().min(1),
      fix: z.string().min(1),
    }),
  ),
  checked: z.array(z.string().regex(/^DR\d{3}$/)).min(1),
  skipped: z.array(z.string().regex(/^DR\d{3}$/)),
});

/** A server with these tools, until the test ends. */
async function serverWith(
  names: readonly string[],
  pages: readonly (readonly string[])[] = [names],
): Promise<RawHttpServer> {
  const listed = (page: readonly string[]) => page.map(name => ({ name, inputSchema: { type: 'object' } }));
  const server = await startRawHttpServer({
    name: 'upstream',
    answer({ id, method, params }, response) {
      if (method !== 'tools/list') return false;
      const at = Number((params as { cursor?: string } | undefined)?.cursor ?? 0);
      const next = at + 1 < pages.length ? { nextCursor: String(at + 1) } : {};
      const result = { tools: listed(pages[at] ?? []), ...next };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
      return true;
    },
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

/** Runs the doctor on a folder. Returns what it found, as `id severity`, with what it said. */
async function diagnose(operator: OperatorFolder, ...argv: string[]) {
  const { code, stdout } = await operator.run('doctor', '--json', ...argv);
  const { ok, findings } = printed.parse(JSON.parse(stdout));
  expect(code).toBe(ok ? 0 : 3);
  const of = (id: string) => findings.filter(each => each.id === id).map(({ severity, what }) => `${severity} ${what}`);
  return { code, findings, of };
}

const upstreamAt = (url: string, more: object = {}) => ({ id: 'upstream', http: { url }, ...more });
const folderWith = async (upstreams: readonly { readonly id: string }[], more: Record<string, unknown> = {}) => {
  const operator = await operatorFolder({
    upstreams,
    bindings: [{ id: 'main', upstreams: upstreams.map(({ id }) => id) }],
    ...more,
  });
  await operator.configure([]);
  return operator;
};

describe('[CLI-62] the doctor, of upstreams', () => {
  it('finds nothing wrong with one that answers, and says what does not, as severely as it is required', async () => {
    const fine = await folderWith([upstreamAt((await serverWith(['echo'])).url)]);
    expect((await diagnose(fine)).findings).toEqual([]);
    for (const [required, severity] of [
      [true, 'error'],
      [false, 'warning'],
    ] as const) {
      const { of } = await diagnose(await folderWith([upstreamAt('http://127.0.0.1:1/mcp', { required })]));
      expect(of('DR401')).toEqual([
        expect.stringMatching(new RegExp(`^${severity} .*ECONNREFUSED.* \\(after \\d+ ms\\)`)),
      ]);
    }
  });

  it('asks none offline', async () => {
    const operator = await folderWith([upstreamAt('http://127.0.0.1:1/mcp')]);
    expect(await diagnose(operator, '--offline')).toMatchObject({ code: 0, findings: [] });
  });

  it('finds names of tools that are too long with the prefix, or there twice', async () => {
    const long = 'x'.repeat(60);
    const one = upstreamAt((await serverWith([long, 'echo'])).url);
    expect((await diagnose(await folderWith([one]))).of('DR402')).toEqual([]);
    const other = { id: 'other', http: { url: (await serverWith(['echo', 'echo'])).url } };
    expect((await diagnose(await folderWith([one, other]))).of('DR402')).toEqual([
      expect.stringContaining(`more than 64 characters: upstream__${long}.`),
      expect.stringContaining('Duplicate tool names: other__echo.'),
    ]);
  });

  it('finds bindings with many tools, on several pages', async () => {
    const names = (from: number) => Array.from({ length: 40 }, (_, at) => `tool-${from + at}`);
    const { url } = await serverWith([], [names(0), names(40)]);
    expect((await diagnose(await folderWith([upstreamAt(url)]))).of('DR403')).toEqual([
      expect.stringContaining('The binding main has 80 tools.'),
    ]);
    const searched = { bindings: [{ id: 'main', upstreams: ['upstream'], tool_search: true }] };
    expect((await diagnose(await folderWith([upstreamAt(url)], searched))).of('DR403')).toEqual([]);
  });
});

describe('[CLI-62] the doctor, of authorization servers', () => {
  const withIssuer = async (issuer: string) =>
    folderWith([upstreamAt((await serverWith([])).url)], {
      identity: { schemes: [{ id: 'as', oauth: { issuer, allow_private: ['127.0.0.1/32'] } }] },
      bindings: [{ id: 'main', upstreams: ['upstream'], allow: [{}] }],
      audit: { file: './audit.jsonl' },
    });

  it('finds one that is not there, one with another name or without keys, and a clock that differs', async () => {
    await using issuer = await startFakeIssuer();
    const operator = await withIssuer(issuer.url);
    expect((await diagnose(operator)).findings).toEqual([]);

    issuer.misbehave = (_, response) => {
      response.setHeader('date', new Date(Date.now() - 90_000).toUTCString());
      return false;
    };
    expect((await diagnose(operator)).of('DR406')).toEqual([expect.stringMatching(/clock is \d\d s ahead of/)]);

    issuer.misbehave = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"issuer":"https://other.example"}');
      return true;
    };
    expect((await diagnose(operator)).of('DR405')).toEqual([expect.stringContaining('https://other.example')]);
    issuer.misbehave = ({ url }, response) => {
      if (url !== '/keys') return false;
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"keys":[]}');
      return true;
    };
    const keyless = await diagnose(operator);
    expect([keyless.of('DR405'), keyless.of('DR408')]).toEqual([
      [],
      [`error The keys of ${issuer.url} cannot be read from ${issuer.url}/keys: the JWK Set is empty.`],
    ]);

    const away = await diagnose(await withIssuer('http://127.0.0.1:1'));
    expect(away.of('DR408')).toEqual([]);
    expect(away.of('DR405')).toEqual([expect.stringMatching(/^error .*ECONNREFUSED|bad port/)]);
  });
});

it('[CLI-62] the doctor finds a collector that cannot be reached', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const operator = await folderWith([upstreamAt((await serverWith([])).url)], { telemetry: { otlp: { endpoint } } });
  expect((await diagnose(operator)).of('DR407')).toEqual([]);
  await new Promise(resolve => server.close(resolve));
  expect((await diagnose(operator)).of('DR407')).toEqual([expect.stringContaining('ECONNREFUSED')]);
});

describe('[CLI-62] the doctor, of plugins', () => {
  it('finds registries that do not answer, and tags that are not pinned or have moved', async () => {
    const { url } = await serverWith([]);
    const directory = await temporaryFolder();
    const registry = await startRegistry({ directory });
    const operator = await operatorFolder({ upstreams: [upstreamAt(url)], cache_dir: await temporaryFolder() });
    const reference = `${registry.host}/acme/p:latest`;
    const push = async (version: string) => {
      const bytes = await watGuest(guestDescriptor('p', { version }));
      const { signature } = operator.keys.acme.sign(bytes);
      await pushComponent({ component: bytes, signature, publicKeyPem: operator.keys.acme.pem, reference });
    };
    await push('1.0.0');
    await operator.configure([{ id: 'p', source: { oci: reference } }]);
    const loose = await diagnose(operator);
    expect([loose.code, loose.findings.map(({ id }) => id)]).toEqual([0, ['DR303']]);

    expect(await operator.run('lock')).toMatchObject({ code: 0 });
    expect((await diagnose(operator)).findings).toEqual([]);
    await push('1.1.0');
    expect((await diagnose(operator)).of('DR311')).toEqual([expect.stringMatching(/^note .* now names sha256:\w+/)]);

    await registry.close();
    const away = await diagnose(operator);
    expect(away.of('DR310')).toEqual([expect.stringMatching(/^error registry_unreachable.*\(after \d+ ms\)$/)]);
  });

  it('finds capabilities that were not granted', async () => {
    const operator = await operatorFolder({ upstreams: [upstreamAt((await serverWith([])).url)] });
    const bytes = await jsGuest(guestDescriptor('p', { optional_capabilities: ['metrics'] }), measuring);
    await writeFile(join(operator.folder, 'p.wasm'), bytes);
    await writeFile(join(operator.folder, 'p.wasm.sig'), operator.keys.acme.sign(bytes).signature);
    await operator.configure([{ id: 'p' }]);
    expect((await diagnose(operator)).of('DR309')).toEqual([
      'note The plugin p asks for metrics, which is not granted.',
    ]);
    await operator.configure([{ id: 'p', grants: { metrics: {} } }]);
    expect((await diagnose(operator)).findings).toEqual([]);
  });

  it('finds plugins whose key expires soon', async () => {
    const { url } = await serverWith([]);
    const operator = await operatorFolder({ upstreams: [upstreamAt(url)] });
    await operator.install('p');
    await operator.configure([{ id: 'p' }]);
    const config = parse(await readFile(operator.file, 'utf8'));
    config.trust.keys[0].not_after = new Date(Date.now() + 10 * 24 * 3_600_000).toISOString();
    await writeFile(operator.file, stringify(config));
    expect((await diagnose(operator)).of('DR301')).toEqual([
      expect.stringMatching(/acme expires in \d days\. It signed p\./),
    ]);
  });
});

it('[CLI-63] the doctor prints what hurts, why, and what to do, and ends with 3 for an error', async () => {
  const operator = await folderWith([upstreamAt('http://127.0.0.1:1/mcp', { connections: 'shared' })]);
  const { code, stdout } = await runSallyport('doctor', '-c', operator.file);
  expect(code).toBe(3);
  expect(stdout).toMatch(
    /^error DR401 upstreams\.upstream: .+\n {4}The upstream is required.+\n {2}→ nothing listens on 127\.0\.0\.1:1/,
  );
  expect(stdout).toMatch(/\n\nwarning DR404 upstreams\.upstream\.connections: /);
  expect(stdout).toMatch(/sallyport\.yaml: 1 error, 1 warning; \d+ checks ran\n$/);
  const invalid = await runSallyport('doctor', '-c', `${operator.file}.missing`);
  expect([invalid.code, invalid.stdout]).toEqual([3, expect.stringMatching(/: 1 error; 1 check ran, \d+ skipped\n$/)]);
  const offline = await runSallyport('doctor', '-c', operator.file, '--offline');
  expect([offline.code, offline.stdout]).toEqual([
    0,
    expect.stringMatching(/1 warning; \d+ checks ran, \d+ skipped\n$/),
  ]);
});
