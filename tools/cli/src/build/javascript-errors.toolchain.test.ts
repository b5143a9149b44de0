import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '@sallyport/host/log';
import type { PluginRunner } from '@sallyport/host/plugin';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guestDescriptor } from '../../../../test/fixtures/guest-descriptor.ts';
import { callContext, calls, toolCall } from '../../../../test/fixtures/hook-calls.ts';
import { openGuests } from '../../../../test/fixtures/sandboxed.ts';
import { buildPlugin } from './build-plugin.ts';

/** Line 9 is where `inner` reads what is not there. */
const script = `// @ts-nocheck
import { transform, block } from '@sallyport/plugin';
import { get, increment, set } from 'sallyport:plugin/kv-store@0.1.0';
import { send } from 'sallyport:plugin/outbound-http@0.1.0';
import { read } from 'careless'; import { postJson } from '@sallyport/plugin/http'; import { getJson, getText, setJson, setText } from '@sallyport/plugin/kv';
let last = 'nothing';
const told = call => { try { call(); } catch (error) { last = error; throw error; } };
function inner(value) {
  return value.length; }
const request = { method: 'GET', url: 'https://a.example/', headers: [] };
const does = {
  'reads what is not there': () => inner(),
  'throws an error': () => { throw new Error('my words'); },
  'throws in a package': () => read(),
  'throws a record': () => { throw { a: 1 }; },
  'throws undefined': () => { throw undefined; },
  'throws text': () => { throw 'text'; },
  'throws an error with a record': () => { throw Object.assign(new Error('mine'), { payload: { tag: 'a' } }); },
  'is async': async () => undefined,
  'answers with no outcome': () => ({ tag: 'blok' }),
  'answers with a number': () => 5,
  'blocks with a number': () => block(1, 'x'),
  'answers with arguments that are no text': (request) => ({ tag: 'modified', val: { ...request, val: { name: 'x', arguments: {} } } }),
  'is refused by the store': () => told(() => get('')),
  'is refused by egress': () => told(() => send(request)),
  'sends headers as an object': () => told(() => send({ ...request, headers: { a: 'b' } })),
  'sends a text as body': () => told(() => send({ ...request, body: 'text' })),
  'sends half a header': () => told(() => send({ ...request, headers: [['a']] })),
  'asks with a number': () => told(() => get(5)),
  'stores without a value': () => told(() => set('a')),
  'counts half': () => told(() => increment('a', 0.5)),
  'counts too far': () => told(() => increment('a', 2n ** 60n)),
  'stores text and posts JSON': () => {
    setText('t', 'grüße', 5000);
    setJson('j', { a: 1 });
    const kept = [getText('t'), getJson('j'), getText('none')];
    try { postJson('https://a.example/', { a: 1 }); } catch (error) { return block('SAID', JSON.stringify(kept), { description: error.message }); }
  },
  'counts and stores': () => {
    set('a', [1, 2], 1000);
    set('a', new Uint8Array(2), null);
    const all = [increment('n', 1), increment('n', 1n, undefined), typeof increment('n', 0n)];
    return block('SAID', all.join(), { details: { stack: new Error('x').stack } });
  },
};
export const { lifecycle, dispatchHooks } = transform({
  before: request => does[JSON.parse(request.val.arguments).do](request),
});`;

