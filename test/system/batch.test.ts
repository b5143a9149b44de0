import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, initialize, mcpHeaders, refusalOf, rpc } from '../fixtures/open-gateway.ts';
import { openRawGateway, type RawGateway } from '../fixtures/open-raw-gateway.ts';

let gateway: RawGateway;
beforeAll(async () => {
  gateway = await openRawGateway({ limits: { concurrent_requests: 20, request_timeout_ms: 120_000 } });
});
afterAll(() => gateway[Symbol.asyncDispose]());

async function sessionOf(protocolVersion: string): Promise<Record<string, string>> {
  const { headers } = await gateway.post(initialize(protocolVersion));
  return { 'mcp-session-id': String(headers.get('mcp-session-id')) };
}
const notification = { jsonrpc: '2.0', method: 'notifications/x' };

describe.each(['2025-03-26', '2024-11-05'])('a batch of %s', revision => {
  it('is answered with one list, a request by its id and a wrong message by an error of its own [GW-52]', async () => {
    const session = await sessionOf(revision);
    const messages = [
      call('echo', { text: 'first' }, 'a'),
      notification,
      rpc('ping', {}, 2),
      { jsonrpc: '2.0', id: 3 },
      rpc('no/such', {}, 4),
      7,
      { jsonrpc: '1.0', id: 5, method: 'ping' },
      { jsonrpc: '2.0', method: 'notifications/y', params: [] },
      rpc('initialize', { protocolVersion: revision }, 6),
    ];
    const { status, headers, body } = await gateway.post(messages, session);
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(body).toEqual([
      { jsonrpc: '2.0', id: 'a', result: { content: [{ type: 'text', text: 'first' }] } },
      { jsonrpc: '2.0', id: 2, result: {} },
      expect.objectContaining({ id: 4, error: expect.objectContaining({ code: -32601 }) }),
      expect.objectContaining({ id: null, error: expect.objectContaining({ code: -32600 }) }),
      expect.objectContaining({ id: 5, error: expect.objectContaining({ code: -32600 }) }),
      expect.objectContaining({ id: 6, error: expect.objectContaining({ code: -32600 }) }),
    ]);
  });

  it('that asks for nothing is accepted without an answer [GW-52]', async () => {
    const session = await sessionOf(revision);
    expect(await gateway.post([notification, { jsonrpc: '2.0', id: 1, result: {} }], session)).toMatchObject({
      ...{ status: 202, body: '' },
    });
  });

  it('sends progress before its answers [GW-52]', async () => {
    const session = await sessionOf(revision);
    const meta = { _meta: { progressToken: 'p' } };
    const messages = [rpc('tools/call', { name: 'progress', ...meta }, 1), rpc('ping', {}, 2)];
    const { body } = await gateway.post(messages, session);
    const events = [...body.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data));
    expect(events.slice(0, 3).map(({ params }) => params.progress)).toEqual([1, 2, 3]);
    expect(events[3].map(({ id }: { id: number }) => id)).toEqual([1, 2]);
  });

  it('is bounded: in how many messages it has, and each counts among the requests [GW-52]', async () => {
    const session = await sessionOf(revision);
    const many = (count: number) => Array.from({ length: count }, (_, id) => call('echo', { text: 'x' }, id));
    const long = await gateway.post(many(51), session);
    expect(refusalOf(long)).toEqual([400, 'batch_refused']);
    const { body } = await gateway.post(many(40), session);
    const refused = body.filter(({ error }: { error?: object }) => error !== undefined);
    expect(refused.length).toBeGreaterThan(0);
    expect(new Set(refused.map(({ error }: { error: { data: { code: string } } }) => error.data.code))).toEqual(
      new Set(['overloaded']),
    );
    expect(body.length - refused.length).toBeGreaterThan(10);
    const empty = await gateway.post([], session);
    expect([empty.status, empty.body.id, empty.body.error.code]).toEqual([400, null, -32600]);
  });

  it('has answers that are too large together refused, and short ones not [GW-52]', async () => {
    const session = await sessionOf(revision);
    const huge = (id: number) => call('huge', { bytes: 20 * 1024 * 1024 }, id);
    // Plain JSON, however long a slow machine takes for it.
    const plain = { ...session, accept: '*/*' };
    const { body } = await gateway.post([huge(1), huge(2), call('echo', { text: 'short' }, 3)], plain);
    const codes = body.map(({ error }: { error?: { data: { code: string } } }) => error?.data.code ?? 'fine');
    expect(codes.slice(0, 2).sort()).toEqual(['fine', 'overloaded']);
    expect(codes[2]).toBe('fine');
  });

  it('has its calls cancelled when its client leaves, and one log line for each message [GW-52]', async () => {
    const session = await sessionOf(revision);
    const cancelled = gateway.upstream.raw.cancelled.length;
    const before = gateway.lines.length;
    const controller = new AbortController();
    const posted = fetch(`${gateway.url}/mcp`, {
      method: 'POST',
      signal: controller.signal,
      headers: { ...mcpHeaders, ...session },
      body: JSON.stringify([call('never', {}, 1), call('never', {}, 2)]),
    });
    await expect
      .poll(() => gateway.upstream.raw.seen.slice(-2).map(({ params }) => params?.name))
      .toEqual(['never', 'never']);
    controller.abort();
    await expect(posted).rejects.toThrow();
    await expect.poll(() => gateway.upstream.raw.cancelled.length).toBe(cancelled + 2);
    await expect
      .poll(() => gateway.lines.slice(before).map(({ method }) => method))
      .toEqual(['tools/call', 'tools/call', 'batch']);
    const [first, , whole] = gateway.lines.slice(before);
    expect(first?.request).toBe(`${whole?.request}.1`);
  });
});

describe.each(['2025-06-18', '2025-11-25'])('a batch of %s', revision => {
  it('is refused under the ids of its requests [GW-52]', async () => {
    const { status, body } = await gateway.post(
      [rpc('ping', {}, 'a'), notification, rpc('ping', {}, 2)],
      await sessionOf(revision),
    );
    expect([status, body.map(({ id }: { id: unknown }) => id)]).toEqual([400, ['a', 2]]);
    for (const { error } of body) expect(error).toMatchObject({ code: -32600, data: { code: 'batch_refused' } });
  });

  it('without a request is refused [GW-52]', async () => {
    const { status, body } = await gateway.post([notification], await sessionOf(revision));
    expect([status, body.error.data.code]).toEqual([400, 'batch_refused']);
  });
});
