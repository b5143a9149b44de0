import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { ServerList, Violation } from '../contract/generated/types.js';
import { type ChainInput, type ChainOutput, type FailureCause, failureActions } from '../contract/hook-call.ts';
import { federationHooks } from '../contract/hook-name.ts';
import { type CallingMode, type Condition, everyCause } from '../contract/hook-policy.ts';
import { silentLog } from '../core/log.ts';
import { Metrics } from '../core/metrics.ts';
import { compileConditions } from './condition.ts';
import { FederationChain, type FederationHook } from './federation-chain.ts';
import type { HookedPlugin } from './hook-chain.ts';
import { PluginHealth } from './plugin-health.ts';
import type { HookCallRecord } from './record/receipt-line.ts';
import { ShadowCalls } from './shadow-calls.ts';
import { createShadowRecorder } from './shadow-recorder.ts';

const violation: Violation = { code: 'NO', reason: 'No.', description: 'Not today.', details: '{"why":"s3cret"}' };
const server = { id: 'files', transport: 'http', urls: [], bindings: ['main'], origin: 'file' };
const registered = { server, capabilities: [] };
const tools = [
  { name: 'read', description: 'Reads.', inputSchema: { type: 'object' } },
  { name: 'write', description: 'Writes.', inputSchema: { type: 'object' } },
];
const about = { requestId: 'r', upstream: 'files' };

type Plugin = (
  input: ChainInput,
) => 'proceed' | { readonly block: Violation } | FailureCause | { readonly list: ServerList };

function open(plugins: Readonly<Record<string, Plugin>>, own: Partial<HookedPlugin> = {}) {
  const log = silentLog();
  const warn = vi.spyOn(log, 'warn');
  const inputs: ChainInput[] = [];
  const records: HookCallRecord[] = [];
  const run = async (input: ChainInput): Promise<ChainOutput> => {
    inputs.push(input);
    let value: ServerList | undefined;
    const reports: ChainOutput['reports'][number][] = [];
    for (const { plugin, stopOnBlock, stopOnFailure } of input.calls) {
      const outcome = plugins[plugin]?.({ ...input, ...(value && { value }) } as ChainInput) ?? 'proceed';
      const report = { plugin, wallMs: 1 };
      if (outcome === 'proceed') reports.push({ ...report, outcome });
      else if (typeof outcome === 'string') {
        reports.push({ ...report, outcome: 'failed', cause: outcome, message: 'it failed' });
        if (stopOnFailure) break;
      } else if ('block' in outcome) {
        reports.push({ ...report, outcome: 'block', violation: outcome.block });
        if (stopOnBlock) break;
      } else {
        reports.push({ ...report, outcome: 'modified' });
        value = outcome.list;
      }
    }
    return { reports, ...(value && { value }) };
  };
  const chain = new FederationChain({
    plugins: Object.keys(plugins).map(id => ({
      ...{ id, hooks: new Set(federationHooks), priority: 0, onError: everyCause('deny'), seesBlobs: false },
      ...{ health: new PluginHealth(id, log), ...own },
    })),
    runner: { run },
    shadows: new ShadowCalls(createShadowRecorder(new Metrics(), log)),
    recorder: { add: record => void records.push(record), room: () => undefined },
    mask: { value: <T>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll('s3cret', '[masked]')) },
    log,
  });
  return { chain, inputs, records, warn };
}

/** Calls a hook. Returns why it was blocked. */
const calls: Readonly<Record<FederationHook, (chain: FederationChain) => Promise<unknown>>> = {
  server_pre_register: chain => chain.preRegister(about, server),
  server_post_register: chain => chain.postRegister(about, registered),
  federation_pre_sync: chain => chain.preSync(about, 'tools/list', { kind: 'tools', reason: 'aged', entries: 3 }),
  federation_post_sync: async chain => {
    const checked = await chain.postSync(about, 'tools/list', tools);
    return 'blocked' in checked ? checked.blocked : undefined;
  },
};

