import { execFile } from 'node:child_process';
import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { describe, expect, it, onTestFinished } from 'vitest';
import { embedDescriptor } from '../../host/src/wasm/descriptor-section.ts';
import { freePort } from '../fixtures/everything.ts';
import { jsGuest, watGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { type HostedPlugin, writeHostFolder } from '../fixtures/open-host.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';
import { itWith } from '../prerequisite.ts';

const main = join(import.meta.dirname, '../../tools/cli/bin/sallyport.js');
const idle = `
export const lifecycle = { configure() {} };
export const dispatchHooks = { beforeDispatch: () => ({ tag: 'proceed' }), afterDispatch: () => ({ tag: 'proceed' }) };
`;

/** Runs the command `sallyport` as an operator does. */
async function sallyport(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, [main, ...argv], { timeout: 300_000 }).then(
    output => ({ code: 0, ...output }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      stdout: error.stdout,
      stderr: error.stderr,
    }),
  );
}

const statusOf = (pid: number | undefined, file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
const childrenOf = async (pid: number | undefined): Promise<number[]> =>
  ((await statusOf(pid, `task/${pid}/children`)).match(/\d+/g) ?? []).map(Number);
/** One that ended and that nobody has asked about is none. */
const isRunning = async (pid: number): Promise<boolean> => /^State:\s+[^ZX]/m.test(await statusOf(pid, 'status'));

/** A gateway in a process of its own, that ends with the test at the latest, and what it has said so far. */
function startServing(file: string) {
  const child = execFile(process.execPath, [main, 'serve', '-c', file]);
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: string) => (said += text));
  return { child, said: () => said };
}

/** Files in a folder and below, index and layout marker left aside. */
const filesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []))
    .filter(entry => entry.isFile())
    .map(({ name }) => name);

async function folderWith(plugins: readonly HostedPlugin[], more: Record<string, unknown> = {}) {
  const made = await writeHostFolder(plugins, 'http://127.0.0.1:1/mcp', more);
  onTestFinished(() => made[Symbol.asyncDispose]());
  return made;
}

/** What `check` refuses, as a machine reads it. */
async function problemsOf(plugins: readonly HostedPlugin[]) {
  const { file } = await folderWith(plugins);
  const { code, stdout } = await sallyport('check', '-c', file, '--json');
  return { code, problems: JSON.parse(stdout).problems as { code: string; plugin?: string; hint: string }[] };
}

const breakOut = "a': (globalThis.PWN = process.pid, {}), 'b";

