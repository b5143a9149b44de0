import { describe, expect, it } from 'vitest';
import { callOf, fakeUpstream, routeTo } from '../../../test/fixtures/fake-route.ts';
import { inlineChain } from '../../../test/fixtures/inline-chain.ts';
import type { Fault } from '../core/fault.ts';
import type { Json, JsonObject } from '../core/json.ts';
import type { HookChain } from '../hook/hook-chain.ts';
import { createPrincipal } from '../identity/principal.ts';
import { callMethods, completeMethods, type ListMethod } from '../mcp/methods.ts';
import { AccessRules } from './access.ts';
import type { AccessRule } from './access-rule.ts';
import type { Call, Outcome } from './call.ts';
import { dispatch } from './dispatch.ts';
import { NestedTools } from './nested-calls.ts';

const names = ['read', 'send', 'send_all', 'x__y', ''];
const uris = ['doc:a', 'doc:public/a', 'doc:public/../a', 'mail:1'];
const templates = ['doc:{id}', 'doc:public/{id}', 'mail:{id}/x'];
const answers = {
  'tools/list': { tools: names.map(name => ({ name })) },
  'prompts/list': { prompts: names.map(name => ({ name })) },
  'resources/list': { resources: uris.map(uri => ({ uri })) },
  'resources/templates/list': { resourceTemplates: templates.map(uriTemplate => ({ uriTemplate })) },
  'tools/call': ({ name }: JsonObject) => ({ content: [], name }),
  'prompts/get': { messages: [] },
  'resources/read': { contents: [] },
  'completion/complete': { completion: {} },
};
const capabilities = { tools: {}, prompts: {}, resources: {} };
const serverInfo = { revision: '2025-11-25', implementation: {}, capabilities };

interface Given {
  readonly allow: readonly AccessRule[];
  readonly upstreams?: readonly string[];
  readonly chain?: HookChain;
  readonly scopes?: readonly string[];
}

const ada = { scheme: 'sso', subject: 'ada', tenant: 'one' };

/** Returns a caller's way through the gateway, and the requests that reached the upstreams. */
function open({ allow, upstreams: ids = ['a'], chain = inlineChain(), scopes = [] }: Given) {
  const upstreams = ids.map(id => fakeUpstream(id, answers, { serverInfo }));
  const [first, ...others] = upstreams;
  if (first === undefined) throw new Error('no upstream');
  const principal = createPrincipal({ ...ada, scopes });
  const access = new AccessRules(allow, true).of(principal);
  const route = { ...routeTo(first, ...others), chain, access };
  const callFor = (method: string, params: JsonObject): Call => ({ ...callOf(route, method, params), principal });
  const send = (method: string, params: JsonObject = {}) => dispatch(callFor(method, params));
  const asked = () => upstreams.flatMap(each => each.asked).filter(({ method }) => !method.endsWith('/list'));
  return { callFor, send, asked, access };
}

const codeOf = async (sent: Promise<Outcome>) =>
  sent.then(
    ({ kind }) => kind,
    (fault: Fault) => fault.code,
  );

const requests: Readonly<Record<string, (name: string) => readonly [method: string, params: JsonObject]>> = {
  tool: name => ['tools/call', { name }],
  prompt: name => ['prompts/get', { name }],
  resource: uri => ['resources/read', { uri }],
  'completion of a prompt': name => ['completion/complete', { ref: { type: 'ref/prompt', name } }],
  'completion of a resource': uri => ['completion/complete', { ref: { type: 'ref/resource', uri } }],
};

it('[GW-150] every method that names something is checked', () => {
  const checked = Object.values(requests).map(request => request('x')[0]);
  expect(new Set(checked)).toEqual(new Set([...callMethods, ...completeMethods]));
});

