import { describe, expect, it, vi } from 'vitest';
import { type Answers, callOf, fakeUpstream, routeTo } from '../../../test/fixtures/fake-route.ts';
import { inlineChain } from '../../../test/fixtures/inline-chain.ts';
import type { SetHeader } from '../contract/hook-call.ts';
import type { JsonObject } from '../core/json.ts';
import type { HookChain } from '../hook/hook-chain.ts';
import { createPrincipal } from '../identity/principal.ts';
import { errorAnswer, resultAnswer } from '../mcp/answer.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { Call } from './call.ts';
import { callMember, requestOptions } from './pipeline.ts';

const params = { name: 'echo', arguments: { n: 1 } };
const result: JsonObject = { content: [{ type: 'text', text: 'from the upstream' }] };
const own: JsonObject = { content: [{ type: 'text', text: 'from a plugin' }] };
const data = { plugin: 'inline', code: 'NO', reason: 'because', description: '' };
const block = { kind: 'block', data } as const;

interface Given {
  readonly chain?: HookChain;
  readonly answers?: Answers;
  readonly upstream?: Partial<Upstream>;
  readonly call?: Partial<Call>;
  /** Whether there is a second upstream. */
  readonly isOneOfSeveral?: boolean;
}

/** Takes one `tools/call` through the pipeline. */
async function called({ chain = inlineChain(), answers = {}, upstream = {}, call = {}, isOneOfSeveral }: Given) {
  const target = fakeUpstream('a', { 'tools/call': result, ...answers }, upstream);
  const route = { ...(isOneOfSeveral ? routeTo(target, fakeUpstream('b')) : routeTo(target)), chain };
  const whole = { ...callOf(route, 'tools/call', params), ...call };
  const outcome = await callMember(whole, route.members[0], 'tools/call', params);
  const { upstream: entered, plugins } = whole.record.summary();
  return { outcome, asked: target.asked, route, entered, hooks: plugins?.map(({ hook }) => hook) };
}

const [before, after] = ['tool_pre_invoke', 'tool_post_invoke'];

describe('a call', () => {
  it.each<{ what: string; given: Given; outcome: object; sent: readonly JsonObject[]; hooks: readonly string[] }>([
    { what: 'that no plugin hooks', given: {}, outcome: { result }, sent: [params], hooks: [] },
    {
      what: 'that plugins let pass',
      given: { chain: inlineChain({ 'tools/call': () => undefined }, { 'tools/call': () => undefined }) },
      outcome: { result },
      sent: [params],
      hooks: [before, after],
    },
    {
      what: 'whose arguments a plugin changes',
      given: { chain: inlineChain({ 'tools/call': () => ({ kind: 'proceed', params: { ...params, x: 1 } }) }) },
      outcome: { result },
      sent: [{ ...params, x: 1 }],
      hooks: [before],
    },
    {
      what: 'that a plugin blocks on its way to the upstream',
      given: { chain: inlineChain({ 'tools/call': () => block }, { 'tools/call': () => undefined }) },
      outcome: block,
      sent: [],
      hooks: [before],
    },
    {
      what: 'that a plugin answers, whose answer passes the after hooks',
      given: {
        chain: inlineChain(
          { 'tools/call': () => ({ kind: 'respond', params, result: own }) },
          { 'tools/call': value => ({ kind: 'proceed', result: { ...value, seen: true } }) },
        ),
      },
      outcome: { result: { ...own, seen: true } },
      sent: [],
      hooks: [before, after],
    },
    {
      what: 'that a plugin answers, which is checked also where no after hook follows',
      given: { chain: inlineChain({ 'tools/call': () => ({ kind: 'respond', params, result: own }) }) },
      outcome: { result: own },
      sent: [],
      hooks: [before, after],
    },
    {
      what: 'whose result a plugin changes',
      given: { chain: inlineChain({}, { 'tools/call': () => ({ kind: 'proceed', result: own }) }) },
      outcome: { result: own },
      sent: [params],
      hooks: [after],
    },
    {
      what: 'whose result a plugin blocks',
      given: { chain: inlineChain({}, { 'tools/call': () => block }) },
      outcome: block,
      sent: [params],
      hooks: [after],
    },
    {
      what: 'that the upstream answers with an error, which passes by the after hooks',
      given: {
        upstream: { request: async () => errorAnswer({ code: -1, message: 'no' }) },
        chain: inlineChain({}, { 'tools/call': () => block }),
      },
      outcome: { kind: 'error', error: { code: -1, message: 'no' } },
      sent: [],
      hooks: [],
    },
  ])('$what', async ({ given, outcome, sent, hooks }) => {
    const seen = await called(given);
    expect(seen.outcome).toMatchObject(outcome);
    expect(seen.asked).toEqual(sent.map(each => ({ method: 'tools/call', params: each })));
    expect(seen.hooks).toEqual(hooks);
    expect(seen.entered).toBe('a');
  });

  it('passes the answer of the upstream on as it was where no after hook looks at it', async () => {
    const answer = resultAnswer(result);
    const chain = inlineChain({ 'tools/call': () => undefined });
    expect((await called({ chain, upstream: { request: async () => answer } })).outcome).toBe(answer);
  });

  it('is shown to an after hook, and to its client, without members that differ in case only', async () => {
    const shown: JsonObject[] = [];
    const chain = inlineChain({}, { 'tools/call': value => void shown.push(value) });
    const { outcome } = await called({ chain, answers: { 'tools/call': { ...result, Content: ['hidden'] } } });
    expect(shown).toEqual([result]);
    expect(outcome.result).toEqual(result);
  });

  it('that the upstream fails throws its fault', async () => {
    await expect(called({ answers: { 'tools/call': new Error('down') } })).rejects.toThrow('down');
  });
});

