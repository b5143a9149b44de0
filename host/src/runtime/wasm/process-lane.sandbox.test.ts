import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsGuest, watGuest } from '../../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../../test/fixtures/guest-descriptor.ts';
import { callContext, calls, toolCall } from '../../../../test/fixtures/hook-calls.ts';
import { documentedBlock } from '../../../../test/fixtures/markdown.ts';
import { asVerified, openGuests } from '../../../../test/fixtures/sandboxed.ts';
import { capabilities } from '../../capability/registry.ts';
import { silentLog } from '../../core/log.ts';
import { defaultLimits } from '../limits.ts';
import { laneArguments } from './pool/thread-or-process.ts';
import { createWasmRuntime } from './wasm-runtime.ts';

const script = `
export const lifecycle = { configure() {} };
export const dispatchHooks = {
  beforeDispatch(_context, request) {
    const { act } = JSON.parse(request.val.arguments);
    if (act === 'loop') for (;;);
    return { tag: 'block', val: { code: 'SAID', reason: String(act), description: '' } };
  },
  afterDispatch: () => ({ tag: 'proceed' }),
};`;

describe('a plugin in a process of its own', () => {
  let runner: Awaited<ReturnType<typeof openGuests>>;
  beforeAll(async () => {
    runner = await openGuests([
      { bytes: await jsGuest(guestDescriptor('apart'), script), isolation: 'process', limits: { timeoutMs: 5_000 } },
      { bytes: await watGuest(guestDescriptor('traps'), { before: 'unreachable' }), isolation: 'process' },
      { bytes: await watGuest(guestDescriptor('plain')) },
    ]);
  });
  afterAll(() => runner?.[Symbol.asyncDispose]());
  const run = async (act: string, ...plugins: string[]) =>
    (await runner.run({ stage: 'before', context: callContext, calls: calls(...plugins), value: toolCall({ act }) }))
      .reports;

  it('[SBX-21] is served like any other, alone and between others', async () => {
    expect(await run('hello', 'apart')).toMatchObject([{ violation: { reason: 'hello' } }]);
    expect(await run('hello', 'plain', 'apart')).toMatchObject([
      { outcome: 'proceed' },
      { violation: { reason: 'hello' } },
    ]);
    const many = await Promise.all(Array.from({ length: 50 }, (_, n) => run(String(n), 'apart')));
    expect(many.map(([report]) => report?.outcome === 'block' && report.violation.reason)).toEqual(
      many.map((_, n) => String(n)),
    );
  });

  it('[SBX-21] is ended when it loops, and replaced', async () => {
    const [looped, next] = await Promise.all([run('loop', 'apart'), run('next', 'apart')]);
    expect(looped).toMatchObject([{ outcome: 'failed', cause: 'timeout' }]);
    expect(next).toMatchObject([{ violation: { reason: 'next' } }]);
  });

  it('[SBX-21] fails alone when it traps', async () => {
    for (const _ of [1, 2]) expect(await run('', 'traps')).toMatchObject([{ outcome: 'failed', cause: 'trap' }]);
  });

  it('[SBX-21] does not start when it loops in configure', async () => {
    const bytes = await watGuest(guestDescriptor('stuck'), { configure: '(loop $l (br $l))' });
    await expect(openGuests([{ bytes, isolation: 'process', limits: { startMs: 1 } }])).rejects.toMatchObject({
      faults: [{ code: 'plugin_start_timeout', details: { plugin: 'stuck' } }],
    });
  });
});

describe('the process of a lane', () => {
  const module = (name: string) => `process.getBuiltinModule('${name}')`;
  const connect = (port: number) =>
    `await new Promise((yes, no) => ${module('net')}.connect(${port}, '127.0.0.1').on('connect', yes).on('error', no))`;
  const powers = [
    {
      what: "reading the gateway's code",
      code: `${module('fs')}.readFileSync(${JSON.stringify(import.meta.filename)})`,
    },
    { what: 'reading another file', code: `${module('fs')}.readFileSync('/etc/passwd')` },
    { what: 'listing a folder', code: `${module('fs')}.readdirSync('/')` },
    { what: 'writing a file', code: `${module('fs')}.writeFileSync('/tmp/sallyport-escape', '')` },
    { what: 'changing its folder', code: "process.chdir('/')" },
    { what: 'starting a process', code: `${module('child_process')}.execSync('true')` },
    { what: 'starting a thread', code: `new (${module('worker_threads')}.Worker)('1', { eval: true })` },
    { what: 'loading an addon', code: "process.dlopen({}, '/nowhere.node')" },
    { what: 'a WASI of its own', code: `new (${module('wasi')}.WASI)({ version: 'preview1' })` },
    { what: "Node's inner bindings", code: "process.binding('fs')" },
    { what: 'the inspector', code: `${module('inspector')}.open(0)` },
    { what: 'a heap snapshot', code: `${module('v8')}.writeHeapSnapshot()` },
    { what: 'connecting to an address', code: connect },
    { what: 'signals to processes of the same user', code: 'process.kill(process.ppid, 0)' },
  ];
  let server: Server;
  beforeAll(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => void server.close());

  it('[SBX-22] [SBX-71] is refused by its permissions what is documented as refused, and the rest is documented too', async () => {
    const { port } = server.address() as AddressInfo;
    const tried = await Promise.all(
      powers.map(async ({ what, code }) => {
        const attempt = typeof code === 'string' ? code : code(port);
        const program = `try { ${attempt}; console.log('done'); } catch (error) { console.log(error.code); } process.exit()`;
        const { stdout } = await promisify(execFile)(
          process.execPath,
          [...laneArguments, '--input-type=module', '-e', program],
          { env: {} },
        );
        return { what, isRefused: /^ERR_(ACCESS_DENIED|DLOPEN_DISABLED)$/.test(stdout.trim()), said: stdout.trim() };
      }),
    );
    for (const { what, isRefused, said } of tried) expect(isRefused || said === 'done', `${what}: ${said}`).toBe(true);
    const lines = tried.map(({ what, isRefused }) => `${isRefused ? 'refused ' : 'possible'}  ${what}\n`);
    expect(lines.join('')).toBe(documentedBlock('process'));
  });
});

it('[RUN-72] keeps the bytes of modules for lanes in processes, and for no others', async () => {
  const runtime = createWasmRuntime({ capabilities, log: silentLog() });
  const bytes = await watGuest(guestDescriptor('plain'));
  const inspected = runtime.inspect(asVerified(bytes));
  for (const [isolation, kept] of [
    ['process', true],
    ['pooled', false],
    [undefined, false],
  ] as const) {
    const { modules, binaries } = await runtime.compile(inspected, defaultLimits, isolation);
    expect([...binaries.keys()]).toEqual(kept ? [...modules.keys()] : []);
  }
});