describe.each([['one upstream', ['a']] as const, ['several upstreams', ['a', 'b']] as const])('%s', (_, upstreams) => {
  it.each(Object.keys(requests))('[GW-150] a %s that no rule allows reaches no upstream', async what => {
    const { send, asked } = open({ allow: [{ tools: ['a__x', 'x'], prompts: ['a__x', 'x'] }], upstreams });
    const request = requests[what];
    for (const name of ['a__send', 'a__unknown', 'zzz__send', 'doc:a', 'unknown:1', '']) {
      expect(await codeOf(send(...(request?.(name) ?? ['', {}])))).toBe('access_denied');
    }
    expect(asked()).toEqual([]);
  });

  it('[GW-152] a call that would be allowed with more scopes is refused with them', async () => {
    const { send } = open({ allow: [{ tools: ['a__x'] }, { scopes: ['w', 'x'], prompts: ['*'] }], upstreams });
    const refused = await send('prompts/get', { name: 'a__read' }).catch((fault: Fault) => fault);
    expect(refused).toMatchObject({ code: 'insufficient_scope', details: { scope: 'w x', rule: 1 } });
    expect(await codeOf(send('tools/call', { name: 'a__y' }))).toBe('access_denied');
  });
});

/** A small generator of random numbers, so that a failure can be repeated. */
function random(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
}

const globs = {
  upstreams: ['a', 'b', '*', 'c'],
  tools: ['read', 'a__*', '*send', '*', 'b__read', 's*l'],
  prompts: ['read', 'b__*', '*', 'x__y'],
  resources: ['*', 'doc:*', 'doc:public/*', 'mail:1', '*x'],
  subjects: ['ada', 'bob', 'a*'],
  scopes: ['r', 'w'],
} as const;

function randomRule(next: (below: number) => number): AccessRule {
  const fields = Object.entries(globs).flatMap(([field, values]) => {
    const chance = field === 'subjects' || field === 'scopes' ? 4 : 3;
    if (next(chance) > 0) return [];
    const count = 1 + next(2);
    return [[field, Array.from({ length: count }, () => values[next(values.length)])] as const];
  });
  return Object.fromEntries(fields);
}

const key: Readonly<Record<ListMethod, string>> = {
  'tools/list': 'name',
  'prompts/list': 'name',
  'resources/list': 'uri',
  'resources/templates/list': 'uriTemplate',
};
const isRefused = (code: string) => code === 'access_denied' || code === 'insufficient_scope';

it('[GW-153] for random rules and callers, what is listed can be called, and nothing else', async () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const next = random(seed);
    const upstreams = next(2) === 0 ? ['a'] : ['a', 'b'];
    const allow = Array.from({ length: 1 + next(3) }, () => randomRule(next));
    const scopes = ['r', 'w'].filter(() => next(2) === 0);
    const { send } = open({ allow, upstreams, scopes });
    const listed = async (method: ListMethod) => {
      const { result } = await send(method);
      const [items = []] = Object.values(result ?? {}) as readonly Json[];
      return new Set((items as readonly JsonObject[]).map(item => String(item[key[method]])));
    };
    const exposed = upstreams.length === 1 ? names : upstreams.flatMap(id => names.map(name => `${id}__${name}`));
    const about = JSON.stringify({ seed, upstreams, allow, scopes });
    for (const [method, call, all] of [
      ['tools/list', 'tool', exposed],
      ['prompts/list', 'prompt', exposed],
      ['resources/list', 'resource', uris],
      ['resources/templates/list', 'completion of a resource', templates],
    ] as const) {
      const seen = await listed(method);
      for (const name of all) {
        const code = await codeOf(send(...(requests[call]?.(name) ?? ['', {}])));
        expect(`${name} ${isRefused(code)}`, about).toBe(`${name} ${!seen.has(name)}`);
      }
    }
  }
});