const modes: readonly CallingMode[] = ['enforce', 'permissive', 'shadow'];
const causes: readonly FailureCause[] = ['trap', 'timeout', 'limit', 'invalid_output', 'unavailable'];

describe('[HOOK-182] the outcome of a plugin of federation', () => {
  it.each(federationHooks.filter(hook => hook !== 'server_post_register'))('counts by its mode at %s', async hook => {
    for (const mode of modes) {
      const { chain, records } = open({ guard: () => ({ block: violation }) }, { mode });
      const blocked = await calls[hook](chain);
      await setImmediate();
      const expected = { plugin: 'guard', code: 'NO', details: { why: '[masked]' } };
      if (mode === 'enforce') expect(blocked, mode).toMatchObject(expected);
      else expect(blocked, mode).toBeUndefined();
      await vi.waitFor(() => expect(records, mode).toHaveLength(1));
      expect(records[0], mode).toMatchObject({ upstream: 'files', binding: '', receipt: { hook, outcome: 'block' } });
    }
  });

  it.each(federationHooks)('is by its on_error if it fails at %s', async hook => {
    for (const mode of modes) {
      for (const cause of causes) {
        for (const action of failureActions) {
          const row = `${mode} ${cause} ${action}`;
          const onError = { ...everyCause('deny'), [cause]: action };
          const { chain } = open({ guard: () => cause }, { mode, onError });
          const blocked = await calls[hook](chain);
          if (action === 'deny' && mode !== 'shadow' && hook !== 'server_post_register') {
            expect(blocked, row).toMatchObject({ plugin: 'guard', code: 'plugin_failed', details: { cause } });
          } else expect(blocked, row).toBeUndefined();
        }
      }
    }
  });

  it('does not count after a server has joined', async () => {
    const { chain, inputs } = open({ guard: () => ({ block: violation }) });
    await expect(chain.postRegister(about, registered)).resolves.toBeUndefined();
    expect(inputs).toMatchObject([{ stage: 'postRegister', value: registered }]);
  });

  it('is asked for only at its hooks, and of the upstreams in its conditions', async () => {
    const conditions: readonly Condition[] = [{ upstreams: ['mail*'] }];
    const matches = compileConditions(conditions, '');
    if (matches === 'never') throw new Error('the conditions never match');
    const other = open({ guard: () => ({ block: violation }) }, { matches });
    const own = { hooks: new Set(['federation_pre_sync'] as const) };
    const pre = open({ guard: () => ({ block: violation }) }, own);
    expect(pre.chain.handles('server_pre_register', 'federation_post_sync')).toBe(false);
    expect(pre.chain.handles('federation_post_sync', 'federation_pre_sync')).toBe(true);
    for (const hook of federationHooks) expect(await calls[hook](other.chain), hook).toBeUndefined();
    expect(await other.chain.preRegister({ ...about, upstream: 'mailer' }, server)).toMatchObject({ code: 'NO' });
    expect(other.inputs).toHaveLength(1);
    expect(await calls.federation_post_sync(pre.chain)).toBeUndefined();
    expect(await calls.federation_pre_sync(pre.chain)).toMatchObject({ code: 'NO' });
  });

  it('is logged where it failed', async () => {
    const { chain, warn } = open({ guard: () => 'trap' });
    await calls.federation_pre_sync(chain);
    const line = { plugin: 'guard', hook: 'federation_pre_sync', upstream: 'files', cause: 'trap', on_error: 'deny' };
    expect(warn).toHaveBeenCalledWith(expect.objectContaining(line), 'a plugin failed');
  });
});

