import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { jsGuest, watGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { openHonestLoad } from '../fixtures/honest-load.ts';
import { openHost } from '../fixtures/open-host.ts';
import { type RawHttpServer, startRawHttpServer } from '../fixtures/raw-http-server.ts';
import { endure } from '../fixtures/siege.ts';

/** Attacks from within JavaScript, chosen by the arguments of the call. */
const script = `
export const lifecycle = { configure() {} };
const attacks = {
  loop: () => { for (;;); },
  hog: () => { const all = []; for (;;) all.push(new Uint8Array(1000000).fill(1)); },
  dive: () => { const dive = () => dive() + 1; return dive(); },
  flood: () => { for (let i = 0; i < 2000; i += 1) console.log('x'.repeat(1000)); },
  regex: () => /^(a+)+$/.test('a'.repeat(40) + '!'),
  pollute: () => ({ tag: 'modified', val: { tag: 'tool-call', val: { name: 'echo', arguments: '{"__proto__":{"x":1},"constructor":{"prototype":{"x":1}}}' } } }),
  nest: () => ({ tag: 'modified', val: { tag: 'tool-call', val: { name: 'echo', arguments: '{"a":'.repeat(10000) + '1' + '}'.repeat(10000) } } }),
  huge: () => ({ tag: 'modified', val: { tag: 'tool-call', val: { name: 'echo', arguments: JSON.stringify({ text: 'x'.repeat(9000000) }) } } }),
  surrogate: () => ({ tag: 'modified', val: { tag: 'tool-call', val: { name: '\\ud800', arguments: '{}' } } }),
};
export const dispatchHooks = {
  beforeDispatch: (_context, request) => attacks[JSON.parse(request.val.arguments).attack]?.() ?? { tag: 'proceed' },
  afterDispatch: () => ({ tag: 'proceed' }),
};`;

const wat = {
  'a trap': { before: 'unreachable' },
  'a table that grows': {
    fields: '(table $t 1 funcref)',
    before: '(drop (table.grow $t (ref.null func) (i32.const 9000000))) unreachable',
  },
  'a memory that grows': {
    before: '(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable',
  },
  'a deep stack': { fields: '(func $dive (call $dive))', before: '(call $dive)' },
  'an endless loop': { before: '(loop $l (br $l))' },
};

/** Each attack is made again and again while honest clients are served by the same lanes. */
describe('under attack, honest clients', () => {
  let upstream: RawHttpServer;
  let gateway: Awaited<ReturnType<typeof openHost>>;
  let load: Awaited<ReturnType<typeof openHonestLoad>>;
  beforeAll(async () => {
    upstream = await startRawHttpServer({ name: 'upstream' });
    const redact = await readFile(
      join(import.meta.dirname, '../../plugins-examples/redact-emails/redact-emails.js'),
      'utf8',
    );
    const hostile = Object.entries(wat).map(([what, parts]) => ({ id: what.replaceAll(' ', '-'), parts }));
    const limits = { timeout_ms: 100, memory_mib: 16 };
    const breaker = { failures: 1_000_000 };
    const plugins = [
      {
        id: 'redact',
        bytes: await jsGuest(guestDescriptor('redact', { hooks: ['tool_post_invoke'] }), redact),
        limits: { timeout_ms: 30_000 },
      },
      { id: 'script', bytes: await jsGuest(guestDescriptor('script'), script), limits, breaker },
      ...(await Promise.all(
        hostile.map(async ({ id, parts }) => ({
          id,
          bytes: await watGuest(guestDescriptor(id), parts),
          limits,
          breaker,
        })),
      )),
    ];
    const bindings = [
      { id: 'honest', upstreams: ['upstream'], transforms: ['redact'] },
      ...['script', ...hostile.map(({ id }) => id)].map(id => ({
        id: `to-${id}`,
        upstreams: ['upstream'],
        transforms: [id],
      })),
    ];
    gateway = await openHost(plugins, upstream.url, { bindings, limits: { lanes: 2 }, log: { level: 'warn' } });
    load = await openHonestLoad(`${gateway.url}/mcp/honest`, 4);
    await load.run(500);
  });
  afterAll(async () => {
    await load?.[Symbol.asyncDispose]();
    await gateway?.[Symbol.asyncDispose]();
    await upstream?.[Symbol.asyncDispose]();
  });

  const attacks = [
    ...Object.keys(wat).map(what => ({ what, binding: `to-${what.replaceAll(' ', '-')}`, attack: '' })),
    ...['loop', 'hog', 'dive', 'flood', 'regex', 'pollute', 'nest', 'huge', 'surrogate'].map(attack => ({
      what: `JavaScript: ${attack}`,
      binding: 'to-script',
      attack,
    })),
  ];

  it.each(attacks)('[HOST-01] lose nothing to $what', async ({ binding, attack }) => {
    const client = new Client({ name: 'attacker', version: '1.0.0' });
    await client.connect(new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp/${binding}`)));
    onTestFinished(() => client.close());
    await endure(load, async () => {
      const answer = await client.callTool({ name: 'echo', arguments: { attack } }).then(
        () => 'answered',
        (error: { code?: unknown }) => `error ${String(error.code)}`,
      );
      // It reached its plugin: it was blocked for it, or passed on.
      expect(answer).toMatch(/^(answered|error -32001)$/);
      // A core that a guest uses up for so long is lost to all: what is asked is that it comes back.
      await delay(300);
    });
  });
});
