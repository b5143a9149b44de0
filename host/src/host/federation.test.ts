import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { ChainInput, ChainOutput } from '../contract/hook-call.ts';
import { federationHooks, type HookName } from '../contract/hook-name.ts';
import { everyCause } from '../contract/hook-policy.ts';
import { silentLog } from '../core/log.ts';
import { SecretMask } from '../core/secret-mask.ts';
import { FederationChain } from '../hook/federation-chain.ts';
import { PluginHealth } from '../hook/plugin-health.ts';
import { anonymous } from '../identity/principal.ts';
import { errorAnswer, resultAnswer } from '../mcp/answer.ts';
import type { Upstream, UpstreamPool } from '../upstream/upstream.ts';
import { Federation, type Joining } from './federation.ts';
import { readConfigObject } from './load-config.ts';

type Report = ChainOutput['reports'][number];
type Plugin = (input: ChainInput) => Partial<Report>;

function open(plugin: Plugin | undefined, hooks: readonly HookName[] = federationHooks) {
  const log = silentLog();
  const inputs: ChainInput[] = [];
  const running = { now: 0, most: 0 };
  const run = async (input: ChainInput): Promise<ChainOutput> => {
    inputs.push(input);
    running.now += 1;
    running.most = Math.max(running.most, running.now);
    await setImmediate();
    running.now -= 1;
    const report = { plugin: 'guard', wallMs: 1, outcome: 'proceed' };
    return { reports: [{ ...report, ...plugin?.(input) } as Report] };
  };
  const guard = {
    ...{ id: 'guard', hooks: new Set(hooks), priority: 0, onError: everyCause('deny'), seesBlobs: false },
    health: new PluginHealth('guard', log),
  };
  const plugins = plugin === undefined ? [] : [guard];
  const chain = new FederationChain({ plugins, runner: { run }, shadows: { start() {} }, mask: new SecretMask(), log });
  const options = { plugins: () => ({ chain, decider: 'guard' }), listMs: 1_000, mask: new SecretMask(), log };
  return { inputs, running, federation: new Federation(options) };
}

async function joining(...ids: readonly string[]): Promise<readonly Joining[]> {
  const upstreams = ids.map(id => ({ id, http: { url: `https://${id}.example/mcp` }, required: false }));
  const { upstreams: entries } = await readConfigObject({ upstreams }, '/');
  return entries.map(entry => ({ entry, bindings: ['main'] }));
}

function poolOf(id: string): UpstreamPool {
  const serverInfo = {
    ...{ revision: '2025-11-25', implementation: { name: 'Files', version: '2.1' } },
    capabilities: { tools: {}, resources: {} },
  };
  const client: Upstream = {
    ...{ id, ready: true, listeningSince: undefined, serverInfo, start: async () => {}, setLogLevel: async () => {} },
    subscribe: () => () => {},
    request: async method =>
      method === 'tools/list'
        ? resultAnswer({ tools: [{ name: 'read' }, { name: 'write' }] })
        : errorAnswer({ code: -32603, message: 'No.' }),
    async [Symbol.asyncDispose]() {},
  };
  const pool: UpstreamPool = {
    ...{ id, ready: true, wasReached: true, lastFailure: undefined, common: undefined, serverInfo, checkRoom() {} },
    ...{ start: async () => {}, for: () => pool, open: () => client },
    async [Symbol.asyncDispose]() {},
  };
  return pool;
}

const byFile = { origin: 'file' } as const;
const violation = { code: 'NO', reason: 'No.', description: 'Not today.' };

