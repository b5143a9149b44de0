import { describe, expect, it } from 'vitest';
import { type Answers, callOf, fakeUpstream, routeTo } from '../../../../test/fixtures/fake-route.ts';
import { inlineChain } from '../../../../test/fixtures/inline-chain.ts';
import type { Fault } from '../../core/fault.ts';
import type { JsonObject } from '../../core/json.ts';
import type { HookChain, Policy } from '../../hook/hook-chain.ts';
import { createPrincipal } from '../../identity/principal.ts';
import type { Notification } from '../../mcp/message.ts';
import { itemsIn } from '../../upstream/catalog.ts';
import type { Upstream } from '../../upstream/upstream.ts';
import { AccessRules } from '../access.ts';
import type { AccessRule } from '../access-rule.ts';
import type { Call, CallHandlers, Outcome } from '../call.ts';
import { dispatch } from '../dispatch.ts';
import { ToolSearch } from './tool-search.ts';

const described = [
  { name: 'send_mail', title: 'Send', description: 'Sends a message to a person.', inputSchema: { type: 'object' } },
  { name: 'listInvoices', description: 'Lists invoices of a customer.', inputSchema: { type: 'object' } },
  { name: 'delete_invoice', title: 'Deletes an invoice for good', _meta: { x: 1 }, icons: [], annotations: {} },
  { name: 'search_tools', description: 'The upstream has its own.' },
];
const names = described.map(({ name }) => name);
const answers: Answers = {
  'tools/list': { tools: described },
  'tools/call': ({ name }) => ({ content: [], name: name ?? '' }),
};

interface Given {
  readonly allow?: readonly AccessRule[];
  readonly chain?: HookChain;
  readonly upstreams?: readonly Upstream[];
  /** Whether tools are offered by search. */
  readonly searches?: boolean;
  readonly handlers?: CallHandlers;
}

/** A caller's way through a binding. */
function open({ allow, chain = inlineChain(), upstreams, searches = true, handlers }: Given = {}) {
  const upstream = fakeUpstream('a', answers);
  const [first = upstream, ...others] = upstreams ?? [];
  const principal = createPrincipal({ scheme: 'sso', subject: 'ada', scopes: ['read'] });
  const access = allow && new AccessRules(allow, true).of(principal);
  const toolSearch = searches ? new ToolSearch({ results: 2 }) : undefined;
  const route = { ...routeTo(first, ...others), chain, access, toolSearch };
  const calls: Call[] = [];
  const send = (method: string, params: JsonObject = {}) => {
    const call = { ...callOf(route, method, params), principal, handlers };
    calls.push(call);
    return dispatch(call);
  };
  const use = (name: string, args?: JsonObject, more: JsonObject = {}) =>
    send('tools/call', { name, ...(args && { arguments: args }), ...more });
  const listed = async () => itemsIn((await send('tools/list')).result, 'tools/list').map(({ name }) => name);
  const found = async (query: string, limit?: number) => {
    const { tools } = JSON.parse(textOf(await use('search_tools', { query, ...(limit !== undefined && { limit }) })));
    return (tools as JsonObject[]).map(({ name }) => name);
  };
  const record = () => calls.at(-1)?.record.summary();
  return { send, use, listed, found, record, asked: upstream.asked };
}

const textOf = ({ result = {} }: Outcome) => String((result.content as JsonObject[])[0]?.text);

const codeOf = async (sent: Promise<Outcome>) =>
  sent.then(
    ({ kind, data }: { kind: string; data?: { code: string } }) => data?.code ?? kind,
    (fault: Fault) => fault.code,
  );

/** A policy that denies these tools. */
const denying = (...denied: readonly string[]): Policy => {
  const decide = (name: unknown) =>
    denied.includes(String(name)) ? { plugin: 'p', code: 'NO', reason: 'no', description: '' } : undefined;
  return {
    plugins: [{ id: 'p' }],
    decide: async (_, __, params) => decide(params.name),
    decideMany: async (_, __, ___, names) => names.map(decide),
  };
};

