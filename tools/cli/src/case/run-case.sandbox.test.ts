import { expect, it } from 'vitest';
import { jsGuest } from '../../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../../test/fixtures/guest-descriptor.ts';
import { parseCases } from './case-file.ts';
import { runCase } from './run-case.ts';
import { type TriedPlugin, tryPlugin } from './tried-plugin.ts';

const names = ['clock', 'random', 'outbound_http', 'kv_store', 'secret_store', 'tool_call', 'metrics', 'audit'];
const headerNames = ['request_headers', 'upstream_headers'];
const asks = { required_capabilities: [...names, ...headerNames], optional_capabilities: ['identity_claims'] };
/** Blocks with what the expression in the argument comes to. */
const script = `
import * as context from 'sallyport:plugin/context@0.1.0';
import { send } from 'sallyport:plugin/outbound-http@0.1.0';
import * as kv from 'sallyport:plugin/kv-store@0.1.0';
import * as secrets from 'sallyport:plugin/secret-store@0.1.0';
import { call } from 'sallyport:plugin/tool-call@0.1.0';
import * as metrics from 'sallyport:plugin/metrics@0.1.0';
import * as audit from 'sallyport:plugin/audit@0.1.0';
import * as headers from 'sallyport:plugin/request-headers@0.1.0';
import { set as setHeader } from 'sallyport:plugin/upstream-headers@0.1.0';
import * as claims from 'sallyport:plugin/identity-claims@0.1.0';
import { nowMs } from 'sallyport:plugin/clock@0.1.0';
import { bytes } from 'sallyport:plugin/random@0.1.0';
const text = value => value && String.fromCharCode(...value);
const raw = value => new Uint8Array([...value].map(each => each.charCodeAt(0)));
const f = {
  now: () => Number(nowMs()), draw: length => [...bytes(length)],
  ask: (method, url, headers = [], body) => {
    const answer = send({ method, url, headers, body: body && raw(body) });
    return [answer.status, text(answer.body)];
  },
  read: key => text(kv.get(key)), write: (key, value, ttl) => kv.set(key, raw(value), ttl),
  secret: secrets.get, reference: secrets.reference, tool: (name, args) => call(name, JSON.stringify(args)).content,
  count: name => metrics.count(name, [], 1), note: (event, details) => audit.write(event, JSON.stringify(details)),
  header: headers.get, setHeader, claim: claims.get, log: line => console.warn(line),
  share: (key, value) => context.setShared(key, value), shared: context.getShared, keep: context.set, kept: context.get,
};
const attempt = ([name, ...args]) => { try { return f[name](...args) ?? null; } catch (error) { return error.payload ?? String(error); } };
export const lifecycle = {
  configure(json) {
    const { wrong, loud, endless } = JSON.parse(json);
    if (loud) console.warn('as it starts');
    while (endless) kv.get('k');
    if (wrong) throw 'it is wrong';
  },
};
export const dispatchHooks = {
  beforeDispatch(_, request) {
    if (request.tag !== 'tool-call') throw 'only tools';
    const details = JSON.stringify({ said: JSON.parse(request.val.arguments).tasks.map(attempt) });
    return { tag: 'block', val: { code: 'SAID', reason: 'r', description: 'd', details } };
  },
  afterDispatch(_, response) {
    if (response.val.content?.[0]?.val !== 'set a header') return { tag: 'modified', val: response };
    const details = JSON.stringify({ said: [attempt(['setHeader', 'x-team', 'blue'])] });
    return { tag: 'block', val: { code: 'SAID', reason: 'r', description: 'd', details } };
  },
};`;