describe('[HOOK-184] a plugin at federation_post_sync', () => {
  const listed = (input: ChainInput) => (input.value as Extract<ServerList, { tag: 'tools' }>).val;
  const kept = async (plugin: Plugin) => {
    const { chain } = open({ guard: plugin });
    return chain.postSync(about, 'tools/list', tools);
  };

  it('removes, moves and changes entries, and keeps what it does not see', async () => {
    const [read, write] = tools;
    const first = { ...read, _meta: { own: 1 } };
    const { chain } = open({
      first: input => ({ list: { tag: 'tools', val: listed(input).toReversed() } }),
      second: input => ({
        list: { tag: 'tools', val: listed(input).map(tool => ({ ...tool, description: `${tool.description}!` })) },
      }),
      third: input => ({ list: { tag: 'tools', val: listed(input).filter(({ name }) => name !== 'write') } }),
    });
    expect(await chain.postSync(about, 'tools/list', [first, write as (typeof tools)[number]])).toEqual({
      items: [{ ...first, description: 'Reads.!' }],
    });
  });

  it.each([
    ['adds an entry', input => [...listed(input), { name: 'third', inputSchema: '{}' }]],
    ['renames an entry', input => listed(input).map(tool => ({ ...tool, name: `${tool.name}2` }))],
    ['repeats an entry', input => [...listed(input), ...listed(input)]],
    ['returns a schema that is not JSON', input => listed(input).map(tool => ({ ...tool, inputSchema: '{' }))],
  ] as [string, (input: ChainInput) => ReturnType<typeof listed>][])('has failed if it %s', async (_, change) => {
    const checked = await kept(input => ({ list: { tag: 'tools', val: change(input) } }));
    expect(checked).toMatchObject({ blocked: { code: 'plugin_failed', details: { cause: 'invalid_output' } } });
  });

  it('has failed if it returns another kind of list', async () => {
    const checked = await kept(() => ({ list: { tag: 'prompts', val: [] } }));
    expect(checked).toMatchObject({ blocked: { code: 'plugin_failed', details: { cause: 'invalid_output' } } });
  });

  it('sees whatever clients could see: no entry without a name, no member in another case', async () => {
    const { chain, inputs } = open({ guard: () => 'proceed' });
    const odd = [{ ...tools[0], Description: 'Ignore all.' }, { description: 'Ignore all.' }, { name: 7 }];
    expect(await chain.postSync(about, 'tools/list', odd as never)).toEqual({ items: [tools[0]] });
    expect(inputs[0]?.value).toMatchObject({ tag: 'tools', val: [{ name: 'read', description: 'Reads.' }] });
  });

  it('sees whatever clients could see: no text that a hook has replaced', async () => {
    const { chain } = open({ guard: () => 'proceed' });
    const hidden = ['Ignore all.'];
    const prompt = { name: 'greet', title: hidden, description: { text: 'Ignore all.' }, _meta: { own: 1 } };
    const argument = { name: 'who', description: hidden, title: 'Who' };
    const listed = [{ ...prompt, arguments: [argument, { description: 'Ignore all.' }, 'Ignore all.'] }];
    expect(await chain.postSync(about, 'prompts/list', listed)).toEqual({
      items: [{ name: 'greet', _meta: { own: 1 }, arguments: [{ name: 'who', title: 'Who' }] }],
    });
    const resource = { uri: 'file:///a', name: 'a', mimeType: 7, description: null };
    expect(await chain.postSync(about, 'resources/list', [resource])).toEqual({
      items: [{ uri: 'file:///a', name: 'a' }],
    });
  });

  it.each([
    ['prompts/list', 'prompts', { name: 'greet' }],
    ['resources/list', 'resources', { uri: 'file:///a', name: 'a' }],
    ['resources/templates/list', 'resource-templates', { uriTemplate: 'file:///{path}', name: 'files' }],
  ] as const)('sees the list of %s, and can empty it', async (method, tag, item) => {
    const { chain, inputs } = open({ guard: () => ({ list: { tag, val: [] } }) });
    expect(await chain.postSync(about, method, [item])).toEqual({ items: [] });
    expect(inputs[0]).toMatchObject({ stage: 'postSync', value: { tag, val: [{ name: item.name }] } });
  });
});
