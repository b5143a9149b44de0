import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccessRule } from '../../host/src/gateway/access-rule.ts';
import { createPrincipal } from '../../host/src/identity/principal.ts';
import type { Authenticate } from '../../host/src/identity/scheme.ts';
import { call, initialize, type OpenGateway, openGateway, refusalOf, rpc } from '../fixtures/open-gateway.ts';
import { type RawHttpServer, startRawHttpServer } from '../fixtures/raw-http-server.ts';

/** A scheme for this test alone: it believes what a header says. */
const testScheme: Authenticate = ({ headers }) => {
  const [subject, scope = ''] = String(headers['x-test-caller'] ?? '').split('/');
  if (!subject) return undefined;
  return createPrincipal({ scheme: 'test', subject, scopes: scope.split(' ').filter(Boolean) });
};

const ada = { 'x-test-caller': 'ada/tools:read' };
const bob = { 'x-test-caller': 'bob' };
const eve = { 'x-test-caller': 'eve/tools:read' };

const tools = ['echo', 'delete', 'admin'].map(name => ({ name, inputSchema: { type: 'object' } }));
const allow: readonly AccessRule[] = [
  { subjects: ['ada', 'bob'], scopes: ['tools:read'], tools: ['echo'] },
  { subjects: ['ada'], scopes: ['tools:write', 'tools:admin'], tools: ['delete'] },
];

let upstream: RawHttpServer;
let gateway: OpenGateway;
beforeAll(async () => {
  upstream = await startRawHttpServer({ results: { 'tools/list': { tools } } });
  gateway = await openGateway([{ id: 'up', http: { url: upstream.url } }], {
    bindings: { main: { upstreams: ['up'], allow }, closed: { upstreams: ['up'] } },
    isIdentityConfigured: true,
    authentication: { schemes: [testScheme], servesAnonymous: true },
  });
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await upstream?.[Symbol.asyncDispose]();
});

async function session(caller: Record<string, string>, revision?: string) {
  const { headers } = await gateway.post(initialize(revision), caller);
  return { ...caller, 'mcp-session-id': String(headers.get('mcp-session-id')) };
}

const lastLine = () => gateway.lines.at(-1);

describe('a caller', () => {
  it('[GW-153] sees and calls what a rule allows, and the log names the rule', async () => {
    const own = await session(ada);
    const { body } = await gateway.post(rpc('tools/list'), own);
    expect(body.result.tools).toMatchObject([{ name: 'echo' }]);
    expect((await gateway.post(call('echo', { text: 'hi' }), own)).body.result).toBeDefined();
    await expect.poll(lastLine).toMatchObject({ name: 'echo', access: { decision: 'allow', rule: 0 } });
  });

  it('[GW-152] whose scopes cover the list and not the call is refused with the scopes that are missing', async () => {
    const own = await session(ada);
    const refused = await gateway.post(call('delete', {}, 7), own);
    expect(refusalOf(refused)).toEqual([403, 'insufficient_scope']);
    expect(refused.body).toMatchObject({ id: 7, error: { data: { scope: 'tools:write tools:admin tools:read' } } });
    expect(refused.headers.get('www-authenticate')).toBe(
      'Bearer error="insufficient_scope", scope="tools:write tools:admin tools:read"',
    );
    await expect.poll(lastLine).toMatchObject({
      ...{ level: 40, code: 'insufficient_scope', subject: 'ada', name: 'delete', status: 403 },
      access: { decision: 'insufficient_scope', rule: 1 },
    });
  });

  it('[GW-150] cannot tell a forbidden tool from an unknown one', async () => {
    const own = await session(ada);
    const forbidden = await gateway.post(call('admin'), own);
    const unknown = await gateway.post(call('no-such-tool'), own);
    expect(refusalOf(forbidden)).toEqual([403, 'access_denied']);
    const plain = (body: object) => JSON.stringify(body).replaceAll(/"request":"[^"]*"/g, '');
    expect(plain(unknown.body)).toBe(plain(forbidden.body));
    expect(forbidden.headers.get('www-authenticate')).toBeNull();
  });

  it.each([
    ['whom no rule names', eve, 403, 'access_denied'],
    ['who lacks the scope of every rule', bob, 403, 'insufficient_scope'],
    ['without credentials', {}, 401, 'unauthenticated'],
  ])('[GW-150] [GW-151] %s gets no session and no answer', async (_, caller, status, code) => {
    for (const message of [initialize(), rpc('ping'), rpc('tools/list'), call('echo'), rpc('logging/setLevel')]) {
      const own = await session(ada);
      const before = upstream.bodies.length;
      const refused = await gateway.post(message, { ...own, 'x-test-caller': '', ...caller });
      expect(refusalOf(refused)).toEqual([status, code]);
      expect(upstream.bodies.length).toBe(before);
    }
  });

  it('[GW-151] may do nothing in a binding without rules', async () => {
    expect(refusalOf(await gateway.post(initialize(), ada, '/mcp/closed'))).toEqual([403, 'access_denied']);
  });

  it('[GW-150] gets plain errors in a batch', async () => {
    const own = await session(ada, '2025-03-26');
    const batch = JSON.stringify([call('echo', { text: 'hi' }, 1), call('admin', {}, 2), call('delete', {}, 3)]);
    const { status, headers, body } = await gateway.post(batch, own);
    expect([status, headers.get('www-authenticate')]).toEqual([200, null]);
    expect(body).toMatchObject([
      { id: 1, result: {} },
      { id: 2, error: { data: { code: 'access_denied' } } },
      { id: 3, error: { data: { code: 'insufficient_scope', scope: 'tools:write tools:admin tools:read' } } },
    ]);
  });
});

it('[GW-155] the metrics count decisions by rule', async () => {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  const series = 'sallyport_access_decisions_total';
  expect(text).toMatch(new RegExp(`${series}{binding="main",decision="allow",rule="0"} [1-9]`));
  expect(text).toMatch(new RegExp(`${series}{binding="main",decision="insufficient_scope",rule="1"} [1-9]`));
  expect(text).toMatch(new RegExp(`${series}{binding="closed",decision="access_denied"} 1`));
});