describe('[GW-180] a binding with tools by search', () => {
  it('lists three tools, without asking an upstream', async () => {
    const { send, asked } = open();
    const { tools } = (await send('tools/list')).result as { tools: JsonObject[] };
    expect(tools.map(({ name }) => name)).toEqual(['search_tools', 'describe_tool', 'call_tool']);
    expect(tools[0]).toMatchObject({ inputSchema: { properties: { limit: { default: 2 } } } });
    expect(asked).toEqual([]);
  });

  it.each<[query: string, limit: number | undefined, found: readonly string[]]>([
    ['deletes invoice', undefined, ['delete_invoice', 'listInvoices']],
    ['list invoices of a customer', 1, ['listInvoices']],
    ['message a person', undefined, ['send_mail']],
    ['weather', undefined, []],
    ['', undefined, names.slice(0, 2)],
    [' ', 50, names],
  ])('finds for %j, at most %j: %j', async (query, limit, found) => {
    expect(await open().found(query, limit)).toEqual(found);
  });

  it('answers a search with names and descriptions, cut to a length, and how many more there are', async () => {
    const tools = [
      { name: 'long', description: 'x'.repeat(5_000) },
      { name: 'titled', title: 'A title', inputSchema: { type: 'object' } },
      { name: 'bare' },
    ];
    const { use } = open({ upstreams: [fakeUpstream('a', { 'tools/list': { tools } })] });
    expect(JSON.parse(textOf(await use('search_tools', { query: '' })))).toEqual({
      tools: [
        { name: 'long', description: `${'x'.repeat(300)}…` },
        { name: 'titled', description: 'A title' },
      ],
      more: 1,
    });
  });

  it('describes a tool whole, but for what says nothing to a model', async () => {
    const { use, record } = open();
    expect(JSON.parse(textOf(await use('describe_tool', { name: 'delete_invoice' })))).toEqual({
      ...{ name: 'delete_invoice', title: 'Deletes an invoice for good', annotations: {} },
    });
    expect(record()).toMatchObject({ name: 'describe_tool', upstream: 'a' });
  });

  it.each<[tool: string, args: JsonObject | undefined, says: string]>([
    ['search_tools', undefined, '`query` must be a string'],
    ['search_tools', { query: 1 }, '`query` must be a string'],
    ['search_tools', { query: 'x'.repeat(1_001) }, '`query` must have at most 1000 characters'],
    ['search_tools', { query: 'x', limit: 0 }, '`limit` must be an integer'],
    ['search_tools', { query: 'x', limit: 51 }, '`limit` must be an integer'],
    ['search_tools', { query: 'x', limit: 1.5 }, '`limit` must be an integer'],
    ['search_tools', { query: 'x', limit: '2' }, '`limit` must be an integer'],
    ['describe_tool', {}, '`name` must be a string'],
    ['describe_tool', { name: 'nothing' }, 'There is no tool of this name'],
    ['call_tool', { arguments: {} }, '`name` must be a string'],
    ['call_tool', { name: 'send_mail', arguments: 'x' }, '`arguments` must be an object'],
    ['call_tool', { name: 'send_mail', arguments: [] }, '`arguments` must be an object'],
  ])('answers %s of %j with a result that says what is wrong', async (tool, args, says) => {
    const { use, asked } = open();
    const answer = await use(tool, args);
    expect(answer.result).toMatchObject({ isError: true });
    expect(textOf(answer)).toContain(says);
    expect(asked.filter(({ method }) => method === 'tools/call')).toEqual([]);
  });
});

describe('[GW-181] a call of call_tool', () => {
  it('is the call of the tool that it names, with all that the client sent', async () => {
    const { use, asked, record } = open();
    const more = { _meta: { progressToken: 7 }, requestState: 'x' };
    await use('call_tool', { name: 'send_mail', arguments: { to: 'bob' } }, more);
    await use('call_tool', { name: 'listInvoices' });
    expect(asked.map(({ params }) => params)).toEqual([
      { ...more, name: 'send_mail', arguments: { to: 'bob' } },
      { name: 'listInvoices' },
    ]);
    expect(record()).toMatchObject({ name: 'listInvoices' });
  });

  it('passes the hooks under the name of the tool, and tools can be called by their names too', async () => {
    const seen: unknown[] = [];
    const chain = inlineChain({ 'tools/call': params => void seen.push(params) });
    const { use } = open({ chain });
    await use('call_tool', { name: 'send_mail', arguments: { to: 'bob' } });
    await use('send_mail', { to: 'bob' });
    expect(seen).toEqual(Array(2).fill({ name: 'send_mail', arguments: { to: 'bob' } }));
  });

  it('is seen by handlers of the embedding program under the name of the tool', async () => {
    const seen: JsonObject[] = [];
    const handlers: CallHandlers = {
      async around({ params }, serve) {
        seen.push(params);
        return serve({ ...params, arguments: { changed: true } });
      },
    };
    const { use, asked } = open({ handlers });
    for (const name of ['send_mail', 'search_tools']) await use('call_tool', { name, arguments: { to: 'bob' } });
    expect(seen).toEqual(['send_mail', 'search_tools'].map(name => ({ name, arguments: { to: 'bob' } })));
    expect(asked.map(({ params }) => params)).toEqual(
      ['send_mail', 'search_tools'].map(name => ({ name, arguments: { changed: true } })),
    );
  });

  it('reaches a tool of an upstream that has the name of one of the three', async () => {
    const { use, asked } = open();
    await use('call_tool', { name: 'search_tools', arguments: { query: 'x' } });
    expect(asked).toEqual([{ method: 'tools/call', params: { name: 'search_tools', arguments: { query: 'x' } } }]);
  });
});

