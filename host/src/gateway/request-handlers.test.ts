import { describe, expect, it } from 'vitest';
import { callOf, fakeUpstream, routeTo } from '../../../test/fixtures/fake-route.ts';
import { inlineChain } from '../../../test/fixtures/inline-chain.ts';
import type { Fault } from '../core/fault.ts';
import type { JsonObject } from '../core/json.ts';
import { KeptNumber } from '../core/json-number.ts';
import { createLog, silentLog } from '../core/log.ts';
import type { Policy } from '../hook/hook-chain.ts';
import { createPrincipal } from '../identity/principal.ts';
import { Cancelled } from '../mcp/cancelled.ts';
import { AccessRules } from './access.ts';
import type { AccessRule } from './access-rule.ts';
import type { Call } from './call.ts';
import { dispatch } from './dispatch.ts';
import { NestedTools } from './nested-calls.ts';
import {
  type HandledOutcome,
  type HandledRequest,
  type HandlerTypes,
  RequestHandlers,
  refuse,
} from './request-handlers.ts';

type Before = HandlerTypes['beforeRequest'];

interface Given {
  readonly before?: readonly Before[];
  readonly after?: readonly HandlerTypes['afterResponse'][];
  readonly allow?: readonly AccessRule[];
  readonly chain?: Call['route']['chain'];
  readonly timeoutMs?: number;
  readonly result?: JsonObject;
}

const ada = createPrincipal({ scheme: 'sso', subject: 'ada', tenant: 'one' });

/** Returns a gateway with these handlers, its upstream, and the lines of its log. */
function open({ before = [], after = [], allow, chain = inlineChain(), timeoutMs = 20_000, result }: Given) {
  const upstream = fakeUpstream('a', {
    'tools/call': ({ name }: JsonObject) => result ?? { content: [], name },
    'tools/list': { tools: [{ name: 'read' }, { name: 'send' }] },
  });
  const lines: Record<string, unknown>[] = [];
  const log = createLog('info', { write: line => void lines.push(JSON.parse(line)) });
  const handlers = new RequestHandlers(timeoutMs, log);
  for (const handler of before) handlers.on('beforeRequest', handler);
  for (const handler of after) handlers.on('afterResponse', handler);
  const access = allow && new AccessRules(allow, true).of(ada);
  const route = { ...routeTo(upstream), chain, access };
  const callFor = (params: JsonObject, method = 'tools/call'): Call => ({
    ...callOf(route, method, params),
    principal: ada,
    handlers: handlers.registered,
  });
  const sent = () => upstream.asked.filter(({ method }) => method === 'tools/call').map(({ params }) => params);
  return { handlers, callFor, lines, sent, send: (params: JsonObject = read) => dispatch(callFor(params)) };
}

const read = { name: 'read', arguments: { to: 'x' } };
const codeOf = (sending: Promise<unknown>) =>
  sending.then(
    () => 'answered',
    (fault: Fault) => fault.code ?? fault,
  );

