import { describe, expect, it } from 'vitest';
import { callOf, fakeUpstream, routeTo } from '../../../test/fixtures/fake-route.ts';
import { inlineChain } from '../../../test/fixtures/inline-chain.ts';
import type { Response } from '../contract/generated/types.js';
import type { ToolCallOptions } from '../contract/hook-call.ts';
import { Fault } from '../core/fault.ts';
import { errorAnswer, resultAnswer } from '../mcp/answer.ts';
import type { Call, Outcome } from './call.ts';
import { NestedTools } from './nested-calls.ts';

const result = { content: [] };
const shownResult = { content: [], isError: false };
const asTool: Response = { tag: 'tool-result', val: shownResult };
const block = (details?: unknown): Outcome => ({
  kind: 'block',
  data: {
    plugin: 'q',
    code: 'NO',
    reason: 'because',
    description: 'a rule',
    ...(details !== undefined && { details }),
  },
});

/** Two upstreams, so that tools have prefixes, and a chain that shows every result as `show` says. */
function open(show: Response | undefined = asTool) {
  const chain = { ...inlineChain(), show: () => show };
  return callOf({ ...routeTo(fakeUpstream('a'), fakeUpstream('b')), chain }, 'tools/call');
}

const asked = (more: Partial<ToolCallOptions> = {}): ToolCallOptions => ({
  ...{ plugin: 'p', tool: 'a__echo', argumentsJson: '{"n":1}', timeoutMs: 500, signal: new AbortController().signal },
  allows: () => true,
  ...more,
});

describe('the answer to the call of a plugin', () => {
  it.each<{ what: string; dispatch: (nested: Call) => Outcome; answer: object; outcome: string; show?: Response }>([
    { what: 'a result', dispatch: () => resultAnswer(result), answer: { ok: shownResult }, outcome: 'result' },
    {
      what: 'a block',
      dispatch: () => block(),
      answer: { err: { tag: 'blocked', val: { code: 'NO', reason: 'because', description: 'a rule' } } },
      outcome: 'blocked',
    },
    {
      what: 'a block with details, which are text',
      dispatch: () => block({ n: 1 }),
      answer: { err: { tag: 'blocked', val: expect.objectContaining({ details: '{"n":1}' }) } },
      outcome: 'blocked',
    },
    {
      what: 'an error of the upstream, cut and well-formed',
      dispatch: () => errorAnswer({ code: -1, message: `\ud800${'x'.repeat(2_000)}` }),
      answer: { err: { tag: 'failed', val: `\ufffd${'x'.repeat(999)}` } },
      outcome: 'failed',
    },
    {
      what: 'a result that asks for input',
      show: { tag: 'opaque' } as unknown as Response,
      dispatch: () => resultAnswer(result),
      answer: { err: { tag: 'failed', val: expect.stringContaining('no client can answer') } },
      outcome: 'failed',
    },
    {
      what: 'an upstream that did not answer in time',
      dispatch() {
        throw new Fault('upstream_timeout', { upstream: 'a' });
      },
      answer: { err: { tag: 'timeout' } },
      outcome: 'timeout',
    },
    {
      what: 'an upstream that is down, without what it says of itself',
      dispatch() {
        throw new Fault('upstream_unavailable', { upstream: 'a', hint: 'a secret' });
      },
      answer: { err: { tag: 'unavailable', val: expect.not.stringContaining('secret') } },
      outcome: 'unavailable',
    },
    {
      what: 'a call that was renamed to a tool beyond the grant',
      dispatch(nested) {
        nested.nested?.admit('a__delete');
        return resultAnswer(result);
      },
      answer: { err: { tag: 'denied', val: expect.stringContaining('a__delete') } },
      outcome: 'denied',
    },
  ])('is that of $what', async ({ dispatch, answer, outcome, show }) => {
    const call = open(show);
    const tools = new NestedTools(call, async nested => dispatch(nested));
    expect(await tools.call(asked({ allows: tool => tool === 'a__echo' }))).toEqual(answer);
    expect(call.record.summary().calls).toMatchObject([{ request: 'r-1.1', by: 'p', name: 'a__echo', outcome }]);
  });

  it.each<{ what: string; options: Partial<ToolCallOptions>; tag: string }>([
    { what: 'arguments that are not JSON', options: { argumentsJson: '{' }, tag: 'invalid' },
    { what: 'arguments that are a list', options: { argumentsJson: '[]' }, tag: 'invalid' },
    { what: 'arguments with two readings', options: { argumentsJson: '{"a":1,"A":2}' }, tag: 'invalid' },
    { what: 'a tool without a prefix', options: { tool: 'echo' }, tag: 'not-found' },
    { what: 'a tool of an unknown upstream', options: { tool: 'c__echo' }, tag: 'not-found' },
  ])('says $tag for $what, which goes nowhere', async ({ options, tag }) => {
    const tools = new NestedTools(open(), () => Promise.reject(new Error('it went somewhere')));
    expect(await tools.call(asked(options))).toMatchObject({ err: { tag } });
  });

  it('is a failure where the result cannot be shown', async () => {
    const call = open();
    const route = { ...call.route, chain: { ...call.route.chain, show: () => undefined } };
    const tools = new NestedTools({ ...call, route }, async () => resultAnswer(result));
    expect(await tools.call(asked())).toEqual({ err: { tag: 'failed', val: 'the result cannot be shown' } });
  });

  it.each([
    { what: 'a mistake of our own', thrown: new RangeError('x') },
    { what: 'a fault of our own', thrown: new Fault('internal', {}) },
  ])('does not hide $what from the gateway', async ({ thrown }) => {
    const call = open();
    await expect(new NestedTools(call, () => Promise.reject(thrown)).call(asked())).rejects.toBe(thrown);
    expect(call.record.summary().calls).toMatchObject([{ outcome: 'aborted' }]);
  });

  it('returns no answer if the client has left', async () => {
    const call = open();
    const leaving = new AbortController();
    const tools = new NestedTools(call, () => {
      leaving.abort(new Error('the client left'));
      return Promise.reject(new Fault('upstream_timeout', { upstream: 'a' }));
    });
    await expect(tools.call(asked({ signal: leaving.signal }))).rejects.toThrow('the client left');
    expect(call.record.summary().calls).toMatchObject([{ outcome: 'aborted' }]);
  });
});