describe('a plugin that is refused', () => {
  const refusals: {
    what: string;
    code: string;
    says: string;
    plugin: () => Promise<{ readonly bytes: Uint8Array; readonly [setting: string]: unknown }>;
  }[] = [
    {
      what: 'needs a grant that is missing',
      code: 'capability_ungranted',
      says: 'outbound_http: { allow: ["https://api.example.com"] }',
      plugin: async () => ({
        bytes: await jsGuest(guestDescriptor('p', { required_capabilities: ['outbound_http'] }), idle),
      }),
    },
    {
      what: 'imports what it did not declare',
      code: 'capability_undeclared',
      says: 'plugin.json',
      plugin: async () => ({
        bytes: await watGuest(guestDescriptor('p'), {
          fields: '(import "sallyport:plugin/clock@0.1.0" "now-ms" (func $now (result i64)))',
          world: 'world plugin { import clock; export lifecycle; export dispatch-hooks; }',
        }),
      }),
    },
    {
      what: 'is granted what it did not ask for',
      code: 'grant_unasked',
      says: 'remove clock',
      plugin: async () => ({ bytes: await watGuest(guestDescriptor('p')), grants: { clock: {} } }),
    },
    {
      what: 'has names that break out of the glue',
      code: 'name_forbidden',
      says: 'Do not use this plugin',
      plugin: async () => ({
        bytes: embedDescriptor(
          await parse(`(component (core module (import "${breakOut}" "f" (func))))`),
          guestDescriptor('p'),
        ),
      }),
    },
    {
      what: 'is a core module',
      code: 'component_core_module',
      says: 'omponent',
      plugin: async () => ({ bytes: await parse('(module)') }),
    },
    {
      what: 'exports no hooks',
      code: 'export_missing',
      says: 'its kind',
      plugin: async () => ({
        bytes: await watGuest(guestDescriptor('p'), { world: 'world plugin { export lifecycle; }' }),
      }),
    },
    {
      what: 'is of a kind that cannot be used yet',
      code: 'plugin_kind_unsupported',
      says: 'transform',
      plugin: async () => ({
        bytes: await watGuest(guestDescriptor('p', { kind: 'sink' }), {
          world: 'world plugin { export lifecycle; export dispatch-hooks; }',
        }),
      }),
    },
    {
      what: 'names a hook that is not called yet',
      code: 'hook_unsupported',
      says: 'hooks',
      plugin: async () => ({ bytes: await watGuest(guestDescriptor('p', { hooks: ['auth_pre_check'] })) }),
    },
    {
      what: 'has a config that its schema does not allow',
      code: 'plugin_config_invalid',
      says: 'README',
      plugin: async () => ({
        bytes: await watGuest(
          guestDescriptor('p', { config_schema: { type: 'object', properties: { n: { type: 'number' } } } }),
        ),
        config: { n: 'many' },
      }),
    },
    {
      what: 'asks for more memory than it may have',
      code: 'limit_ungranted',
      says: 'limits: { memory_mib: 2048 }',
      plugin: async () => ({ bytes: await watGuest(guestDescriptor('p', { limits: { memory_mib: 2048 } })) }),
    },
    {
      what: 'starts with more memory than it may have',
      code: 'memory_over_limit',
      says: 'limits.memory_mib',
      plugin: async () => ({
        bytes: await watGuest(guestDescriptor('p'), { memory: '64' }),
        limits: { memory_mib: 1 },
      }),
    },
    {
      what: 'is no valid component inside',
      code: 'compile_failed',
      says: 'wasm-tools',
      plugin: async () => {
        const bytes = Buffer.from(await watGuest(guestDescriptor('p')));
        // The body of a function that returns a number does nothing in its place: sections of the right form, no code.
        bytes.set([0x01, 0x01, 0x01, 0x0b], bytes.indexOf(Uint8Array.of(0x41, 0x80, 0x08, 0x0b)));
        return { bytes };
      },
    },
  ];

  it.each(refusals)(
    '[RUN-01] because it $what is named, with what to do, and exit code 4',
    async ({ code, says, plugin }) => {
      const { code: exit, problems } = await problemsOf([{ id: 'p', ...(await plugin()) }]);
      expect(problems.map(problem => problem.code)).toEqual([code]);
      expect(problems[0]).toMatchObject({ plugin: 'p', hint: expect.stringContaining(says) });
      expect(exit).toBe(4);
    },
  );

  it('[RUN-01] is told of together with all others', async () => {
    const { problems } = await problemsOf([
      { id: 'one', bytes: await watGuest(guestDescriptor('one')), grants: { clock: {}, random: {} } },
      { id: 'two', bytes: await watGuest(guestDescriptor('another')) },
    ]);
    expect(problems.map(({ code, plugin }) => `${plugin} ${code}`)).toEqual([
      'one grant_unasked',
      'one grant_unasked',
      'two plugin_id_mismatch',
    ]);
  });

  it('[RUN-80] because its config does not fit is told all that is wrong with it, with place and suggestion', async () => {
    const config_schema = {
      type: 'object',
      required: ['mode'],
      additionalProperties: false,
      properties: {
        mode: { enum: ['mask', 'drop'] },
        replacement: { type: 'string' },
        kinds: { type: 'array', items: { type: 'object', additionalProperties: false, properties: { name: {} } } },
      },
    };
    const { problems } = await problemsOf([
      {
        id: 'p',
        bytes: await watGuest(guestDescriptor('p', { config_schema })),
        config: { replacment: 'x', mode: 'hide', kinds: [{ name: 1 }, { nam: 2 }] },
      },
    ]);
    const about = { code: 'plugin_config_invalid', plugin: 'p', file: expect.any(String), line: expect.any(Number) };
    expect(problems).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ ...about, path: 'plugins.0.config.mode', reason: expect.stringContaining('mask') }),
        expect.objectContaining({ ...about, path: 'plugins.0.config.replacment', hint: 'did you mean replacement?' }),
        expect.objectContaining({ ...about, path: 'plugins.0.config.kinds.1.nam', hint: 'did you mean name?' }),
      ]),
    );
    expect(problems).toHaveLength(3);
  });

  it.each(['component', 'signature'])(
    '[RUN-02] when one bit of the %s was flipped, by check and by serve',
    async part => {
      const { folder, file } = await folderWith([{ id: 'p', bytes: await watGuest(guestDescriptor('p')) }]);
      const victim = join(folder, part === 'component' ? 'p.wasm' : 'p.wasm.sig');
      const bytes = await readFile(victim);
      bytes[40] = (bytes[40] ?? 0) ^ 1;
      await writeFile(victim, bytes);
      for (const command of ['check', 'serve']) {
        const { code, stderr } = await sallyport(command, '-c', file);
        expect(code).toBe(4);
        expect(stderr).toMatch(/signature_invalid|component_/);
        expect(stderr).toContain('→');
      }
    },
  );
});