describe('beforeRequest', () => {
  it('[EMB-20] sees the request, and its caller, before anything is decided about it', async () => {
    const seen: HandledRequest[] = [];
    const { send } = open({ before: [request => void seen.push(request)], allow: [] });
    expect(await codeOf(send())).toBe('access_denied');
    expect(seen).toMatchObject([
      { binding: 'main', method: 'tools/call', params: read, principal: { subject: 'ada' } },
    ]);
    expect(seen[0]?.plugin).toBeUndefined();
  });

  it('[EMB-20] gets numbers as doubles, and fails if it changes its copy in place', async () => {
    const arguments_ = { big: new KeptNumber('12345678901234567890') } as unknown as JsonObject;
    const seen: unknown[] = [];
    const { send, sent, lines: _ } = open({ before: [({ params }) => void seen.push(params.arguments)] });
    await send({ name: 'read', arguments: arguments_ });
    expect(seen).toEqual([{ big: Number('12345678901234567890') }]);
    expect(JSON.stringify(sent())).toContain('12345678901234567890');
    const careless = open({
      before: [
        request => {
          (request.params as { name: string }).name = 'send';
        },
      ],
    });
    expect(await codeOf(careless.send())).toBe('handler_failed');
    expect(careless.sent()).toEqual([]);
  });

  it('[EMB-21] changes a request, one handler after the other, before it is authorized and passes plugins', async () => {
    const order: unknown[] = [];
    const to =
      (name: string): Before =>
      request => {
        order.push([name, request.params.name]);
        return { params: { ...request.params, name } };
      };
    const chain = inlineChain({ 'tools/call': params => void order.push(['plugin', params.name]) });
    const { send, sent } = open({ before: [to('send'), async request => to('send_all')(request)], chain });
    await send();
    expect(order).toEqual([
      ['send', 'read'],
      ['send_all', 'send'],
      ['plugin', 'send_all'],
    ]);
    expect(sent()).toEqual([{ name: 'send_all', arguments: { to: 'x' } }]);
  });

  it('[EMB-21] cannot reach what the rules of the binding or a policy deny', async () => {
    const rename: Before = () => ({ params: { name: 'send' } });
    const refused = open({ before: [rename], allow: [{ tools: ['read'] }] });
    expect(await codeOf(refused.send())).toBe('access_denied');
    const policy: Policy = {
      plugins: [{ id: 'p' }],
      decide: async (_, __, params) =>
        params.name === 'send' ? { plugin: 'p', code: 'NO', reason: 'no', description: '' } : undefined,
      decideMany: async () => [],
    };
    const denied = open({ before: [rename], chain: { ...inlineChain(), policy } });
    expect(await denied.send()).toMatchObject({ kind: 'block', data: { code: 'NO' } });
    expect([...refused.sent(), ...denied.sent()]).toEqual([]);
  });

  const failures: Readonly<Record<string, Before>> = {
    'throws an error': () => {
      throw new Error('a bug');
    },
    rejects: async () => {
      throw new TypeError('a bug');
    },
    'throws no error': () => {
      throw 'a bug';
    },
    'takes too long': () => new Promise(() => {}),
    'returns params that are no object': () => ({ params: [] as unknown as Record<string, unknown> }),
    'returns params that are no JSON': () => ({ params: { at: 1n } }),
    'returns something else': () => 'yes' as never,
  };
  it.each(Object.entries(failures))('[EMB-22] refuses the request when it %s', async (_, handler) => {
    const { send, sent } = open({ before: [handler], timeoutMs: 50 });
    const fault = await send().catch((thrown: Fault) => thrown);
    expect(fault).toMatchObject({ code: 'handler_failed' });
    // The client gets the general advice, and no text of the error.
    expect((fault as Fault).hint).not.toContain('bug');
    expect((fault as Fault).cause).toBeDefined();
    expect(sent()).toEqual([]);
  });

  it('[EMB-22] refuses with a reason for the client, which is cut', async () => {
    const { send, sent } = open({ before: [() => refuse('not on Sundays')] });
    expect(await send().catch((thrown: Fault) => [thrown.code, thrown.hint])).toEqual([
      'handler_refused',
      'not on Sundays',
    ]);
    const long = open({ before: [() => refuse('x'.repeat(10_000))] });
    expect(await long.send().catch((thrown: Fault) => thrown.hint.length)).toBeLessThan(1100);
    expect(sent()).toEqual([]);
  });

  it('[EMB-22] ends with the client', async () => {
    const { handlers, callFor } = open({});
    const left = new AbortController();
    handlers.on('beforeRequest', ({ signal }) => {
      left.abort(new Cancelled('the client left'));
      expect(signal.aborted).toBe(true);
      return new Promise(() => {});
    });
    const call = { ...callFor(read), handlers, signal: left.signal };
    await expect(dispatch(call)).rejects.toBeInstanceOf(Cancelled);
  });

  it('[EMB-23] is called until it is removed, and once for each registration', async () => {
    let calls = 0;
    const handler = () => {
      calls += 1;
    };
    const { handlers, callFor } = open({ before: [handler] });
    const remove = handlers.on('beforeRequest', handler);
    await dispatch(callFor(read));
    remove();
    remove();
    await dispatch(callFor(read));
    expect(calls).toBe(3);
    expect(() => handlers.on('request' as 'beforeRequest', handler)).toThrow(TypeError);
  });
});