let tried: Promise<TriedPlugin> | undefined;
async function run(fields: object) {
  tried ??= jsGuest(guestDescriptor('does', asks), script).then(bytes => tryPlugin(bytes, 'test'));
  const [one] = parseCases(JSON.stringify({ cases: [{ name: 'n', ...fields }] }), 'cases/x.json');
  if (one === undefined) throw new Error('no case');
  return runCase(await tried, one, new AbortController().signal);
}
const step = (tasks: readonly unknown[][], said: unknown, more: object = {}) => ({
  hook: 'tool_pre_invoke',
  request: { tag: 'tool-call', val: { name: 'x', arguments: { tasks } } },
  expect: { outcome: 'block', violation: { details: { said } }, ...more },
});
const url = 'https://api.example.com/v1';
const answered = (request: object, answer: object) => ({ http: [{ request: { url, ...request }, ...answer }] });
const result = { tag: 'tool-result', val: { content: [], isError: false } };
const base64 = Buffer.from('png').toString('base64');
const picture = { tag: 'blob', val: { mimeType: 'image/png', data: base64 } };

it.each([
  {
    what: 'a clock that stands, and a year later',
    fields: { host: { clock: '1970-01-02T00:00:00Z' }, ...step([['now'], ['now']], [86_400_000, 86_400_000]) },
  },
  {
    what: 'random bytes that repeat',
    fields: {
      host: { random: '0a0b' },
      ...step(
        [
          ['draw', 3],
          ['draw', 2],
        ],
        [
          [10, 11, 10],
          [11, 10],
        ],
      ),
    },
  },
  {
    what: 'an answer to an HTTP request, with a secret that is sent by reference',
    fields: {
      host: {
        secrets: { key: 'k' },
        ...answered(
          { method: 'POST', headers: { authorization: '{{secret:key}}' }, body: { a: [1] } },
          { answer: { body: { ok: 1 } } },
        ),
      },
      ...step([['ask', 'POST', url, [['Authorization', '{{secret:key}}']], '{ "a": [1] }']], [[200, '{"ok":1}']]),
    },
  },
  {
    what: 'an HTTP request that fails',
    fields: { host: answered({}, { error: { tag: 'timeout' } }), ...step([['ask', 'GET', url]], [{ tag: 'timeout' }]) },
  },
  {
    what: 'a store with something in it, and what is in it afterwards',
    fields: {
      host: { kv: { a: '1' } },
      ...step(
        [
          ['read', 'a'],
          ['write', 'b', '2'],
        ],
        ['1', null],
        { kv: { a: '1', b: '2' } },
      ),
    },
  },
  {
    what: 'a store that fails',
    fields: { host: { kv: null }, ...step([['read', 'a']], [{ tag: 'failed', val: 'the store failed' }]) },
  },
  {
    what: 'values that end, and the state of one request, over several calls',
    fields: {
      steps: [
        step(
          [
            ['write', 'a', '1', 1000],
            ['keep', 'k', 'v'],
          ],
          [null, null],
        ),
        {
          later_ms: 999,
          ...step(
            [
              ['read', 'a'],
              ['kept', 'k'],
            ],
            ['1', 'v'],
          ),
        },
        {
          later_ms: 1,
          context: { requestId: 'other' },
          ...step(
            [
              ['read', 'a'],
              ['kept', 'k'],
            ],
            [null, null],
            { kv: {} },
          ),
        },
      ],
    },
  },
  {
    what: 'secrets, and none that the case does not name',
    fields: {
      host: { secrets: { key: 'k' } },
      ...step(
        [
          ['secret', 'key'],
          ['reference', 'key'],
          ['secret', 'x'],
        ],
        ['k', '{{secret:key}}', { tag: 'denied', val: 'x is not among the secrets of the case' }],
      ),
    },
  },
  {
    what: 'a tool',
    fields: {
      host: { tools: [{ name: 't', arguments: { a: 1 }, result: { content: [{ tag: 'json', val: { b: 2 } }] } }] },
      ...step([['tool', 't', { a: 1 }]], [[{ tag: 'json', val: '{"b":2}' }]]),
    },
  },
  {
    what: 'headers, claims, what others shared, log lines, metrics and audit events',
    fields: {
      host: { headers: { 'x-a': '1' }, claims: { groups: ['g'] }, shared: { s: '1' } },
      ...step(
        [
          ['header', 'x-a'],
          ['claim', 'groups'],
          ['shared', 's'],
          ['share', 't', '2'],
          ['log', 'a line'],
          ['count', 'seen'],
          ['note', 'seen', { a: 1 }],
        ],
        ['1', '["g"]', '1', null, null, null, null],
        {
          ...{ log: [{ level: 'warn', contains: 'lin' }], shared: { s: '1', t: '2' } },
          ...{
            metrics: [{ type: 'counter', name: 'seen', labels: [], value: 1 }],
            audit: [{ event: 'seen', details: { a: 1 } }],
          },
        },
      ),
    },
  },
  {
    what: 'the headers that it sets for the upstream, in a before hook',
    fields: {
      host: { secrets: { key: 'k' } },
      ...step(
        [
          ['setHeader', 'X-Team', 'blue'],
          ['setHeader', 'authorization', '{{secret:key}}'],
          ['setHeader', 'host', 'x'],
        ],
        [null, null, { tag: 'denied', val: 'the header host can only be set by the gateway' }],
        {
          upstream_headers: [
            { name: 'x-team', value: 'blue' },
            { name: 'authorization', value: '{{secret:key}}' },
          ],
        },
      ),
    },
  },
  {
    what: 'that an after hook is too late to set a header for the upstream, as in a gateway',
    fields: {
      hook: 'tool_post_invoke',
      response: { tag: 'tool-result', val: { content: [{ tag: 'text', val: 'set a header' }], isError: false } },
      expect: {
        outcome: 'block',
        violation: {
          details: {
            said: [{ tag: 'unavailable', val: 'there is no HTTP request to an upstream whose headers could be set' }],
          },
        },
        upstream_headers: [],
      },
    },
  },
  {
    what: 'an optional capability that was not granted',
    fields: {
      host: { denied: ['identity_claims'], claims: { groups: ['g'] } },
      ...step([['claim', 'groups']], [null]),
    },
  },
  {
    what: 'bytes as base64',
    fields: {
      hook: 'tool_post_invoke',
      response: { tag: 'tool-result', val: { content: [picture], isError: false } },
      expect: { outcome: 'modified', value: { tag: 'tool-result', val: { content: [picture], isError: false } } },
    },
  },
  {
    what: 'a failure',
    fields: {
      hook: 'prompt_pre_fetch',
      request: { tag: 'prompt-get', val: { name: 'p', arguments: {} } },
      expect: { outcome: 'failed', cause: 'trap', message: 'only tools' },
    },
  },
  {
    what: 'a configuration that it refuses',
    fields: {
      config: { wrong: true, loud: true },
      expect: { outcome: 'refused', message: 'it is wrong', log: [{ level: 'warn', message: 'as it starts' }] },
    },
  },
])('[AUT-20] a case can state $what', async ({ fields }) => {
  expect(await run(fields)).toMatchObject({ passed: true, differences: [] });
});

