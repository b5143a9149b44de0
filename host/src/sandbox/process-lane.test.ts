import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guestDescriptor, jsGuest, watGuest } from '../../../test/fixtures/guest.ts';
import { asVerified, callContext, calls, openGuests, toolCall } from '../../../test/fixtures/sandboxed.ts';
import { decideGrant } from '../capability/grant.ts';
import { capabilities } from '../capability/index.ts';
import { silentLog } from '../core/log.ts';
import { laneArguments } from './lane-body.ts';
import { defaultLimits } from './limits.ts';
import { createSandbox } from './sandbox.ts';

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
      { bytes: await jsGuest(guestDescriptor('apart'), script), isolation: 'process', limits: { timeoutMs: 300 } },
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
  const attempts = [
    "process.getBuiltinModule('fs').readFileSync('/etc/passwd')",
    "process.getBuiltinModule('fs').writeFileSync('/tmp/sallyport-escape', '')",
    "process.getBuiltinModule('child_process').execSync('true')",
    "new (process.getBuiltinModule('worker_threads').Worker)('1', { eval: true })",
    "process.dlopen({}, '/nowhere.node')",
  ];

  it.each(attempts)('[SBX-22] is refused %s by its permissions', async attempt => {
    const code = `try { ${attempt}; console.log('done'); } catch (error) { console.log(error.code); }`;
    const said = execFileSync(process.execPath, [...laneArguments, '-e', code], {
      env: {},
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    expect(said.trim()).toMatch(/^ERR_(ACCESS_DENIED|DLOPEN_DISABLED)$/);
  });
});

it('[RUN-72] keeps the bytes of modules for lanes in processes, and for no others', async () => {
  const sandbox = createSandbox({ capabilities, log: silentLog() });
  const bytes = await watGuest(guestDescriptor('plain'));
  const artifact = asVerified(bytes);
  const grant = decideGrant(sandbox.inspect(artifact).imports, artifact.descriptor, {}, capabilities);
  for (const [isolation, kept] of [
    ['process', true],
    ['pooled', false],
    [undefined, false],
  ] as const) {
    const { modules, binaries } = await sandbox.compile(artifact, grant, defaultLimits, isolation);
    expect([...binaries.keys()]).toEqual(kept ? [...modules.keys()] : []);
  }
});