describe('what hooks know', () => {
  it.each([
    { what: 'nothing of an anonymous caller', principal: {}, known: { caller: { headers: { host: 'x' } } } },
    {
      what: 'an authenticated caller',
      principal: {
        principal: createPrincipal({
          scheme: 'test',
          subject: 'ada',
          tenant: 'one',
          claims: { mail: 'a@one.example' },
        }),
      },
      known: {
        ...{ tenant: 'one', subject: 'ada' },
        caller: { headers: { host: 'x' }, claims: { mail: 'a@one.example' } },
      },
    },
  ])('is $what', async ({ principal, known }) => {
    const contexts: object[] = [];
    const chain = inlineChain({ 'tools/call': (_value, _options, context) => void contexts.push({ ...context }) });
    await called({ chain, call: { headers: { host: 'x' }, ...principal } });
    expect(contexts).toEqual([expect.objectContaining({ requestId: 'r-1', binding: 'main', upstream: 'a', ...known })]);
  });

  it('is the output schema of the tool that was sent', async () => {
    const outputSchema = { type: 'object' };
    const schemas: unknown[] = [];
    const chain = inlineChain(
      { 'tools/call': () => ({ kind: 'proceed', params: { name: 'other' } }) },
      {
        'tools/call': (_value, options) => {
          schemas.push(options?.tool, options?.outputSchema?.(false));
          return undefined;
        },
      },
    );
    await called({ chain, answers: { 'tools/list': { tools: [{ name: 'echo' }, { name: 'other', outputSchema }] } } });
    expect(await Promise.all(schemas)).toEqual(['other', outputSchema]);
  });
});