it.each([
  {
    what: 'another outcome',
    fields: { hook: 'tool_post_invoke', response: result, expect: { outcome: 'proceed' } },
    differences: [{ path: 'outcome', expected: 'proceed', got: { outcome: 'modified', value: result } }],
  },
  {
    what: 'another value, by its place',
    fields: {
      hook: 'tool_post_invoke',
      response: result,
      expect: {
        outcome: 'modified',
        value: { tag: 'tool-result', val: { content: [{ tag: 'text', val: 'a' }], isError: false } },
      },
    },
    differences: [{ path: 'value.val.content.0', expected: { tag: 'text', val: 'a' } }],
  },
  {
    what: 'another violation',
    fields: step([['shared', 'x']], ['y']),
    differences: [{ path: 'violation.details.said.0', expected: 'y', got: null }],
  },
  {
    what: 'another log, and what is in the store',
    fields: step(
      [
        ['log', 'a'],
        ['write', 'k', 'v'],
      ],
      [null, null],
      { log: [{ message: 'b' }], kv: {} },
    ),
    differences: [
      { path: 'kv.k', got: 'v' },
      { path: 'log', expected: [{ message: 'b' }], got: [{ level: 'warn', message: 'a' }] },
    ],
  },
  {
    what: 'a request that the case does not know',
    fields: step([['ask', 'GET', url]], [{ tag: 'failed', val: 'the case has no answer to this request' }]),
    differences: [{ path: 'host.http', got: { method: 'GET', url, headers: {} } }],
  },
  {
    what: 'a request and a tool call that are missing',
    fields: { host: { ...answered({}, {}), tools: [{ name: 't' }] }, ...step([], []) },
    differences: [
      { path: 'host.http', expected: { method: 'GET', url, headers: {} } },
      { path: 'host.tools', expected: { name: 't' } },
    ],
  },
  {
    what: 'another header for the upstream',
    fields: step([['setHeader', 'x-team', 'blue']], [null], { upstream_headers: [{ name: 'x-team', value: 'red' }] }),
    differences: [{ path: 'upstream_headers.0.value', expected: 'red', got: 'blue' }],
  },
  {
    what: 'a header for the upstream that is missing',
    fields: step([], [], { upstream_headers: [{ name: 'x-team', value: 'blue' }] }),
    differences: [{ path: 'upstream_headers.0', expected: { name: 'x-team', value: 'blue' } }],
  },
  {
    what: 'that it starts',
    fields: { expect: { outcome: 'refused' } },
    differences: [{ path: 'outcome', expected: 'refused', got: 'it started' }],
  },
  {
    what: 'that it does not start',
    fields: { config: { wrong: true }, hook: 'tool_post_invoke', response: result, expect: { outcome: 'modified' } },
    differences: [{ path: 'outcome', expected: 'it starts', got: { outcome: 'refused', message: 'it is wrong' } }],
  },
  {
    what: 'why it cannot start, and what it logged before',
    fields: { config: { loud: true, endless: true }, expect: { outcome: 'refused' } },
    differences: [
      {
        path: 'outcome',
        expected: 'refused',
        got: { outcome: 'failed', log: [{ level: 'warn', message: 'as it starts' }] },
      },
    ],
  },
])('[AUT-21] a case that fails tells $what', async ({ fields, differences }) => {
  expect(await run(fields)).toMatchObject({ passed: false, differences });
});

