import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPrincipal } from '../../host/src/identity/principal.ts';
import type { Authenticate } from '../../host/src/identity/scheme.ts';
import { jsGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { call, initialize, mcpHeaders, rpc } from '../fixtures/open-gateway.ts';
import { openHost } from '../fixtures/open-host.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';

/** Logs who calls, and what the last call of the same tenant left behind. */
const script = `
import { write } from 'sallyport:plugin/log@0.1.0';
import * as kv from 'sallyport:plugin/kv-store@0.1.0';
import { get as claim } from 'sallyport:plugin/identity-claims@0.1.0';
export const lifecycle = { configure() {} };
export const dispatchHooks = {
  beforeDispatch({ tenant, subject }) {
    const last = kv.get('last');
    kv.set('last', Uint8Array.from(subject ?? 'nobody', character => character.charCodeAt(0)), undefined);
    const seen = { tenant, subject, mail: claim('mail'), other: claim('phone'), last: last && String.fromCharCode(...last) };
    write('info', 'seen ' + JSON.stringify(seen));
    return { tag: 'proceed' };
  },
  afterDispatch() { return { tag: 'proceed' }; },
};`;

/** A scheme for this test alone: it believes what a header says. */
const testScheme: Authenticate = ({ headers }) => {
  const [tenant, subject] = String(headers['x-test-caller'] ?? '').split('/');
  if (!tenant || !subject) return undefined;
  return createPrincipal({
    scheme: 'test',
    tenant,
    subject,
    claims: { mail: `${subject}@${tenant}.example`, phone: '1' },
  });
};

const asks = { required_capabilities: ['kv_store', 'identity_claims'] };
const grants = { kv_store: {}, identity_claims: { names: ['mail'] } };
const ada = { 'x-test-caller': 'one/ada' };
const bob = { 'x-test-caller': 'two/bob' };

let opened: Awaited<ReturnType<typeof openHost>>;
let server: Awaited<ReturnType<typeof startRawHttpServer>>;

beforeAll(async () => {
  const descriptor = { ...guestDescriptor('looks', asks), hooks: ['tool_pre_invoke'] };
  const bytes = await jsGuest(descriptor as Parameters<typeof jsGuest>[0], script);
  server = await startRawHttpServer({});
  opened = await openHost(
    [{ id: 'looks', bytes, grants }],
    server.url,
    { kv: { store: 'memory' }, identity: 'none' },
    { schemes: [testScheme] },
  );
});
afterAll(async () => {
  await opened?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

async function post(message: object, headers: Record<string, string> = {}) {
  const response = await fetch(`${opened.url}/mcp`, {
    method: 'POST',
    headers: { ...mcpHeaders, ...headers },
    body: JSON.stringify(message),
  });
  await response.text();
  return response;
}

async function session(headers: Record<string, string> = {}) {
  const response = await post(initialize(), headers);
  return { ...headers, 'mcp-session-id': String(response.headers.get('mcp-session-id')) };
}

const textsOf = (lines: readonly Record<string, unknown>[]) =>
  lines.flatMap(line => (String(line.msg).startsWith('seen ') ? [JSON.parse(String(line.msg).slice(5))] : []));

/** What the plugin saw of a call, and the log line of the request. */
async function see(headers: Record<string, string>) {
  const from = opened.lines.length;
  await post(call('echo', { text: 'x' }), headers);
  const seen = () => textsOf(opened.lines.slice(from));
  await expect.poll(() => seen().length).toBe(1);
  const isCall = (line: Record<string, unknown>) => line.msg === 'request' && line.method === 'tools/call';
  return { seen: seen()[0], line: opened.lines.slice(from).find(isCall) };
}

describe('a caller', () => {
  it('is shown to plugins with the claims that they are granted, and named in the log [GW-113]', async () => {
    const { seen, line } = await see(await session(ada));
    expect(seen).toMatchObject({ tenant: 'one', subject: 'ada', mail: '"ada@one.example"', other: null, last: null });
    expect(line).toMatchObject({ subject: 'ada', tenant: 'one' });
  });

  it('is kept apart from those of other tenants in what plugins store [GW-113]', async () => {
    const [one, two, none] = [await session(ada), await session(bob), await session()];
    await see(one);
    await see(two);
    await see(none);
    expect((await see(one)).seen.last).toBe('ada');
    expect((await see(two)).seen.last).toBe('bob');
    expect((await see(none)).seen.last).toBe('nobody');
  });

  it('cannot use the session of another one [GW-113]', async () => {
    const one = await session(ada);
    expect((await post(rpc('ping'), one)).status).toBe(200);
    expect((await post(rpc('ping'), { ...one, ...bob })).status).toBe(404);
    const { 'x-test-caller': _, ...anonymously } = one as Record<string, string>;
    expect((await post(rpc('ping'), anonymously)).status).toBe(404);
    expect((await post(rpc('ping'), { ...(await session()), ...ada })).status).toBe(404);
  });

  it('that is anonymous leaves plugins, log and metrics as they are without any scheme [GW-113]', async () => {
    const { seen, line } = await see(await session());
    expect(seen).toMatchObject({ tenant: null, subject: null, mail: null });
    expect(line).not.toHaveProperty('tenant');
    expect(line).not.toHaveProperty('subject');
    const metrics = await (await fetch(`${opened.url}/metrics`)).text();
    expect(metrics).toMatch(/sallyport_requests_total\{binding="main",method="tools\/call",status="200"\} \d/);
    expect(metrics).toMatch(
      /sallyport_requests_total\{binding="main",tenant="other",method="tools\/call",status="200"\} \d/,
    );
  });
});
