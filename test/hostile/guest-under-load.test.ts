import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toFaults } from '../../host/src/core/fault.ts';
import { attackScript, binaryAttacks as binary } from '../fixtures/attacks.ts';
import { jsGuest, type WatGuest, watGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { openHonestLoad } from '../fixtures/honest-load.ts';
import { openHost } from '../fixtures/open-host.ts';
import { type RawHttpServer, startRawHttpServer } from '../fixtures/raw-http-server.ts';
import { endure } from '../fixtures/siege.ts';

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
          bytes: await jsGuest(guestDescriptor(id), attackScript),
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
          ['log forever', 'timeout'],
          ['read state forever', 'timeout'],
          ['write state forever', 'timeout'],
          ['grow state', 'limit'],
        ] as const
      ).map(([what, cause]) => ({ hook, what, cause })),
    ),
    { hook: 'before', what: 'log a megabyte forever', cause: 'limit|timeout' },
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
