import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { DeclaredError } from '../../../../host/src/capability/lane/lane-side.ts';
import { instantiate, type TransformExports } from '../../../../test/fixtures/instantiate.ts';
import { descriptorOf } from '../../../../test/fixtures/signed-plugin.ts';
import { itWith } from '../../../../test/prerequisite.ts';
import { parseCases } from '../case/case-file.ts';
import { type Came, runCase } from '../case/run-case.ts';
import { tryPlugin } from '../case/tried-plugin.ts';
import { buildPlugin } from './build-plugin.ts';

const probes = join(import.meta.dirname, '../../../../test/fixtures/go-probe');
const test = itWith('go');
const timeout = 600_000;
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-go-guest-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const build = async (probe: string, capabilities: readonly string[] = []) => {
  const descriptor = descriptorOf({
    hooks: ['tool_pre_invoke', 'tool_post_invoke'],
    required_capabilities: [...capabilities],
  });
  return (await buildPlugin({ folder: join(probes, probe), descriptor, out: join(folder, `${probe}.wasm`) })).bytes;
};

describe('what the host and Go hand to each other', () => {
  const heard: unknown[] = [];
  const hear =
    (name: string) =>
    (...given: unknown[]) => {
      heard.push([name, ...given]);
    };
  const refuse = (tag: string, val?: unknown): never => {
    throw new DeclaredError(val === undefined ? { tag } : { tag, val });
  };
  let now = 0;
  class Pollable {
    readonly at: number;
    constructor(at: number) {
      this.at = at;
    }
    block() {
      now = this.at;
    }
  }
  const start = BigInt(Date.UTC(2026, 0, 2, 3, 4, 5, 678));
  const host = {
    'sallyport:plugin/log': { write: hear('log') },
    'sallyport:plugin/context': {
      get: (key: string) => (key === 'key' ? 'value é' : undefined),
      set: hear('set'),
      getShared: () => '',
      setShared: hear('setShared'),
    },
    'sallyport:plugin/clock': {
      nowMs: () => start + BigInt(now),
      monotonicNs: () => BigInt(now) * 1_000_000n,
    },
    'wasi:clocks/monotonic-clock': { subscribeDuration: (wait: bigint) => new Pollable(now + Number(wait) / 1e6) },
    'wasi:io/poll': { Pollable },
    'sallyport:plugin/random': { bytes: (length: number) => new Uint8Array(length).fill(length % 256) },
    'sallyport:plugin/outbound-http': {
      send(request: { readonly url: string }) {
        heard.push(request);
        if (request.url === 'denied') refuse('denied', 'no rule');
        if (request.url === 'timeout') refuse('timeout');
        return { status: 201, headers: [['x', 'y']], body: Uint8Array.of(7, 8) };
      },
    },
    'sallyport:plugin/kv-store': {
      get: (key: string) => (key === 'k' ? Uint8Array.of(1) : undefined),
      set: hear('kv set'),
      delete: () => true,
      list: (...given: unknown[]) => given.map(String),
      compareAndSet(...given: unknown[]) {
        heard.push(given);
        return given[1] === undefined;
      },
      increment: (_key: string, by: bigint, ttl: bigint) => by * ttl,
    },
    'sallyport:plugin/secret-store': {
      get: () => refuse('unavailable', 'broken'),
      reference: (name: string) => `<${name}>`,
    },
    'sallyport:plugin/metrics': { count: hear('count'), gauge: hear('gauge'), observe: hear('observe') },
    'sallyport:plugin/audit': {
      write(event: string) {
        if (event === 'wrong') throw new DeclaredError('it is wrong');
      },
    },
    'sallyport:plugin/request-headers': { get: (name: string) => name.repeat(70_000) },
    'sallyport:plugin/identity-claims': { get: () => undefined },
    'sallyport:plugin/tool-call': {
      call(name: string) {
        if (name === 'blocked') refuse('blocked', { code: 'C', reason: 'r', description: 'd', details: undefined });
        return {
          content: [
            { tag: 'opaque', val: 3 },
            { tag: 'text', val: 't' },
          ],
          structuredContent: '{}',
          isError: true,
        };
      },
    },
  };
  const context = { requestId: 'r', binding: 'b', upstream: 'u', tenant: 't', subject: undefined, deadlineMs: 4e9 };
  const call = (name: string, text = '{}') => ({ tag: 'tool-call', val: { name, arguments: text } });
  const capabilities = [
    ...['clock', 'random', 'outbound_http', 'kv_store', 'secret_store', 'metrics', 'audit', 'tool_call'],
    ...['request_headers', 'identity_claims'],
  ];
  let plugin: TransformExports;
  const ready = () => {
    made ??= build('host', capabilities).then(async bytes => {
      plugin = (await instantiate(bytes, host)).make();
      plugin.lifecycle.configure('{}');
    });
    return made;
  };
  let made: Promise<void> | undefined;

  test('[AUT-63] each function of the host', { timeout }, async () => {
    await ready();
    heard.length = 0;
    now = 0;
    const said = plugin.dispatchHooks.beforeDispatch(context, call('functions')) as {
      val: { val: { content: { val: string }[] } };
    };
    const lines = [...(said.val.val.content[0]?.val ?? '').matchAll(/"((?:[^"\\]|\\.)*)\\n"/g)].map(([, line]) => line);
    expect(lines.map(line => (line && line.length > 200 ? line.length : line))).toEqual([
      'r b u t none 4000000000',
      'value é true',
      ' false',
      ' true',
      '1767323045678 0 [3 3 3]',
      '2026-01-02T03:04:05.678Z 20ms',
      '0 136',
      '201 [[x y]] [7 8] <nil>',
      'true no rule denied: no rule',
      'true timeout',
      '<nil>',
      '[1] <nil>',
      'true <nil>',
      'true <nil>',
      '[p a 7] <nil>',
      'true <nil>',
      'false <nil>',
      '-5497558138880 <nil>',
      ' unavailable: broken',
      '<a> <nil>',
      '<nil>',
      'it is wrong',
      70_005,
      ' false',
      '[3 t] {} true <nil>',
      'true C blocked',
    ]);
    expect(heard).toEqual([
      ['set', 'key', 'é'],
      ['setShared', 'shared', ''],
      {
        ...{ method: 'POST', url: 'https://a.example/', body: Uint8Array.of(0, 255) },
        headers: [
          ['a', '1'],
          ['b', ''],
        ],
      },
      { method: 'GET', url: 'denied', headers: [], body: undefined },
      { method: 'GET', url: 'timeout', headers: [], body: undefined },
      ['kv set', 'k', Uint8Array.of(0, 255), 1n << 40n],
      ['k', undefined, Uint8Array.of(0, 255), undefined],
      ['k', new Uint8Array(), new Uint8Array(), 1n << 40n],
      ['count', 'hits', [['l', 'v']], 1.5],
      ['gauge', 'g', [], -2],
      ['observe', 'o', [], 0.25],
      ['log', 'error', 'line\0'],
    ]);
  });

  test('[AUT-63] each value, as it is', { timeout }, async () => {
    await ready();
    const content = [
      { tag: 'text', val: 'é𝄞\0' },
      {
        tag: 'blob',
        val: { mimeType: 'image/png', data: Uint8Array.from({ length: 300 }, (_, index) => index % 256) },
      },
      { tag: 'json', val: '{"type":"x"}' },
      { tag: 'opaque', val: 4_294_967_295 },
    ];
    const [name, title, description] = ['n', 't', undefined];
    const responses = [
      { tag: 'tool-result', val: { content, structuredContent: '{}', isError: true } },
      { tag: 'tool-result', val: { content: [], structuredContent: undefined, isError: false } },
      { tag: 'prompt-result', val: { description: '', messages: [{ role: 'user', content: content[1] }] } },
      { tag: 'resource-result', val: { contents: [{ uri: 'a:', mimeType: undefined, content: content[0] }] } },
      {
        tag: 'tool-list',
        val: [{ name, title, description, inputSchema: '{}', outputSchema: undefined, annotations: '{}' }],
      },
      { tag: 'prompt-list', val: [{ name, title, description, arguments: [{ name, description, required: true }] }] },
      { tag: 'resource-list', val: [{ uri: 'a:', name, title, description, mimeType: 'text/plain' }] },
      { tag: 'input-required', val: 'x'.repeat(1_000_000) },
    ];
    for (const val of responses) {
      expect(plugin.dispatchHooks.afterDispatch(context, val)).toEqual({ tag: 'modified', val });
    }
    for (const val of [
      { tag: 'prompt-get', val: { name, arguments: '{}' } },
      { tag: 'resource-read', val: { uri: 'a:' } },
    ]) {
      expect(plugin.dispatchHooks.beforeDispatch(context, val)).toEqual({ tag: 'modified', val });
    }
    expect(plugin.dispatchHooks.beforeDispatch(context, call('block'))).toEqual({
      tag: 'block',
      val: { code: 'CODE', reason: 'r', description: 'd', details: '{"n":1}' },
    });
    expect(() => plugin.dispatchHooks.beforeDispatch(context, call('fail'))).toThrow('failed: ü');
    expect(() => plugin.dispatchHooks.beforeDispatch(context, call('nil'))).toThrow('neither an outcome nor an error');
  });
});

