/** The package of the host, installed into an empty project as a stranger would. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import host from '../../host/package.json' with { type: 'json' };
import { jsGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { root } from '../fixtures/markdown.ts';
import { writeHostFolder } from '../fixtures/open-host.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';

const run = promisify(execFile);
const packer = 'pnpm@12';

/** Counts its calls in plugin values, and says so in its answer. */
const counting = `
import { increment } from 'sallyport:plugin/kv-store@0.1.0';
export const lifecycle = { configure() {} };
export const dispatchHooks = {
  beforeDispatch: () => ({ tag: 'block', val: { code: 'COUNTED', reason: String(increment('n', 1, undefined)), description: '' } }),
  afterDispatch: () => ({ tag: 'proceed' }),
};`;

/** The settings of a strict project. */
const compilerOptions = {
  ...{ module: 'nodenext', moduleResolution: 'nodenext', target: 'es2024', lib: ['es2024', 'esnext.disposable'] },
  ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true },
  ...{ types: ['node'], typeRoots: [join(root, 'node_modules/@types')] },
};

describe('an empty project', () => {
  let folder = '';
  const at = (...path: string[]) => join(folder, ...path);
  /** Runs a module of the project with plain Node, and returns what it prints. */
  const runModule = async (name: string, text: string, env: Record<string, string> = {}) => {
    await writeFile(at(name), text);
    const { stdout } = await run(process.execPath, [name], { cwd: folder, env: { ...process.env, ...env } });
    return stdout;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sallyport-packed-'));
    const pack = ['-y', packer, 'pack', '--pack-destination', folder];
    await run('npx', pack, {
      cwd: join(root, 'host'),
      env: { ...process.env, npm_config_verify_deps_before_run: 'false' },
    });
    const tarball = (await readdir(folder)).find(name => name.endsWith('.tgz'));
    const dependencies = { '@sallyport/host': `file:./${tarball}` };
    await writeFile(at('package.json'), JSON.stringify({ name: 'mine', private: true, type: 'module', dependencies }));
    // What is in the cache needs no network.
    const install = ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'];
    await run('npm', install, { cwd: folder });
  }, 600_000);
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
    await rm(join(root, 'host/dist'), { recursive: true, force: true });
  });

  it('[EMB-07] has the same sub-paths as the repository, compiled, and no tests or sources', async () => {
    const packed = JSON.parse(await readFile(at('node_modules/@sallyport/host/package.json'), 'utf8'));
    expect(Object.keys(packed.exports)).toEqual(Object.keys(host.exports));
    const files = await readdir(at('node_modules/@sallyport/host'), { recursive: true });
    expect(files.filter(file => /(?<!\.d)\.ts$|\.test\./.test(file) && !file.includes('node_modules'))).toEqual([]);
    expect(files).toContain('LICENSE');
    const paths = Object.keys(host.exports).map(path => `@sallyport/host${path.slice(1)}`);
    // A program of a child process only runs as such.
    const loaded = paths.filter(path => !path.endsWith('/transpile-child'));
    const text = `${loaded.map(path => `await import('${path}');`).join('\n')}\nconsole.log('loaded');`;
    expect(await runModule('all.js', text)).toBe('loaded\n');
  });

  it('[EMB-07] compiles the programs of the document, and its own mistakes are errors', async () => {
    for (const name of await readdir(join(root, 'examples/embedding'))) {
      await writeFile(at(name), await readFile(join(root, 'examples/embedding', name)));
    }
    await writeFile(
      at('mistakes.ts'),
      `import { createHost } from '@sallyport/host';
const host = await createHost({ upstreams: [{ id: 'up', http: { url: 'http://127.0.0.1:1/mcp' } }] });
// @ts-expect-error an unknown setting
await createHost({ listenn: '127.0.0.1:0' });
// @ts-expect-error an upstream without an id
await host.registerUpstream({ http: { url: 'http://127.0.0.1:1/mcp' } });
// @ts-expect-error an unknown event
host.on('request', () => {});
// @ts-expect-error the answer cannot be changed
host.on('afterResponse', () => ({ result: {} }) as { result: object } satisfies void);
`,
    );
    await writeFile(at('tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
    await run(process.execPath, [join(root, 'node_modules/typescript/lib/tsc.js')], { cwd: folder });
  });

  it('[EMB-07] serves calls with plain Node', async () => {
    await using upstream = await startRawHttpServer();
    const program = await readFile(at('fetch.ts'), 'utf8').catch(() =>
      readFile(join(root, 'examples/embedding/fetch.ts'), 'utf8'),
    );
    // It has no types, so it is JavaScript as it is.
    expect(await runModule('fetch.js', program, { FILES_URL: upstream.url })).toMatch(/^200 .*"serverInfo"/);
  });

  it.each(['pooled', 'process', 'tenant'])(
    '[EMB-07] runs a plugin with isolation %s, and its values on disk',
    async isolation => {
      await using upstream = await startRawHttpServer();
      const bytes = await jsGuest(guestDescriptor('counts', { required_capabilities: ['kv_store'] }), counting);
      const plugin = { id: 'counts', bytes, isolation, grants: { kv_store: {} } };
      await using written = await writeHostFolder([plugin], upstream.url, {
        kv: { store: 'sqlite', path: './values.db' },
      });
      const cache = at(`cache-${isolation}`);
      await mkdir(cache);
      const program = `import { createHost, loadConfig, silentLog } from '@sallyport/host';
const config = await loadConfig(process.env.CONFIG);
const host = await createHost({ ...config, cache_dir: process.env.CACHE }, { log: silentLog() });
const post = (id, method, params, session = {}) =>
  host.fetch(new Request('http://localhost/mcp', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...session },
    body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
  }));
const clientInfo = { name: 'me', version: '1' };
const opened = await post(1, 'initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') };
for (const id of [2, 3]) console.log(await (await post(id, 'tools/call', { name: 'echo', arguments: {} }, session)).text());
await host.close();
`;
      const printed = await runModule(`${isolation}.js`, program, { CONFIG: written.file, CACHE: cache });
      expect(printed.match(/"reason":"\d"/g)).toEqual(['"reason":"1"', '"reason":"2"']);
    },
  );
});