describe('headers that before hooks set', () => {
  const url = new URL('http://upstream.example/mcp');
  const setting = (...headers: readonly SetHeader[]) =>
    inlineChain({
      'tools/call'(_value, _options, context) {
        for (const header of headers) context.upstreamRequest?.setHeader(header);
        return undefined;
      },
    });
  const secret: SetHeader = {
    ...{ plugin: 'inline', name: 'x-token' },
    fill: () => ({ value: 's3cret', hide: text => text.replaceAll('s3cret', '***') }),
  };

  it('go with the one request, and what comes back has no secret of them', async () => {
    const told = vi.fn();
    const request = vi.fn<Upstream['request']>(async (_method, _params, options) => {
      options?.onNotification?.({ method: 'notifications/progress', params: { message: 'with s3cret' } });
      return resultAnswer({ content: [{ type: 'text', text: 'I got s3cret' }] });
    });
    const { outcome } = await called({
      ...{ chain: setting(secret), upstream: { url, request }, call: { onNotification: told } },
    });
    expect(request.mock.calls[0]?.[2]).toMatchObject({ headers: [['x-token', 's3cret']] });
    expect(outcome.result).toEqual({ content: [{ type: 'text', text: 'I got ***' }] });
    expect(told).toHaveBeenCalledWith({ method: 'notifications/progress', params: { message: 'with ***' } });
  });

  it('block the call where one of them may not go to the upstream', async () => {
    const { outcome, asked } = await called({
      chain: setting({ ...secret, fill: () => undefined }),
      upstream: { url },
    });
    expect(outcome).toMatchObject({ kind: 'block', data: { plugin: 'inline', code: 'plugin_failed' } });
    expect(asked).toEqual([]);
  });

  it('cannot be set where the upstream is not reached over HTTP', async () => {
    const request = vi.fn<Upstream['request']>(async () => resultAnswer(result));
    await called({ chain: setting(secret), upstream: { request } });
    expect(request.mock.calls[0]?.[2]).not.toHaveProperty('headers');
  });
});

describe('a call by a plugin', () => {
  const renaming = inlineChain({ 'tools/call': () => ({ kind: 'proceed', params: { ...params, name: 'delete' } }) });
  const nestedIn = (admit: (tool: string) => void): Partial<Call> => ({
    nested: { client: callOf(routeTo(fakeUpstream('a')), 'tools/call'), stack: [], admit },
  });

  it.each([
    { what: 'that kept its name', chain: inlineChain({ 'tools/call': () => undefined }), several: true, asks: [] },
    { what: 'that was renamed', chain: renaming, several: false, asks: ['delete'] },
    { what: 'that was renamed, of several upstreams', chain: renaming, several: true, asks: ['a__delete'] },
  ])('$what is admitted under the names: $asks', async ({ chain, several, asks }) => {
    const admit = vi.fn();
    await called({ chain, isOneOfSeveral: several, call: nestedIn(admit) });
    expect(admit.mock.calls.flat()).toEqual(asks);
  });

  it('that is not admitted goes nowhere', async () => {
    const request = vi.fn<Upstream['request']>();
    const admit = () => {
      throw new Error('not granted');
    };
    await expect(called({ chain: renaming, upstream: { request }, call: nestedIn(admit) })).rejects.toThrow('granted');
    expect(request).not.toHaveBeenCalled();
  });
});

describe('a uri that one of several upstreams hands out', () => {
  const link = { content: [{ type: 'resource_link', uri: 'x:1', name: 'one' }] };
  it.each<{ what: string; given: Given; origin: string | undefined }>([
    { what: 'is read there', given: { answers: { 'tools/call': link }, isOneOfSeveral: true }, origin: 'a' },
    { what: 'needs no note of a single upstream', given: { answers: { 'tools/call': link } }, origin: undefined },
    {
      what: 'is not noted when a plugin blocks the result',
      given: {
        ...{ answers: { 'tools/call': link }, isOneOfSeveral: true },
        chain: inlineChain({}, { 'tools/call': () => block }),
      },
      origin: undefined,
    },
  ])('$what', async ({ given, origin }) => {
    expect((await called(given)).route.origins.of('x:1')).toBe(origin);
  });
});

it.each<{ what: string; call: Partial<Call>; options: object }>([
  { what: 'a call of a client', call: {}, options: {} },
  {
    what: 'a client that listens',
    call: { onNotification: () => {} },
    options: { onNotification: expect.any(Function) },
  },
  {
    what: 'a call of a plugin',
    call: { timeoutMs: 5, timeoutSetting: 'timeout_ms' },
    options: { timeoutMs: 5, timeoutSetting: 'timeout_ms' },
  },
])('the upstream is asked with the signal and the limits of $what', ({ call, options }) => {
  const whole = { ...callOf(routeTo(fakeUpstream('a')), 'tools/call'), ...call };
  expect(requestOptions(whole)).toEqual({ signal: whole.signal, caller: whole.principal, ...options });
});