test('[AUT-61] [AUT-62] what Go needs a system for is in the log, or ends the call', { timeout }, async () => {
  const names = ['print', 'panic', 'exit', 'now', 'gettimeofday', 'sleep', 'nap', 'random', 'file', 'collect'] as const;
  const steps = names.map(name => ({
    hook: 'tool_pre_invoke',
    request: { tag: 'tool-call', val: { name, arguments: {} } },
    expect: { outcome: 'proceed' },
  }));
  const [one] = parseCases(JSON.stringify({ cases: [{ name: 'all', steps }] }), 'system.json');
  if (one === undefined) throw new Error('no case');
  const tried = await tryPlugin(await build('system'), 'system');
  const { came } = await runCase(tried, one, new AbortController().signal);
  const by = Object.fromEntries(names.map((name, index) => [name, came[index]])) as Record<
    (typeof names)[number],
    Came
  >;
  const line = (message: string, level = 'error') => ({ level, message });

  expect(by.print).toMatchObject({ outcome: 'proceed' });
  expect(by.print.log.map(each => [each.level, each.message.replace(/x{9,}/, ({ length }) => `${length} x`)])).toEqual([
    ['info', 'one'],
    ['warn', 'two words'],
    ['warn', 'three'],
    ['warn', '2048 x'],
    ['warn', '952 x'],
    ['warn', 'four  0'],
  ]);
  expect(by.panic).toMatchObject({
    ...{ outcome: 'failed', cause: 'trap' },
    message: expect.stringMatching(/^panic: boom \(.*system\.go:31\)$/),
    log: [{ level: 'error', message: expect.stringMatching(/^panic: boom.*\n[\s\S]*main\.system\.Before/) }],
  });
  expect(by.exit).toMatchObject({ outcome: 'failed', cause: 'trap' });

  const declare = (what: string, capability: string) =>
    line(`${what} needs the capability ${capability}: name it in required_capabilities of plugin.json`);
  expect(by.now).toMatchObject({
    ...{ outcome: 'failed', cause: 'trap' },
    message: expect.stringContaining(`panic: ${declare('time.Now', 'clock').message} (`),
  });
  expect(by.gettimeofday).toMatchObject({ outcome: 'failed', cause: 'trap', log: [declare('Time', 'clock')] });
  expect(by.sleep).toMatchObject({ outcome: 'failed', cause: 'trap', log: [declare('Waiting', 'clock')] });
  expect(by.nap).toMatchObject({ outcome: 'failed', cause: 'trap', log: [declare('Waiting', 'clock')] });
  expect(by.random).toMatchObject({ outcome: 'failed', cause: 'trap', log: [declare('crypto/rand', 'random')] });
  expect(by.file).toMatchObject({ outcome: 'failed', message: expect.stringContaining('open /etc/passwd') });
  expect(by.collect).toMatchObject({ outcome: 'proceed', log: [] });
});