const rules: readonly (readonly AccessRule[] | undefined)[] = [
  undefined,
  [],
  [{}],
  [{ tools: ['*invoice*', 'listInvoices'] }],
  [{ tools: ['send_mail'], scopes: ['send'] }, { tools: ['search_tools'] }],
  [{ prompts: ['*'] }],
];
const chains: Readonly<Record<string, HookChain>> = {
  none: inlineChain(),
  'a policy': { ...inlineChain(), policy: denying('send_mail', 'delete_invoice') },
  'a list hook': inlineChain(
    {},
    { 'tools/list': ({ tools }) => ({ kind: 'proceed', result: { tools: (tools as JsonObject[]).slice(1) } }) },
  ),
  'a list hook that renames': inlineChain(
    {},
    { 'tools/list': () => ({ kind: 'proceed', result: { tools: [{ name: 'send_mail' }, { name: 'other' }] } }) },
  ),
};

describe('[GW-182] tools by search', () => {
  const cases = rules.flatMap(allow => Object.keys(chains).map(chain => ({ allow, chain })));
  it.each(cases)('shows what a list would show, and calls what a call could: $allow, $chain', async each => {
    const given = { allow: each.allow, chain: chains[each.chain] } as Given;
    const whole = await open({ ...given, searches: false }).listed();
    const searching = open(given);
    expect(await searching.found('', 50)).toEqual(whole);
    for (const word of ['invoice', 'send', 'tool', 'other']) {
      for (const name of await searching.found(word, 50)) expect(whole).toContain(name);
    }
    for (const name of [...names, 'other', 'nothing']) {
      const isDescribed = (await searching.use('describe_tool', { name })).result?.isError !== true;
      expect([name, isDescribed]).toEqual([name, whole.includes(name)]);
      const direct = await codeOf(open({ ...given, searches: false }).use(name, {}));
      expect([name, await codeOf(searching.use('call_tool', { name, arguments: {} }))]).toEqual([name, direct]);
    }
  });

  it('answers like the list where a plugin blocks it', async () => {
    const data = { plugin: 'p', code: 'NO', reason: 'no', description: '' };
    const chain = inlineChain({}, { 'tools/list': () => ({ kind: 'block', data }) });
    expect(await open({ chain }).use('search_tools', { query: 'x' })).toEqual({ kind: 'block', data });
  });

  it('finds the tools of several upstreams under their names here, and leaves out one that is down', async () => {
    const down = fakeUpstream('c', { 'tools/list': new Error('down') });
    const upstreams = [fakeUpstream('a', answers), fakeUpstream('b', answers), down];
    const { found, use } = open({ upstreams });
    expect(await found('', 50)).toEqual([...names.map(name => `a__${name}`), ...names.map(name => `b__${name}`)]);
    expect(await found('delete invoice of b', 1)).toEqual(['b__delete_invoice']);
    expect((await use('call_tool', { name: 'b__send_mail' })).result).toEqual({ content: [], name: 'send_mail' });
    expect(await codeOf(use('call_tool', { name: 'send_mail' }))).toBe('name_unknown');
  });
});

describe('[GW-183] what is searched', () => {
  it('is read once while the upstream would report a change, and again after one', async () => {
    let tools: JsonObject[] = [{ name: 'old_mail' }];
    const listeners: ((notification: Notification) => void)[] = [];
    const more: Partial<Upstream> = {
      subscribe(listener) {
        listeners.push(listener);
        return () => {};
      },
    };
    const upstream = fakeUpstream('a', { 'tools/list': () => ({ tools }) }, more);
    const { found } = open({ upstreams: [upstream] });
    for (const _ of [1, 2, 3]) expect(await found('mail')).toEqual(['old_mail']);
    expect(upstream.asked).toHaveLength(1);
    tools = [{ name: 'new_mail' }, { name: 'other' }];
    for (const listener of listeners) listener({ method: 'notifications/tools/list_changed' });
    for (const _ of [1, 2]) expect(await found('mail')).toEqual(['new_mail']);
    expect(upstream.asked).toHaveLength(2);
  });

  it('is read page by page, also of a single upstream', async () => {
    const pages: Readonly<Record<string, JsonObject>> = {
      first: { tools: [{ name: 'one' }], nextCursor: 'second' },
      second: { tools: [{ name: 'two' }] },
    };
    const upstream = fakeUpstream('a', { 'tools/list': ({ cursor }) => pages[String(cursor ?? 'first')] ?? {} });
    expect(await open({ upstreams: [upstream] }).found('', 50)).toEqual(['one', 'two']);
  });

  it('is bounded: of a very long list, the first tools are found', async () => {
    const tools = Array.from({ length: 20_000 }, (_, n) => ({ name: `tool_${n}`, description: `Does ${n}.` }));
    const { found } = open({ upstreams: [fakeUpstream('a', { 'tools/list': { tools } })] });
    expect(await found('9999')).toEqual(['tool_9999']);
    // Beyond the number that is indexed, tools are called by their names.
    expect(await found('19999')).toEqual([]);
  });
});