let folder = '';
let runner: PluginRunner;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-errors-'));
  await mkdir(join(folder, 'node_modules/careless'), { recursive: true });
  await writeFile(join(folder, 'node_modules/careless/package.json'), '{ "main": "index.js" }');
  await writeFile(join(folder, 'node_modules/careless/index.js'), '\nexports.read = value => value.length;');
  await writeFile(join(folder, 'package.json'), '{ "main": "does.js" }');
  await writeFile(join(folder, 'does.js'), script);
  const capabilities = ['kv_store', 'outbound_http'];
  const descriptor = guestDescriptor('does', { required_capabilities: capabilities });
  const { bytes } = await buildPlugin({ folder, descriptor, out: join(folder, 'does.wasm') });
  const grants = { kv_store: {}, outbound_http: { allow: ['https://b.example'] } };
  runner = await openGuests([{ bytes, grants, limits: { timeoutMs: 20_000, startMs: 60_000 } }], {
    log: createLog('error', { write() {} }),
  });
});
afterAll(async () => {
  await runner?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const report = async (what: string) => {
  const value = toolCall({ do: what });
  const { reports } = await runner.run({ stage: 'before', context: callContext, calls: calls('does'), value });
  return reports[0];
};

describe('a hook in JavaScript', () => {
  it.each([
    ['reads what is not there', "TypeError: cannot read property 'length' of undefined (does.js:9)"],
    ['throws an error', 'my words (does.js:13)'],
    [
      'throws in a package',
      /^TypeError: .*'length' of undefined \(node_modules\/careless\/index.js:2, called from does.js:14\)$/,
    ],
    ['throws a record', 'it threw an object, not an Error'],
    ['throws undefined', 'it threw undefined, not an Error'],
    ['throws text', 'text'],
    ['throws an error with a record', 'mine (does.js:18)'],
    ['is async', /^TypeError: beforeDispatch must not be async or return a promise/],
    ['answers with no outcome', /^TypeError: beforeDispatch: outcome.tag must be 'proceed' or .*'block', not "blok"/],
    ['answers with a number', /^TypeError: beforeDispatch: outcome must be an object with tag and val, not number 5/],
    ['blocks with a number', /outcome.val.code must be a string, not number 1/],
    ['answers with arguments that are no text', /outcome.val.val.arguments must be a string, not an object/],
  ])('[AUT-80] that %s fails in words', async (what, message) => {
    expect(await report(what)).toMatchObject({
      outcome: 'failed',
      cause: 'trap',
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
  });

  it.each([
    ['is refused by the store', /^kv-store.get: invalid: .* \(does.js:\d+\)$/],
    ['is refused by egress', /^outbound-http.send: denied: .* \(does.js:\d+\)$/],
    [
      'sends headers as an object',
      /^TypeError: outbound-http.send: request.headers must be a list of \[string, string\], not an object \(does.js:\d+\)$/,
    ],
    ['sends a text as body', /request.body must be a Uint8Array, not "text": convert it with new TextEncoder/],
    ['sends half a header', /request.headers\[0\] must be \[string, string\], not a list of 1/],
    ['asks with a number', /^TypeError: kv-store.get: key must be a string, not number 5/],
    ['stores without a value', /^TypeError: kv-store.set: value must be a Uint8Array, not undefined/],
    ['counts half', /^TypeError: kv-store.increment: by must be a whole number/],
    ['counts too far', /^RangeError: kv-store.increment: by must be a whole number/],
  ])('[AUT-81] that %s is told which function, and why', async (what, message) => {
    expect(await report(what)).toMatchObject({
      outcome: 'failed',
      cause: 'trap',
      message: expect.stringMatching(message),
    });
  });

  it('[AUT-90] has helpers for text and JSON in the store, and over HTTP', async () => {
    expect(await report('stores text and posts JSON')).toMatchObject({
      outcome: 'block',
      violation: {
        reason: '["grüße",{"a":1},null]',
        description: expect.stringMatching(/^outbound-http.send: denied: /),
      },
    });
  });

  it('[AUT-81] may give numbers and bigints, and leave out what is optional; a stack has its own lines', async () => {
    const found = await report('counts and stores');
    expect(found).toMatchObject({ outcome: 'block', violation: { reason: '1,2,bigint' } });
    const { details } = (found as { violation: { details: string } }).violation;
    expect(JSON.parse(details).stack).toMatch(/^ {4}at counts and stores \(does.js:43\)\n {4}at before \(does.js:47\)/);
  });
});