describe('afterResponse', () => {
  const outcomesOf = async (given: Given) => {
    const outcomes: HandledOutcome[] = [];
    const { send } = open({ ...given, after: [({ outcome }) => void outcomes.push(outcome), ...(given.after ?? [])] });
    await send().catch(() => {});
    return outcomes;
  };

  it('[EMB-24] gets what the client will get, after plugins', async () => {
    const chain = inlineChain(
      {},
      { 'tools/call': () => ({ kind: 'proceed', result: { content: [], structuredContent: { n: 1 } } }) },
    );
    expect(await outcomesOf({ chain })).toEqual([
      { kind: 'result', result: { content: [], structuredContent: { n: 1 } } },
    ]);
  });

  it('[EMB-24] gets each request once, however it ended', async () => {
    const block = { plugin: 'p', code: 'NO', reason: 'no', description: '' };
    const blocking = inlineChain({ 'tools/call': () => ({ kind: 'block', data: block }) });
    expect(await outcomesOf({ chain: blocking })).toEqual([{ kind: 'blocked', code: 'NO', reason: 'no' }]);
    expect(await outcomesOf({ allow: [] })).toEqual([{ kind: 'refused', code: 'access_denied' }]);
    expect(await outcomesOf({ before: [() => refuse('no')] })).toEqual([{ kind: 'refused', code: 'handler_refused' }]);
    const leaving: Before = () => {
      throw new Cancelled('the client left');
    };
    expect(await outcomesOf({ before: [leaving] })).toEqual([{ kind: 'refused', code: 'handler_failed' }]);
  });

  it('[EMB-24] gets a request whose client left, and is not reported for that', async () => {
    const outcomes: HandledOutcome[] = [];
    const { handlers, callFor, lines } = open({ after: [({ outcome }) => void outcomes.push(outcome)] });
    const left = new AbortController();
    handlers.on('beforeRequest', () => {
      left.abort(new Cancelled('the client left'));
    });
    await expect(dispatch({ ...callFor(read), handlers, signal: left.signal })).rejects.toBeInstanceOf(Cancelled);
    expect(outcomes).toEqual([{ kind: 'aborted' }]);
    expect(lines).toEqual([]);
  });

  it('[EMB-25] withholds the answer by throwing, and cannot change it', async () => {
    const { send } = open({ after: [() => refuse('secret')] });
    expect(await codeOf(send())).toBe('handler_refused');
    const failing = open({ after: [async () => Promise.reject(new Error('a bug'))] });
    expect(await codeOf(failing.send())).toBe('handler_failed');
    const changing = open({
      after: [
        ({ outcome }) => {
          if (outcome.kind === 'result') (outcome.result as { content: unknown }).content = ['changed'];
        },
      ],
    });
    expect(await codeOf(changing.send())).toBe('handler_failed');
  });

  it('[EMB-24] gets a refusal where another handler has withheld the answer', async () => {
    const outcomes: HandledOutcome[] = [];
    const { send, lines } = open({
      after: [
        ({ outcome }) => void outcomes.push(outcome),
        () => refuse('secret'),
        ({ outcome }) => void outcomes.push(outcome),
        () => refuse('later'),
        ({ outcome }) => void outcomes.push(outcome),
      ],
      result: { content: [] },
    });
    expect(await send().catch((thrown: Fault) => thrown.hint)).toBe('secret');
    const refused = { kind: 'refused', code: 'handler_refused' };
    expect(outcomes).toEqual([{ kind: 'result', result: { content: [] } }, refused, refused]);
    expect(lines).toMatchObject([{ code: 'handler_refused', hint: 'later' }]);
  });

  it('[EMB-25] leaves the first reason of a refused request, and logs its own failure', async () => {
    const { send, lines } = open({
      allow: [],
      after: [
        () => {
          throw new Error('a bug');
        },
      ],
    });
    expect(await codeOf(send())).toBe('access_denied');
    expect(lines).toMatchObject([{ code: 'handler_failed', cause: 'a bug' }]);
  });
});

describe("a plugin's tool call", () => {
  const nested = (given: Given, tool = 'read', allows = (_: string) => true) => {
    const { callFor, sent } = open(given);
    const tools = new NestedTools(callFor(read), (call, member, params) =>
      member.upstream.request('tools/call', params, { signal: call.signal }),
    );
    const options = { plugin: 'p', tool, argumentsJson: '{"n":1}', timeoutMs: 1_000, allows };
    return { sent, answer: tools.call({ ...options, signal: new AbortController().signal }) };
  };

  it('[EMB-26] passes the handlers too, which see whose it is', async () => {
    const seen: unknown[] = [];
    const { sent, answer } = nested({
      before: [
        ({ plugin, params }) => {
          seen.push([plugin, params]);
          return { params: { ...params, name: 'send' } };
        },
      ],
    });
    await answer;
    expect(seen).toEqual([['p', { name: 'read', arguments: { n: 1 } }]]);
    expect(sent()).toEqual([{ name: 'send', arguments: { n: 1 } }]);
  });

  it('[EMB-26] is denied where a handler refuses it, or makes it a call that the grant or a rule excludes', async () => {
    const rename: Before = ({ params }) => ({ params: { ...params, name: 'send' } });
    const refused = nested({ before: [() => refuse('no')] });
    const notGranted = nested({ before: [rename] }, 'read', name => name === 'read');
    const forbidden = nested({ before: [rename], allow: [{ tools: ['read'] }] });
    for (const { answer, sent } of [refused, notGranted, forbidden]) {
      expect(await answer).toMatchObject({ err: { tag: 'denied' } });
      expect(sent()).toEqual([]);
    }
  });
});

it('[EMB-23] costs nothing where no handler is registered', () => {
  expect(new RequestHandlers(1, silentLog()).registered).toBeUndefined();
});