describe('the call of a plugin', () => {
  /** The call that is dispatched for what a plugin asks. */
  async function dispatched(call: Call, options?: Partial<ToolCallOptions>) {
    const seen: { nested: Call; upstream: string; params: object }[] = [];
    await new NestedTools(call, async (nested, { upstream }, params) => {
      seen.push({ nested, upstream: upstream.id, params });
      return resultAnswer(result);
    }).call(asked(options));
    const [first] = seen;
    if (first === undefined) throw new Error('nothing was dispatched');
    return first;
  }

  it('goes to the owner of the tool under its name there, with the route and the principal of the client', async () => {
    const call = open();
    const { nested, upstream, params } = await dispatched(call, { tool: 'b__echo' });
    expect([upstream, params]).toEqual(['b', { name: 'echo', arguments: { n: 1 } }]);
    expect(nested).toMatchObject({ requestId: 'r-1.1', method: 'tools/call', params });
    expect([nested.route, nested.principal, nested.headers]).toEqual([call.route, call.principal, call.headers]);
  });

  it('sends the client no notifications', async () => {
    const { nested } = await dispatched({ ...open(), onNotification: () => {} });
    expect(nested.onNotification).toBeUndefined();
  });

  it.each([
    { outer: undefined, own: 500, timeoutMs: 500 },
    { outer: 200, own: 500, timeoutMs: 200 },
    { outer: 800, own: 500, timeoutMs: 500 },
  ])('within one of $outer ms that may take $own ms has $timeoutMs ms', async ({ outer, own, timeoutMs }) => {
    const call = { ...open(), ...(outer !== undefined && { timeoutMs: outer }) };
    const { nested } = await dispatched(call, { timeoutMs: own });
    expect(nested).toMatchObject({ timeoutMs, timeoutSetting: 'timeout_ms of the grant tool_call' });
  });

  it('knows the calls that it is within, and is recorded with the client’s request', async () => {
    const client = open();
    const { nested: first } = await dispatched(client);
    const { nested: second } = await dispatched(first, { plugin: 'q', tool: 'b__odd' });
    const tools = new NestedTools(second, async () => resultAnswer(result));
    expect(tools.within).toEqual([
      { plugin: 'p', tool: 'a__echo' },
      { plugin: 'q', tool: 'b__odd' },
    ]);
    expect(['p', 'q'].map(plugin => tools.madeBy(plugin))).toEqual([1, 1]);
    expect(client.record.summary().calls).toMatchObject([{ request: 'r-1.1' }, { request: 'r-1.2', by: 'q' }]);
    expect(new NestedTools(client, async () => resultAnswer(result)).within).toEqual([]);
  });
});