describe('the command', () => {
  it('[RUN-03] says that all is well, and what was verified', async () => {
    const { file } = await folderWith([{ id: 'p', bytes: await watGuest(guestDescriptor('p')) }]);
    const { code, stdout } = await sallyport('check', '-c', file, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      plugins: [{ plugin: 'p', version: '0.1.0', signer: { by: 'source' }, granted: [] }],
    });
    expect(code).toBe(0);
  });

  it.each([
    { argv: ['dance'], exit: 2, says: 'usage' },
    { argv: ['serve', '--loud'], exit: 2, says: 'usage' },
    { argv: ['check', 'one', 'two'], exit: 2, says: 'usage' },
    { argv: ['check', '-c', '/nowhere/sallyport.yaml'], exit: 3, says: 'config_unreadable' },
    { argv: ['--help'], exit: 0, says: 'Usage: sallyport' },
    { argv: [], exit: 0, says: 'Usage: sallyport' },
    { argv: ['--version'], exit: 0, says: '0.1.0' },
  ])('[RUN-04] answers $argv with exit code $exit', async ({ argv, exit, says }) => {
    const { code, stdout, stderr } = await sallyport(...argv);
    expect(stdout + stderr).toContain(says);
    expect(code).toBe(exit);
  });

  it('[RUN-04] refuses a config with exit code 3, every problem with its line', async () => {
    const { file } = await folderWith([]);
    await appendFile(file, 'colour: blue\nlistn: 127.0.0.1:1\n');
    const { code, stderr } = await sallyport('serve', '-c', file);
    expect(stderr).toMatch(/sallyport\.yaml:\d+:1: config_invalid.*colour/);
    expect(stderr).toMatch(/sallyport\.yaml:\d+:1: config_invalid.*listn/);
    expect(code).toBe(3);
  });

  it('[RUN-05] ends with exit code 5 when a required upstream is down at start, and starts when it is not required', async () => {
    const url = `http://127.0.0.1:${await freePort()}/mcp`;
    const { file } = await folderWith([], {
      upstreams: [{ id: 'upstream', http: { url } }],
      bindings: [{ id: 'main', upstreams: ['upstream'] }],
    });
    const { code, stderr } = await sallyport('serve', '-c', file);
    expect(stderr).toContain('upstream_unavailable');
    expect(code).toBe(5);
  });

  it('[RUN-06] serves until SIGTERM, then drains and ends with exit code 0', async () => {
    await using upstream = await startRawHttpServer({ name: 'upstream' });
    const port = await freePort();
    const { file } = await folderWith([{ id: 'p', bytes: await watGuest(guestDescriptor('p')) }], {
      listen: `127.0.0.1:${port}`,
      upstreams: [{ id: 'upstream', http: { url: upstream.url } }],
    });
    const { child } = startServing(file);
    const ended = new Promise(resolve => child.once('exit', code => resolve(code)));
    const isReady = () =>
      fetch(`http://127.0.0.1:${port}/readyz`).then(
        response => response.ok,
        () => false,
      );
    while (!(await isReady())) await new Promise(resolve => setTimeout(resolve, 50));
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  it.each([
    { what: 'an upstream does not answer', begun: (asked: () => number) => asked() > 0 },
    { what: 'a registry does not answer', begun: (asked: () => number) => asked() > 0, source: 'oci' },
    {
      what: 'a plugin loops in configure',
      begun: (_: unknown, log: string) => /plugin verified/.test(log),
      loops: true,
    },
    {
      what: 'a plugin loops in configure, in a process of its own',
      begun: (_: unknown, log: string) => /plugin verified/.test(log),
      loops: true,
      isolation: 'process',
    },
  ])('[RUN-77] ends at SIGTERM while $what', async ({ begun, source, loops, isolation }) => {
    let asked = 0;
    const silent = createServer(() => {
      asked += 1;
    });
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      silent.closeAllConnections();
      silent.close();
    });
    const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const bytes = await watGuest(guestDescriptor('p'), loops ? { configure: '(loop $l (br $l))' } : {});
    const plugin = {
      ...{ id: 'p', bytes, ...(isolation !== undefined && { isolation }) },
      ...(source !== undefined && { source: { oci: `${address}/acme/p:1` } }),
    };
    const { folder, file } = await folderWith([plugin], {
      upstreams: [{ id: 'upstream', http: { url: `http://${address}/mcp` } }],
      limits: { lanes: 1, upstream_start_ms: 3_600_000, plugin: { start_ms: 3_600_000 } },
      ...(source !== undefined && { cache_dir: './cache' }),
    });
    const { child, said } = startServing(file);
    const ended = new Promise(resolve => child.once('exit', resolve));
    await expect.poll(() => begun(() => asked, said())).toBe(true);
    let lanes: readonly number[] = [];
    const findLanes = async () => {
      lanes = await childrenOf(child.pid);
      return lanes.length;
    };
    if (isolation !== undefined) await expect.poll(findLanes).toBeGreaterThan(0);
    child.kill('SIGTERM');
    expect(await ended).toBe(143);
    expect(said()).toContain('interrupted by SIGTERM');
    await expect.poll(() => Promise.all(lanes.map(isRunning))).toEqual(lanes.map(() => false));
    if (source !== undefined) expect(await filesIn(join(folder, 'cache'))).toEqual([]);
  });

  itWith('setpriv')(
    '[SBX-85] leaves no process behind that loops, also when it is killed',
    async () => {
      const bytes = await watGuest(guestDescriptor('p'), { configure: '(loop $l (br $l))' });
      const { file } = await folderWith([{ id: 'p', bytes, isolation: 'process' }], {
        upstreams: [{ id: 'upstream', stdio: { command: 'cat' }, required: false }],
        limits: { lanes: 1, plugin: { start_ms: 3_600_000 } },
      });
      const { child, said } = startServing(file);
      await expect.poll(said).toContain('plugin verified');
      let lane: number | undefined;
      const findLane = async () => {
        const children = await childrenOf(child.pid);
        const commands = await Promise.all(children.map(pid => statusOf(pid, 'cmdline')));
        lane = children.find((_, index) => commands[index]?.includes('lane/worker.ts'));
        return lane;
      };
      await expect.poll(findLane).toBeDefined();
      child.kill('SIGKILL');
      await expect.poll(() => isRunning(lane ?? 0)).toBe(false);
    },
    60_000,
  );

  it('[RUN-07] warns at every start that plugins need not be signed, when the operator said so', async () => {
    await using upstream = await startRawHttpServer({ name: 'upstream' });
    const { folder, file } = await folderWith(
      [{ id: 'p', bytes: await watGuest(guestDescriptor('p')), source: { file: './unsigned.wasm' } }],
      {
        require_signed_plugins: false,
        upstreams: [{ id: 'upstream', http: { url: upstream.url } }],
      },
    );
    await writeFile(join(folder, 'unsigned.wasm'), await watGuest(guestDescriptor('p')));
    for (const start of [1, 2]) {
      const { code, stderr } = await sallyport('check', '-c', file);
      expect(stderr, `start ${start}`).toContain('warning: require_signed_plugins: it is false');
      expect(code).toBe(0);
    }
  });
});
