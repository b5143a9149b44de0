import { describe, expect, it } from 'vitest';
import { Canceller } from '../../host/src/core/canceller.ts';
import { createPrincipal } from '../../host/src/identity/principal.ts';
import { type Authenticate, refuseCredentials } from '../../host/src/identity/scheme.ts';
import { Cancelled } from '../../host/src/mcp/cancelled.ts';
import { sharedNumbers } from '../../host/src/mcp/errors.ts';
import type { Body } from '../../host/src/mcp/message.ts';
import type { Exchange, Revision } from '../../host/src/mcp/revision/revision.ts';
import { keep } from '../fixtures/keep.ts';
import { call, initialize, rpc } from '../fixtures/open-gateway.ts';
import { openRawGateway } from '../fixtures/open-raw-gateway.ts';

/** A revision without sessions: each call is a request of its own. */
class StatelessRevision implements Revision {
  readonly versions = ['2999-01-01'];
  readonly httpMethods = ['POST'] as const;
  readonly opening = 'server/discover';
  readonly errorNumbers = sharedNumbers;

  async handle(exchange: Exchange, body?: Body): Promise<void> {
    const { binding, reply } = exchange;
    if (body?.kind !== 'request') return reply.end(202);
    const canceller = new Canceller();
    exchange.onLeave(() => canceller.abort(new Cancelled('the client left')));
    using client = binding.openClient({ isListening: () => false, onNotification() {} });
    const { method, params } = body;
    const answer = await binding.dispatch(client, { method, params, signal: canceller });
    reply.answer(200, answer.text(body.id));
  }

  [Symbol.dispose](): void {}
}

/** A gateway whose callers say who they are, and the callers whose credentials were revoked. */
async function open() {
  const revoked = new Set<string>();
  const scheme: Authenticate = ({ headers: { 'x-caller': caller } }) => {
    if (caller === undefined) return undefined;
    if (revoked.has(String(caller))) refuseCredentials('test', 'revoked');
    return createPrincipal({ scheme: 'test', subject: String(caller) });
  };
  const gateway = await keep(
    openRawGateway({
      authentication: { schemes: [scheme], servesAnonymous: false },
      otherRevisions: [new StatelessRevision()],
      bindings: { main: { upstreams: ['raw'], allow: [{}] } },
    }),
  );
  const caller = (subject: string) => ({ 'x-caller': subject });
  const enter = async (subject: string, version?: string) => {
    const { headers } = await gateway.post(initialize(version), caller(subject));
    return { ...caller(subject), 'mcp-session-id': String(headers.get('mcp-session-id')) };
  };
  return { gateway, revoked, caller, enter };
}

describe('calls that run while the credentials of their caller are revoked', () => {
  it('are cancelled upstream and answered, in each revision; those of others go on [GW-172]', async () => {
    const { gateway, revoked, caller, enter } = await open();
    const { raw } = gateway.upstream;
    const [ada, old, bob] = [await enter('ada'), await enter('ada', '2025-03-26'), await enter('bob')];
    const json = { accept: 'application/json' };
    const stateless = { ...caller('ada'), 'mcp-protocol-version': '2999-01-01' };
    const running = {
      plain: gateway.post(call('never', {}, 'plain'), { ...ada, ...json }),
      streaming: gateway.post(
        rpc('tools/call', { name: 'slow-progress', _meta: { progressToken: 1 } }, 'streaming'),
        ada,
      ),
      batch: gateway.post([call('never', {}, 'one'), call('never', {}, 'two')], { ...old, ...json }),
      stateless: gateway.post(call('never', {}, 'stateless'), stateless),
    };
    const leaving = new AbortController();
    const other = fetch(`${gateway.url}/mcp`, {
      method: 'POST',
      headers: { ...bob, ...json, 'content-type': 'application/json' },
      body: JSON.stringify(call('never', {}, 'other')),
      signal: leaving.signal,
    });
    const calls = () => raw.seen.filter(({ method }) => method === 'tools/call').length;
    await expect.poll(calls).toBe(6);
    revoked.add('ada');

    const lapsed = expect.objectContaining({
      message: expect.stringContaining('no longer accepted'),
      data: expect.objectContaining({ code: 'credentials_lapsed', hint: expect.stringContaining('may have executed') }),
    });
    for (const [id, answer] of Object.entries({ plain: running.plain, stateless: running.stateless })) {
      const { status, headers, body } = await answer;
      expect([status, body]).toEqual([401, { jsonrpc: '2.0', id, error: lapsed }]);
      expect(headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    }
    expect((await running.batch).body).toEqual(['one', 'two'].map(id => ({ jsonrpc: '2.0', id, error: lapsed })));
    expect((await running.streaming).body).toMatch(/"id":"streaming","error":.*"credentials_lapsed"/);
    await expect.poll(() => raw.cancelled.length).toBe(5);
    expect(gateway.lines.filter(({ code }) => code === 'credentials_lapsed')).toHaveLength(5);
    expect(gateway.lines).toContainEqual(
      expect.objectContaining({ subject: 'ada', name: 'never', details: { reason: 'revoked', scheme: 'test' } }),
    );
    expect(await Promise.race([other, 'running'])).toBe('running');
    leaving.abort();
    await other.catch(() => {});
  });
});