describe('[GW-153] a list', () => {
  it('keeps its cursor where a page has nothing for the caller', async () => {
    const upstream = fakeUpstream('a', { 'tools/list': { tools: [{ name: 'send' }], nextCursor: 'p2', more: 1 } });
    const access = new AccessRules([{ tools: ['x'] }], true).of(createPrincipal(ada));
    const { result } = await dispatch(callOf({ ...routeTo(upstream), access }, 'tools/list'));
    expect(result).toEqual({ tools: [], nextCursor: 'p2', more: 1 });
  });

  it('is passed on as it was written only to a caller who may use everything', async () => {
    const text = (rules: readonly AccessRule[]) => open({ allow: rules }).send('tools/list');
    const whole = await text([{ subjects: ['bob'] }, {}]);
    expect(whole.result).toBe(answers['tools/list']);
    expect((await text([{ tools: ['*'] }])).result).not.toBe(answers['tools/list']);
  });

  it('has no entry whose name a plugin changed to one that is not allowed', async () => {
    const renamed = { tools: [{ name: 'read' }, { name: 'hidden' }] };
    const chain = inlineChain({}, { 'tools/list': () => ({ kind: 'proceed', result: renamed }) });
    const { result } = await open({ allow: [{ tools: ['read', 'send'] }], chain }).send('tools/list');
    expect(result).toEqual({ tools: [{ name: 'read' }] });
  });

  it('shows plugins only what the caller may use', async () => {
    const seen: JsonObject[] = [];
    const chain = inlineChain({}, { 'tools/list': value => void seen.push(value) });
    await open({ allow: [{ tools: ['send'] }], chain }).send('tools/list');
    expect(seen).toEqual([{ tools: [{ name: 'send' }] }]);
  });
});

describe('[GW-154] a plugin', () => {
  const allow = [{ tools: ['read'] }];
  const renamed = { name: 'send', arguments: {} };

  it.each<{ what: string; chain: HookChain }>([
    {
      what: 'turns an allowed call into another',
      chain: inlineChain({ 'tools/call': () => ({ kind: 'proceed', params: renamed }) }),
    },
    {
      what: 'answers another call than the client made',
      chain: inlineChain({ 'tools/call': () => ({ kind: 'respond', params: renamed, result: { content: [] } }) }),
    },
  ])('that $what is refused', async ({ chain }) => {
    const { send, asked } = open({ allow, chain });
    expect(await codeOf(send('tools/call', { name: 'read' }))).toBe('access_denied');
    expect(asked()).toEqual([]);
  });

  it('that changes arguments is not', async () => {
    const chain = inlineChain({
      'tools/call': ({ name }) => ({ kind: 'proceed', params: { name: name ?? '', n: 1 } }),
    });
    expect(await codeOf(open({ allow, chain }).send('tools/call', { name: 'read' }))).toBe('result');
  });

  it.each([
    ['read', 'ok'],
    ['send', 'denied'],
  ])('calls %s with the rights of the caller: %s', async (tool, outcome) => {
    const { callFor } = open({
      allow,
      chain: { ...inlineChain(), show: () => ({ tag: 'tool-result', val: {} as never }) },
    });
    const call = callFor('tools/call', {});
    const tools = new NestedTools(call, nested => dispatch(nested));
    const answer = await tools.call({
      ...{ plugin: 'p', tool, argumentsJson: '{}', timeoutMs: 500, signal: new AbortController().signal },
      allows: () => true,
    });
    expect('ok' in answer ? 'ok' : answer.err.tag).toBe(outcome);
    const decision = outcome === 'ok' ? 'allow' : 'access_denied';
    expect(call.record.summary().calls).toMatchObject([{ access: { kind: decision } }]);
  });
});

it('[GW-150] a resource of an upstream that the caller may not use is as unknown as any other', async () => {
  const { send, asked } = open({ allow: [{ upstreams: ['a'] }], upstreams: ['a', 'b'] });
  const b = fakeUpstream('b', { 'resources/list': { resources: [{ uri: 'only:b' }] } });
  expect(await codeOf(send('resources/read', { uri: 'doc:a' }))).toBe('result');
  expect(asked()).toHaveLength(1);
  const a = fakeUpstream('a', {
    'resources/list': { resources: [] },
    'resources/templates/list': { resourceTemplates: [] },
  });
  const access = new AccessRules([{ upstreams: ['a'] }], true).of(createPrincipal(ada));
  const route = { ...routeTo(a, b), access };
  for (const uri of ['only:b', 'none:1']) await dispatch(callOf(route, 'resources/read', { uri }));
  expect(b.asked).toEqual([]);
  expect(a.asked.filter(({ method }) => method === 'resources/read')).toHaveLength(2);
});
