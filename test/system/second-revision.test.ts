import { expect, it } from 'vitest';
import { resultAnswer } from '../../host/src/mcp/answer.ts';
import { sharedNumbers } from '../../host/src/mcp/errors.ts';
import type { Body } from '../../host/src/mcp/message.ts';
import type { Exchange, Revision } from '../../host/src/mcp/revision/revision.ts';
import { keep } from '../fixtures/keep.ts';
import { call, type OpenGateway, openGateway, rpc } from '../fixtures/open-gateway.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';

const rawEntry = async (id = 'raw') => ({ id, http: { url: (await keep(startRawHttpServer({ name: id }))).url } });

/**
 * A fake revision without sessions, with POST alone and numbers of its own. It shows what a revision can be; it is not
 * 2026-07-28.
 */
class FakeRevision implements Revision {
  readonly versions = ['2999-01-01'];
  readonly httpMethods = ['POST'] as const;
  readonly opening = 'server/discover';
  readonly errorNumbers = { ...sharedNumbers, name_unknown: -32050 };
  isDisposed = false;

  async handle({ binding, reply }: Exchange, body?: Body): Promise<void> {
    if (body?.kind !== 'request') return reply.end(202);
    using client = binding.openClient({ isListening: () => false, onNotification() {} });
    if (body.method === 'server/discover') {
      await binding.reachUpstreams();
      return reply.answer(200, resultAnswer({ ...client.describe() }).text(body.id));
    }
    const { method, params } = body;
    const answer = await binding.dispatch(client, { method, params, signal: new AbortController().signal });
    reply.answer(200, answer.text(body.id));
  }

  [Symbol.dispose](): void {
    this.isDisposed = true;
  }
}

const fakeVersion = { 'mcp-protocol-version': '2999-01-01' };

async function open(): Promise<{ gateway: OpenGateway; fake: FakeRevision }> {
  const fake = new FakeRevision();
  const gateway = await keep(openGateway([await rawEntry()], { otherRevisions: [fake] }));
  return { gateway, fake };
}

it('serves a second revision on the same URL, beside the one with sessions [GW-110]', async () => {
  const { gateway, fake } = await open();
  const session = await gateway.session();
  const [old, plain] = await Promise.all([
    gateway.post(call('echo', { message: 'a' }), session),
    gateway.post(call('echo', { message: 'a' }), fakeVersion),
  ]);
  expect(old.body.result).toBeDefined();
  expect(plain.body.result).toEqual(old.body.result);
  const discovered = await gateway.post(rpc('server/discover'), fakeVersion);
  expect(discovered.body.result.capabilities.tools).toBeDefined();
  expect(discovered.headers.get('mcp-session-id')).toBeNull();
  await gateway[Symbol.asyncDispose]();
  expect(fake.isDisposed).toBe(true);
});

it('refuses HTTP methods that a revision does not have [GW-110]', async () => {
  const { gateway } = await open();
  for (const method of ['GET', 'DELETE']) {
    const headers = { ...fakeVersion, accept: 'text/event-stream' };
    const response = await fetch(`${gateway.url}/mcp`, { method, headers });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  }
});

it('answers an error with the number of the revision [GW-111]', async () => {
  const { gateway } = await open();
  const session = await gateway.session();
  const entries = [await rawEntry('one'), await rawEntry('two')];
  const two = await keep(openGateway(entries, { otherRevisions: [new FakeRevision()] }));
  const inTwo = await two.session();
  const numbers = await Promise.all(
    [inTwo, fakeVersion].map(async headers => (await two.post(call('none'), headers)).body.error.code),
  );
  expect(numbers).toEqual([-32602, -32050]);
  const supported = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', '2999-01-01'];
  const { body, status } = await gateway.post(rpc('ping'), { ...session, 'mcp-protocol-version': '2031-01-01' });
  expect([status, body.error.code, body.error.data.supported]).toEqual([400, -32022, supported]);
});
