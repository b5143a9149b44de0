import { beforeAll, describe, expect } from 'vitest';
import { startEverything } from '../fixtures/everything.ts';
import type { Collected, CollectedSpan } from '../fixtures/faulty-collector.ts';
import { jsGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { openHost } from '../fixtures/open-host.ts';
import { startRealCollector } from '../fixtures/real-collector.ts';
import { isMissing, itWith } from '../prerequisite.ts';

/** Calls another tool before `echo`, and changes its result. */
const enriching = `
import { call } from 'sallyport:plugin/tool-call@0.1.0';
export const lifecycle = { configure() {} };
export const dispatchHooks = {
  beforeDispatch(context, request) {
    if (request.val.name === 'echo') call('get-sum', '{"a":1,"b":2}');
    return { tag: 'proceed' };
  },
  afterDispatch(context, response) {
    if (response.tag !== 'tool-result') return { tag: 'proceed' };
    return { tag: 'modified', val: { ...response, val: { ...response.val, content: [{ tag: 'text', val: 'hidden' }] } } };
  },
};`;

/** Denies by the arguments. */
const deciding = `
export const lifecycle = { configure() {} };
const decide = (context, { val: { arguments: text } }) =>
  text.includes('forbidden')
    ? { tag: 'deny', val: { code: 'FORBIDDEN', reason: 'No.', description: text } }
    : { tag: 'allow' };
export const policyCheck = { decide, decideMany: (context, requests) => requests.map(each => decide(context, each)) };`;

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

/** What the collector got of two gateways, one behind the other, and what the first one's /metrics said. */
let got: { readonly collected: Collected; readonly text: string };

beforeAll(async () => {
  if (isMissing('interop-collector')) return;
  await using collector = await startRealCollector();
  const enrich = await jsGuest(guestDescriptor('enrich', { required_capabilities: ['tool_call'] }), enriching);
  const policy = await jsGuest(guestDescriptor('rules', { kind: 'policy', hooks: [] }), deciding);
  const { endpoint } = collector;
  await using upstream = await startEverything();
  const traces = { sample: 1, trust_parent: true };
  // The numbers are those of one gateway.
  const back = await openHost([], upstream.url, {
    telemetry: { otlp: { endpoint }, service_name: 'back', traces, signals: ['traces'] },
  });
  const plugins = [
    { id: 'enrich', bytes: enrich, grants: { tool_call: { tools: ['get-sum'] } } },
    { id: 'rules', bytes: policy },
  ];
  const front = await openHost(plugins, `${back.url}/mcp`, {
    bindings: [{ id: 'main', upstreams: ['upstream'], transforms: ['enrich'], policies: ['rules'] }],
    telemetry: { otlp: { endpoint, protocol: 'http/protobuf' }, service_name: 'front', traces: { sample: 1 } },
  });
  const call = (name: string, args: object) =>
    front.client.callTool({ name, arguments: { ...args }, _meta: { traceparent: `00-${traceId}-${spanId}-01` } });
  await call('echo', { message: 'a text of a user' });
  await call('echo', { message: 'forbidden' }).catch(() => {});
  await front.client.close();
  const text = await (await fetch(`${front.url}/metrics`)).text();
  await front[Symbol.asyncDispose]();
  await back[Symbol.asyncDispose]();
  await collector[Symbol.asyncDispose]();
  got = { collected: collector.collected(), text };
}, 300_000);

/** A span with those whose parent it is, in the order in which they began. */
interface Tree {
  readonly span: string;
  readonly within?: readonly Tree[];
}

const kinds = ['', 'INTERNAL', 'SERVER', 'CLIENT'];

function treeOf(span: CollectedSpan, all: readonly CollectedSpan[]): Tree {
  const within = all
    .filter(each => each.parentSpanId === span.spanId && each.traceId === span.traceId)
    .toSorted((one, other) => Number(BigInt(one.startTimeUnixNano) - BigInt(other.startTimeUnixNano)))
    .map(each => treeOf(each, all));
  const outcome = span.attributes['sallyport.outcome'] ?? span.attributes['error.type'];
  const text = `${kinds[span.kind]} ${span.name}${outcome === undefined ? '' : `: ${outcome}`}`;
  return within.length === 0 ? { span: text } : { span: text, within };
}

const itCollected = itWith('interop-collector');

describe('a call through two gateways, as a real collector got it', () => {
  const roots = () => got.collected.spans.filter(({ parentSpanId }) => parentSpanId === spanId);

  itCollected('[TEL-01][TEL-05] is one trace, with the hook calls, the decisions and the calls of plugins', () => {
    const passed = (name: string): Tree => ({
      span: `CLIENT tools/call ${name}`,
      within: [{ span: `SERVER tools/call ${name}`, within: [{ span: `CLIENT tools/call ${name}` }] }],
    });
    const [first] = roots();
    expect(first && treeOf(first, got.collected.spans)).toEqual({
      span: 'SERVER tools/call echo',
      within: [
        {
          span: 'INTERNAL tool_pre_invoke enrich: proceed',
          within: [
            {
              span: 'INTERNAL tools/call get-sum',
              within: [
                { span: 'INTERNAL tool_pre_invoke enrich: proceed' },
                { span: 'INTERNAL policy_decide rules: proceed' },
                passed('get-sum'),
                { span: 'INTERNAL tool_post_invoke enrich: modified' },
              ],
            },
          ],
        },
        { span: 'INTERNAL policy_decide rules: proceed' },
        passed('echo'),
        { span: 'INTERNAL tool_post_invoke enrich: modified' },
      ],
    });
    expect(new Set(roots().map(each => each.traceId))).toEqual(new Set([traceId]));
  });

  itCollected('[TEL-02] that a policy denies is an error, and shows its code alone', () => {
    const denied = roots()[1];
    expect(denied?.attributes).toMatchObject({ 'error.type': '-32001', 'sallyport.code': 'plugin_blocked' });
    const decision = got.collected.spans.find(each => each.attributes['sallyport.outcome'] === 'block');
    expect(decision?.attributes).toMatchObject({ 'sallyport.plugin.id': 'rules', 'sallyport.code': 'FORBIDDEN' });
    expect(decision?.attributes['sallyport.plugin.digest']).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(JSON.stringify(got.collected.spans)).not.toMatch(/a text of a user|forbidden/);
  });

  itCollected('[TEL-09] has the numbers of /metrics', () => {
    const counted = [...got.text.matchAll(/^(sallyport_\w+?(?:_total|_count))(?:\{(.*)\})? (\d+)$/gm)].filter(
      ([, name]) => !name?.startsWith('sallyport_telemetry_'),
    );
    expect(counted.length).toBeGreaterThan(10);
    const exported = [...got.collected.metrics].flatMap(([name, points]) =>
      points.map(({ attributes, value, count }) => {
        const labels = Object.entries(attributes).map(([label, each]) => `${label}="${each}"`);
        return `${name}${count === undefined ? '' : '_count'} ${labels.toSorted().join()} ${value ?? count}`;
      }),
    );
    for (const [, name, labels = '', value] of counted) {
      const sorted = [...labels.matchAll(/\w+="[^"]*"/g)].map(([label]) => label).toSorted();
      expect(exported).toContain(`${name} ${sorted.join()} ${value}`);
    }
  });
});