it('[AUT-57] what a case states of its host stands over what its file states, member by member', () => {
  const around = { clock: '1999-01-01T00:00:00Z', kv: { a: '1' }, headers: { 'x-a': '1' } };
  const one = { name: 'n', host: { kv: null }, expect: { outcome: 'refused' } };
  const [{ host } = {}] = parseCases(JSON.stringify({ host: around, cases: [one] }), 'cases/x.json');
  expect(host).toMatchObject({ ...around, kv: null, denied: [], secrets: {} });
});

it.each([
  { what: 'no JSON', text: '{', path: undefined },
  { what: 'no case', text: '{"cases":[]}', path: 'cases' },
  { what: 'an unknown member', text: '{"cases":[{"name":"n","expect":{"outcome":"refused"},"x":1}]}', path: 'cases.0' },
  {
    what: 'a hook that does not exist',
    text: '{"cases":[{"name":"n","hook":"x","expect":{"outcome":"proceed"}}]}',
    path: 'cases.0.hook',
  },
  {
    what: 'a hook without what it takes',
    text: '{"cases":[{"name":"n","hook":"tool_list","expect":{"outcome":"proceed"}}]}',
    path: 'cases.0.response',
  },
  {
    what: 'what another hook takes',
    text: '{"cases":[{"name":"n","steps":[{"hook":"tool_list","response":{"tag":"tool-result","val":{}},"expect":{"outcome":"proceed"}}]}]}',
    path: 'cases.0.steps.0.response',
  },
  {
    what: 'a host around them that is none',
    text: '{"host":{"x":1},"cases":[{"name":"n","expect":{"outcome":"refused"}}]}',
    path: 'host',
  },
  {
    what: 'a host that is none',
    text: '{"cases":[{"name":"n","host":{"kv":1},"expect":{"outcome":"refused"}}]}',
    path: 'cases.0.host.kv',
  },
])('[AUT-22] a file of cases with $what is refused', ({ text, path }) => {
  expect(() => parseCases(text, 'cases/x.json')).toThrow(
    expect.objectContaining({
      code: 'cases_invalid',
      details: expect.objectContaining({ file: 'cases/x.json', ...(path && { path }) }),
    }),
  );
});