describe('[HOOK-181] upstreams that join', () => {
  it('are refused with the reason of the plugin, all of them at once', async () => {
    const { federation, inputs } = open(({ context }) =>
      context.upstream === 'good' ? {} : { outcome: 'block', violation },
    );
    await expect(federation.admit(await joining('bad', 'good', 'worse'), byFile)).rejects.toMatchObject({
      faults: ['bad', 'worse'].map(upstream => ({
        ...{ code: 'registration_blocked', exit: 5 },
        details: { upstream, plugin: 'guard', what: 'NO: No.', violation },
      })),
    });
    const urls = ['https://bad.example/mcp'];
    const server = { id: 'bad', transport: 'http', urls, bindings: ['main'], origin: 'file' };
    expect(inputs[0]).toMatchObject({ stage: 'preRegister', value: server, context: { upstream: 'bad', binding: '' } });
  });

  it('are asked about a few at a time, so that no call waits for those of many others', async () => {
    const { federation, inputs, running } = open(() => ({}));
    const ids = Array.from({ length: 50 }, (_, at) => `files-${at}`);
    await federation.admit(await joining(...ids), byFile);
    expect(inputs).toHaveLength(50);
    expect(running.most).toBeLessThanOrEqual(8);
  });

  it('are refused if the plugin fails', async () => {
    const { federation } = open(() => ({ outcome: 'failed', cause: 'trap', message: 'it crashed' }));
    await expect(federation.admit(await joining('files'), byFile)).rejects.toMatchObject({
      faults: [{ code: 'registration_blocked', details: { violation: { code: 'plugin_failed' } } }],
    });
  });

  it('join where no plugin has the hook', async () => {
    for (const { federation, inputs } of [open(undefined), open(() => ({}), ['federation_post_sync'])]) {
      await federation.admit(await joining('files'), byFile);
      federation.registered((await joining('files'))[0] as Joining, poolOf('files'), byFile);
      expect(inputs).toEqual([]);
    }
    const pool = poolOf('files');
    expect(open(undefined).federation.checked(pool)).toBe(pool);
    expect(open(() => ({}), ['server_pre_register']).federation.checked(pool)).toBe(pool);
  });
});

describe('[HOOK-187] once an upstream was reached', () => {
  it('plugins see what it says of itself and how long its lists are', async () => {
    const { federation, inputs } = open(
      () => ({ outcome: 'failed', cause: 'trap', message: 'it crashed' }),
      ['server_post_register'],
    );
    const [joined] = await joining('files');
    federation.registered(joined as Joining, poolOf('files'), { origin: 'admin', principal: 'ops' });
    await vi.waitFor(() => expect(inputs).toHaveLength(1));
    expect(inputs[0]?.value).toEqual({
      server: {
        ...{ id: 'files', transport: 'http', urls: ['https://files.example/mcp'], bindings: ['main'] },
        ...{ origin: 'admin', principal: 'ops' },
      },
      ...{ revision: '2025-11-25', name: 'Files', version: '2.1', capabilities: ['resources', 'tools'], tools: 2 },
    });
  });

  it('nothing is reported, nor tried any more, if it was closed before', async () => {
    const { federation, inputs } = open(() => ({}));
    const pool = poolOf('files');
    const signals: (AbortSignal | undefined)[] = [];
    pool.start = async signal => {
      signals.push(signal);
      throw new Error('it cannot be reached');
    };
    const [joined] = await joining('files');
    federation.registered(joined as Joining, pool, byFile);
    expect(signals.map(signal => signal?.aborted)).toEqual([false]);
    await federation.release(pool);
    expect(signals.map(signal => signal?.aborted)).toEqual([true]);
    expect(inputs).toEqual([]);
  });

  it('its lists are checked, with one object for the same connections until they are closed', async () => {
    const { federation, inputs } = open(() => ({}));
    const pool = poolOf('files');
    const checked = federation.checked(pool);
    expect(federation.checked(pool)).toBe(checked);
    await checked.for(anonymous).open().request('tools/list');
    expect(inputs.map(({ stage }) => stage)).toEqual(['preSync', 'postSync']);
    expect(inputs[0]?.value).toEqual({ kind: 'tools', reason: 'connected' });
    await federation.release(pool);
    expect(federation.checked(pool)).not.toBe(checked);
    await federation[Symbol.asyncDispose]();
  });
});
