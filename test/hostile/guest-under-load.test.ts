import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toFaults } from '../../host/src/core/fault.ts';
import { jsGuest, type WatGuest, watGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { openHonestLoad } from '../fixtures/honest-load.ts';
import { openHost } from '../fixtures/open-host.ts';
import { type RawHttpServer, startRawHttpServer } from '../fixtures/raw-http-server.ts';
import { endure } from '../fixtures/siege.ts';

/** Attacks from within JavaScript, in the hook that the arguments of the call name. */
const script = `
import * as state from 'sallyport:plugin/context@0.1.0';
import * as log from 'sallyport:plugin/log@0.1.0';
const levels = (count, open, close) => open.repeat(count) + '1' + close.repeat(count);
const deep = levels(10000, '{"a":', '}');
const vicious = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":null,"prototype":1}';
const say = details => ({ tag: 'block', val: { code: 'SAID', reason: '', description: '', details } });
const result = (content, structuredContent) => ({ tag: 'tool-result', val: { content, structuredContent, isError: false } });
const answer = (...given) => stage === 'before' ? { tag: 'respond', val: result(...given) } : { tag: 'modified', val: result(...given) };
const ask = args => ({ tag: 'modified', val: { tag: 'tool-call', val: { name: 'echo', arguments: args } } });
const opaque = (...numbers) => answer(numbers.map(val => ({ tag: 'opaque', val })), shown.structuredContent);
const text = val => answer([{ tag: 'text', val }]);
let config, shown, stage;
const attacks = {
  loop: () => { for (;;); },
  dive: () => { const dive = () => dive() + 1; return dive(); },
  hog: () => { const all = []; for (;;) all.push(new Uint8Array(1000000).fill(1)); },
  regex: () => /^(a|aa)+$/.test('a'.repeat(60) + '!'),
  'log for ever': () => { for (;;) log.write('info', 'x'); },
  'log a megabyte for ever': () => { const line = 'x'.repeat(1000000); for (;;) log.write('info', line); },
  'read state for ever': () => { for (;;) state.get('x'); },
  'write state for ever': () => { for (let i = 0; ; i += 1) state.set('x', String(i)); },
  'grow state': () => { for (let i = 0; ; i += 1) state.set('key' + i, 'x'.repeat(1000)); },
  'a hundred megabytes': () => text('x'.repeat(100000000)),
  'many blocks': () => answer(Array.from({ length: 2000 }, () => ({ tag: 'text', val: '' }))),
  'a key of a megabyte': () => ask(JSON.stringify({ ['k'.repeat(1000000)]: 1 })),
  'deep arguments': () => ask(deep),
  'deep block': () => answer([{ tag: 'json', val: deep }]),
  'deep structure': () => answer([], deep),
  'deep lists': () => answer([], '{"a":' + levels(10000, '[', ']') + '}'),
  'deep details': () => say(deep),
  'vicious arguments': () => ask(vicious),
  'vicious block': () => answer([{ tag: 'json', val: '{"type":"text","text":"x",' + vicious.slice(1) }]),
  'vicious structure': () => answer([], vicious),
  'vicious details': () => say(vicious),
  'vicious config': () => say(config),
  'vicious state': () => {
    const names = ['__proto__', 'constructor', 'prototype', 'toString'];
    const before = names.map(name => [state.get(name) ?? null, state.getShared(name) ?? null]);
    for (const name of names) { state.set(name, name); state.setShared(name, '{}'); }
    return say(JSON.stringify({ before, after: names.map(name => state.get(name)) }));
  },
  surrogates: () => text('\\udc00 \\ud800'),
  'opaque 1': () => opaque(1),
  'opaque 0': () => opaque(0),
  'opaque twice': () => opaque(1, 1),
  'opaque 99': () => opaque(99),
  'opaque -1': () => opaque(-1),
  'opaque 2.5': () => opaque(2.5),
  'no outcome': () => undefined,
  'a strange outcome': () => ({ tag: 'toString', val: {} }),
};
export const lifecycle = { configure(given) { config = given; } };
export const dispatchHooks = {
  beforeDispatch(_context, request) {
    const { before, after } = JSON.parse(request.val.arguments);
    if (after !== undefined) state.set('attack', after);
    stage = 'before';
    return before === undefined ? { tag: 'proceed' } : attacks[before]();
  },
  afterDispatch(_context, response) {
    shown = response.val;
    const attack = state.get('attack');
    stage = 'after';
    return attack == null ? { tag: 'proceed' } : attacks[attack]();
  },
};`;

/**
 * An answer of the hook \`before-dispatch\`: this many texts of this many bytes, all of them the same bytes of memory.
 */
const alias = (texts: number, bytes: number, pages: number): WatGuest => ({
  memory: String(pages),
  before: `(local $i i32)
    (i32.store8 (i32.const 1028) (i32.const 2))
    (i32.store (i32.const 1036) (i32.const 65536)) (i32.store (i32.const 1040) (i32.const ${texts}))
    (loop $l
      (i32.store (i32.add (i32.const 65544) (i32.mul (local.get $i) (i32.const 20))) (i32.const ${bytes}))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (i32.const ${texts}))))`,
});
/** The hook declares an error: the text of these bytes, at 2048. */
const error = (bytes: string, at = 2048, length = bytes.length / 3): WatGuest => ({
  fields: `(data (i32.const 2048) "${bytes}")`,
  before: `(i32.store8 (i32.const 1024) (i32.const 1))
    (i32.store (i32.const 1028) (i32.const ${at})) (i32.store (i32.const 1032) (i32.const ${length}))`,
});

const failed = (cause: string) => ({
  code: 'plugin_failed',
  details: { cause: expect.stringMatching(`^(${cause})$`) },
});
/** A core that a guest uses up for so long is lost to all: what is asked is that it comes back. */
const restAfter = (cause: string) => (cause.includes('timeout') ? 400 : 100);
const answered = (result: unknown = expect.anything()) => ({ result });
const said = (details: unknown) => ({ code: 'SAID', details });
const own = (text: string) => JSON.parse(text) as unknown;
const vicious = own(
  '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":null,"prototype":1}',
);

/** Attacks of the component of WebAssembly text, by its id, and what becomes of the call. */
const binary: Readonly<Record<string, { readonly what: string; readonly guest: WatGuest; readonly cause: string }>> = {
  'after-loop': { what: 'an endless loop after', guest: { after: '(loop $l (br $l))' }, cause: 'timeout' },
  'after-dive': {
    what: 'a recursion after',
    guest: { fields: '(func $dive (call $dive))', after: '(call $dive)' },
    cause: 'trap',
  },
  tables: {
    what: 'tables that grow',
    guest: {
      fields: '(table $t 1 externref) (table $u 1 funcref)',
      before: `(loop $l (br_if $l (i32.ne (table.grow $t (ref.null extern) (i32.const 100)) (i32.const -1))))
        (loop $m (br_if $m (i32.ne (table.grow $u (ref.null func) (i32.const 100)) (i32.const -1)))) unreachable`,
    },
    cause: 'trap',
  },
  'alias-long': { what: 'a thousand texts of a megabyte in one', guest: alias(1000, 1_000_000, 32), cause: 'limit' },
  'alias-longer': { what: 'twenty texts of all of its memory', guest: alias(20, 16_000_000, 250), cause: 'limit' },
  'alias-many': { what: '700,000 texts', guest: alias(700_000, 1, 250), cause: 'limit' },
  'utf-8': { what: 'an error that is not UTF-8', guest: error('\\ff\\fe\\c0\\80\\ed\\a0\\80'), cause: 'trap' },
  beyond: { what: 'a text beyond its memory', guest: error('\\41', 0x7fff_0000, 100), cause: 'trap' },
  endless: { what: 'a text of 4 GiB', guest: error('\\41', 0, -1), cause: 'trap' },
  tag: {
    what: 'an outcome that there is not',
    guest: { before: '(i32.store8 (i32.const 1028) (i32.const 77))' },
    cause: 'invalid_output',
  },
};

/** What is done before the first call, and what the start comes to. */
const starts: readonly { readonly what: string; readonly guest: WatGuest; readonly code: string }[] = [
  { what: 'loops in configure', guest: { configure: '(loop $l (br $l))' }, code: 'plugin_start_timeout' },
  {
    what: 'loops in its start function',
    guest: { fields: '(func $s (loop $l (br $l))) (start $s)' },
    code: 'plugin_start_timeout',
  },
  {
    what: 'recurses in configure',
    guest: { fields: '(func $dive (call $dive))', configure: '(call $dive)' },
    code: 'plugin_start_failed',
  },
  {
    what: 'takes all memory in configure',
    guest: { configure: '(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable' },
    code: 'plugin_start_failed',
  },
  { what: 'traps in configure', guest: { configure: 'unreachable' }, code: 'plugin_start_failed' },
];

describe('under attack by a guest, honest clients', () => {
  let upstream: RawHttpServer;
  let gateway: Awaited<ReturnType<typeof openHost>>;
  let load: Awaited<ReturnType<typeof openHonestLoad>>;
  const attackers = new Map<string, Client>();
  beforeAll(async () => {
    upstream = await startRawHttpServer({ name: 'upstream' });
    const example = join(import.meta.dirname, '../../plugins-examples/redact-emails/redact-emails.js');
    const honest = await jsGuest(
      guestDescriptor('redact', { hooks: ['tool_post_invoke'] }),
      await readFile(example, 'utf8'),
    );
    const breaker = { failures: 1_000_000 };
    const hasty = { timeout_ms: 200, memory_mib: 16 };
    // Whatever ends a plugin of these, it is not the clock of a busy machine.
    const patient = { timeout_ms: 30_000, memory_mib: 16 };
    const limits = { script: patient, hasty, large: { ...patient, memory_mib: 512 } };
    const plugins = [
      // The machine's own load must not end it; what takes longer shows in the percentile.
      { id: 'redact', bytes: honest, limits: { timeout_ms: 30_000 } },
      ...(await Promise.all(
        (['script', 'hasty', 'large'] as const).map(async id => ({
          id,
          bytes: await jsGuest(guestDescriptor(id), script),
          ...{ breaker, config: vicious },
          limits: limits[id],
        })),
      )),
      ...(await Promise.all(
        Object.entries(binary).map(async ([id, { guest, cause }]) => {
          const hooks = guest.after === undefined ? ['tool_pre_invoke'] : ['tool_post_invoke'];
          return {
            id,
            bytes: await watGuest(guestDescriptor(id, { hooks }), guest),
            breaker,
            limits: cause === 'timeout' ? hasty : patient,
          };
        }),
      )),
    ];
    const bindings = [
      { id: 'honest', upstreams: ['upstream'], transforms: ['redact'] },
      ...plugins.slice(1).map(({ id }) => ({ id: `to-${id}`, upstreams: ['upstream'], transforms: [id] })),
    ];
    gateway = await openHost(plugins, upstream.url, { bindings, limits: { lanes: 2 }, log: { level: 'warn' } });
    for (const { id } of plugins.slice(1)) {
      const client = new Client({ name: 'attacker', version: '1.0.0' });
      await client.connect(new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp/to-${id}`)));
      attackers.set(id, client);
    }
    load = await openHonestLoad(`${gateway.url}/mcp/honest`, 4);
    await load.run(500);
  });
  afterAll(async () => {
    for (const client of attackers.values()) await client.close();
    await load?.[Symbol.asyncDispose]();
    await gateway?.[Symbol.asyncDispose]();
    await upstream?.[Symbol.asyncDispose]();
  });

  /** The client's answer: the result, or the data of the error. */
  async function call(plugin: string, args: Record<string, unknown>, tool: string): Promise<unknown> {
    const asked = attackers.get(plugin)?.callTool({ name: tool, arguments: args });
    return asked?.then(
      result => ({ result }),
      (error: { data?: unknown }) => error.data ?? String(error),
    );
  }
  const attack = (plugin: string, args: Record<string, unknown>, outcome: object, tool = 'odd', restMs = 0) =>
    endure(load, async () => {
      expect(await call(plugin, args, tool)).toMatchObject(outcome);
      expect({}).not.toHaveProperty('polluted');
      await delay(restMs);
    });

  it.each([
    ...['before', 'after'].flatMap(hook =>
      (
        [
          ...(hook === 'before' ? [] : [['loop', 'timeout'] as const, ['regex', 'timeout'] as const]),
          ['log for ever', 'timeout'],
          ['read state for ever', 'timeout'],
          ['write state for ever', 'timeout'],
          ['grow state', 'limit'],
        ] as const
      ).map(([what, cause]) => ({ hook, what, cause })),
    ),
    { hook: 'before', what: 'log a megabyte for ever', cause: 'limit|timeout' },
    { hook: 'after', what: 'dive', cause: 'trap' },
    { hook: 'after', what: 'hog', cause: 'limit' },
  ])('[SBX-50] lose nothing when a plugin does this $hook: $what', async ({ hook, what, cause }) => {
    const plugin = cause.includes('timeout') ? 'hasty' : 'script';
    await attack(plugin, { [hook]: what }, failed(cause), 'odd', restAfter(cause));
  });

  it.each(Object.entries(binary).map(([id, row]) => ({ id, ...row })))(
    '[SBX-50] [SBX-51] lose nothing to $what',
    async ({ id, cause }) => {
      await attack(id, {}, failed(cause), 'odd', restAfter(cause));
    },
  );

  it.each(starts)('[SBX-52] lose nothing when a plugin is started that $what', async ({ guest, code }) => {
    const bytes = await watGuest(guestDescriptor('bad'), guest);
    const start_ms = code === 'plugin_start_timeout' ? 300 : 60_000;
    const limits = { lanes: 1, plugin: { start_ms, memory_mib: 16 } };
    await endure(load, async () => {
      const faults = await openHost([{ id: 'bad', bytes }], upstream.url, { limits }).then(() => [], toFaults);
      expect(faults.map(fault => [fault.code, fault.details.plugin])).toEqual([[code, 'bad']]);
      await delay(restAfter(code));
    });
  });

  it.each([
    { plugin: 'large', what: 'a hundred megabytes', outcome: failed('limit') },
    { plugin: 'large', what: 'many blocks', outcome: answered() },
    { plugin: 'large', what: 'a key of a megabyte', outcome: answered() },
    { plugin: 'script', what: 'deep arguments', outcome: failed('invalid_output') },
    { plugin: 'script', what: 'deep block', outcome: failed('invalid_output') },
    { plugin: 'script', what: 'deep structure', outcome: failed('invalid_output') },
    { plugin: 'script', what: 'deep lists', outcome: failed('invalid_output') },
    { plugin: 'script', what: 'deep details', outcome: { code: 'SAID' } },
    { plugin: 'script', what: 'surrogates', outcome: failed('trap') },
    { plugin: 'script', what: 'no outcome', outcome: failed('trap') },
    { plugin: 'script', what: 'a strange outcome', outcome: failed('trap') },
  ])('[SBX-53] lose nothing to an answer with $what', async ({ plugin, what, outcome }) => {
    await attack(plugin, { before: what }, outcome, 'echo');
  });

  it.each([
    { what: 'vicious arguments', outcome: answered() },
    { what: 'vicious block', outcome: answered({ content: [{ text: 'x' }] }) },
    { what: 'vicious structure', outcome: answered() },
    { what: 'vicious details', outcome: said(vicious) },
    { what: 'vicious config', outcome: said(vicious) },
    {
      what: 'vicious state',
      outcome: said({
        before: Array(4).fill([null, null]),
        after: ['__proto__', 'constructor', 'prototype', 'toString'],
      }),
    },
  ])('[SBX-54] lose nothing to names that lead to prototypes in $what', async ({ what, outcome }) => {
    await attack('script', { before: what }, outcome, 'echo');
  });

  it.each([
    { what: 'opaque 1', tool: 'odd', outcome: answered({ content: [{ type: 'image', data: 'iVBORw0KGgo=' }] }) },
    // Blocks of other requests and other results have no number here.
    { what: 'opaque 1', tool: 'echo', outcome: failed('invalid_output') },
    { what: 'opaque 0', tool: 'odd', outcome: failed('invalid_output') },
    { what: 'opaque twice', tool: 'odd', outcome: failed('invalid_output') },
    { what: 'opaque 99', tool: 'odd', outcome: failed('invalid_output') },
    // The helper within the guest refuses these.
    { what: 'opaque -1', tool: 'odd', outcome: failed('trap') },
    { what: 'opaque 2.5', tool: 'odd', outcome: failed('trap') },
  ])('[SBX-55] lose nothing to $what in an answer of $tool', async ({ what, tool, outcome }) => {
    await attack('script', { after: what }, outcome, tool);
  });

  it('[SBX-53] lose nothing to arguments of a client that are nested 10,000 deep', async () => {
    const params = `{"name":"echo","arguments":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`;
    await endure(load, async () => {
      const { status } = await fetch(`${gateway.url}/mcp/to-script`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
        body: `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`,
      });
      expect([200, 400]).toContain(status);
    });
  });
});
