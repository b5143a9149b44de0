import { afterEach, describe, expect, it, vi } from 'vitest';
import { createUpstream } from '../../../../test/fixtures/create-upstream.ts';
import { oddResult } from '../../../../test/fixtures/raw-mcp.ts';
import type { Fault } from '../../core/fault.ts';
import type { JsonObject } from '../../core/json.ts';
import { readJson } from '../../core/json-reader.ts';
import type { Notification } from '../../mcp/message.ts';
import type { Upstream } from '../upstream.ts';
import type { UpstreamContext, UpstreamEntry } from './create-upstream.ts';

/** What a kind of upstream brings so that the cases can be run on it. */
export interface UpstreamFixture {
  /** The reference server, as a process. */
  everything(): Promise<UpstreamEntry>;
  /** test/fixtures/raw-mcp.ts: misbehaves as the name of the tool says. */
  raw(): Promise<UpstreamEntry>;
  /** A server that is down, and what brings it up. */
  down(): Promise<{ entry: UpstreamEntry; up(): Promise<void> }>;
}

const callOf = (name: string, args: JsonObject = {}, more: JsonObject = {}) => ({ name, arguments: args, ...more });
/** The first text of a tool's result. */
export const textOf = (result: JsonObject | undefined) => (result?.content as { text: string }[])?.[0]?.text ?? '';

/** Ways in which a call can fail, and the fault that reports each. */
const faults: { what: string; tool: string; args?: JsonObject; code: Fault['code'] }[] = [
  { what: 'dies in the middle of a call', tool: 'die', code: 'upstream_closed' },
  { what: 'never answers', tool: 'never', code: 'upstream_timeout' },
  { what: 'answers with a broken message', tool: 'garbage', code: 'upstream_garbage' },
  { what: 'answers with a result that is no object', tool: 'not-an-object', code: 'upstream_garbage' },
];

/** Run by http-upstream.test.ts and stdio-upstream.test.ts. */
export function upstreamCases(fixture: UpstreamFixture) {
  const open: AsyncDisposable[] = [];
  const create = (entry: UpstreamEntry, on: UpstreamContext = {}): Upstream => {
    const upstream = createUpstream(entry, on);
    open.push(upstream);
    return upstream;
  };
  afterEach(async () => {
    vi.useRealTimers();
    for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
  });

  describe('against server-everything', () => {
    it('performs the handshake and returns what the server reports of itself [UP-01]', async () => {
      const upstream = create(await fixture.everything());
      expect([upstream.ready, upstream.serverInfo]).toEqual([false, undefined]);
      await upstream.start();
      expect(upstream.ready).toBe(true);
      expect(upstream.serverInfo).toMatchObject({
        revision: '2025-11-25',
        implementation: { name: 'mcp-servers/everything' },
        capabilities: { tools: { listChanged: true } },
        instructions: expect.stringContaining('Everything'),
      });
    });

    it('lists, calls, gets and reads', async () => {
      const upstream = create(await fixture.everything());
      const { result } = await upstream.request('tools/list');
      expect(result?.tools).toContainEqual(expect.objectContaining({ name: 'get-sum' }));
      const sum = await upstream.request('tools/call', callOf('get-sum', { a: 2, b: 40 }));
      expect(textOf(sum.result)).toContain('42');
      const image = await upstream.request('tools/call', callOf('get-tiny-image'));
      expect(image.result?.content).toContainEqual(expect.objectContaining({ type: 'image', mimeType: 'image/png' }));
      expect((await upstream.request('prompts/get', { name: 'simple-prompt' })).result?.messages).toHaveLength(1);
      const resources = (await upstream.request('resources/list')).result?.resources as { uri: string }[];
      const read = await upstream.request('resources/read', { uri: resources[0]?.uri });
      expect(read.result?.contents).toMatchObject([{ uri: resources[0]?.uri }]);
      expect((await upstream.request('ping')).result).toEqual({});
    });

    it('hands a JSON-RPC error on as an answer', async () => {
      const upstream = create(await fixture.everything());
      expect((await upstream.request('no/such')).error).toMatchObject({ code: -32601 });
    });

    it('brings progress to the call that asked for it [UP-02]', async () => {
      const upstream = create(await fixture.everything());
      const received: Notification[] = [];
      const params = callOf(
        'trigger-long-running-operation',
        { duration: 0.2, steps: 2 },
        { _meta: { progressToken: 0 } },
      );
      const answer = await upstream.request('tools/call', params, {
        onNotification: notification => received.push(notification),
      });
      expect(textOf(answer.result)).toContain('completed');
      expect(
        received.filter(({ method }) => method === 'notifications/progress').map(({ params }) => params?.progress),
      ).toEqual([1, 2]);
    });
  });

  describe('against a server written by hand', () => {
    it('hands a result on with every member, digit and escape that it has [UP-03]', async () => {
      const upstream = create(await fixture.raw());
      const answer = await upstream.request('tools/call', callOf('odd'));
      expect(answer.result).toEqual(readJson(oddResult));
      expect(answer.text(5)).toBe(`{"jsonrpc":"2.0","id":5,"result":${oddResult.replace(/\n/g, ' ')}}`);
    });

    it('keeps requests apart that run at the same time', async () => {
      const upstream = create(await fixture.raw());
      const texts = Array.from({ length: 50 }, (_, index) => `text ${index}`);
      const answers = await Promise.all(texts.map(text => upstream.request('tools/call', callOf('echo', { text }))));
      expect(answers.map(({ result }) => textOf(result))).toEqual(texts);
    });

    it('gives each call its own progress token, and none to a call that does not listen [UP-02]', async () => {
      const upstream = create(await fixture.raw());
      const params = callOf('progress', {}, { _meta: { progressToken: 'mine', other: 'kept' } });
      const received: Notification[][] = [[], []];
      const answers = await Promise.all(
        received.map(list =>
          upstream.request('tools/call', params, { onNotification: notification => list.push(notification) }),
        ),
      );
      expect(answers.map(({ result }) => textOf(result))).toEqual(['done', 'done']);
      expect(received.map(list => list.map(({ params }) => params?.progress))).toEqual([
        [1, 2, 3],
        [1, 2, 3],
      ]);
      expect(received[0]?.[0]?.params).toMatchObject({ total: 3, 'x-extra': 'kept' });
      expect(received[0]?.[0]?.params?.progressToken).not.toBe(received[1]?.[0]?.params?.progressToken);
      expect(textOf((await upstream.request('tools/call', params)).result)).toBe('no token');
    });

    it.each(['whole numbers', 'text'])('serves through a server that answers with ids as %s [UP-16]', async kind => {
      const upstream = create(await fixture.raw());
      const answer = await upstream.request('tools/call', callOf('id', { asText: kind === 'text' }));
      expect(answer.text('theirs')).toContain('"id":"theirs"');
      const { id } = JSON.parse(textOf(answer.result));
      expect(id).toBeGreaterThan(0);
      expect(id).toBeLessThan(2 ** 31);
      expect(Number.isInteger(id)).toBe(true);
    });

    it('gives a call that shows progress its time again, up to a maximum [UP-25]', async () => {
      const entry = { ...(await fixture.raw()), timeout_ms: 400 };
      const params = callOf('progress', {}, { _meta: { progressToken: 1 } });
      const patient = create(entry);
      const strict = create({ ...entry, max_timeout_ms: 500 });
      for (const upstream of [patient, strict]) await upstream.start();
      // Time passes as the server shows progress, however long that takes.
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
      const hearing = { onNotification: () => void vi.advanceTimersByTime(250) };
      expect(textOf((await patient.request('tools/call', params, hearing)).result)).toBe('done');
      await expect(strict.request('tools/call', params, hearing)).rejects.toMatchObject({
        code: 'upstream_timeout',
        details: { after_ms: 500, setting: 'upstreams.raw.max_timeout_ms' },
      });
    });

    it('ends a silent call at its maximum where that is shorter than the usual limit [UP-25]', async () => {
      const upstream = create({ ...(await fixture.raw()), max_timeout_ms: 300 });
      await expect(upstream.request('tools/call', callOf('never'))).rejects.toMatchObject({
        code: 'upstream_timeout',
        details: { after_ms: 300, setting: 'upstreams.raw.max_timeout_ms' },
      });
    });

    it.each([
      { method: 'ping', answer: { id: 71, result: {} } },
      {
        method: 'elicitation/create',
        answer: { id: 71, error: { code: -32601, message: expect.stringContaining('does not pass on elicitation') } },
      },
    ])('answers $method of the server itself [UP-22]', async ({ method, answer }) => {
      const upstream = create(await fixture.raw());
      const { result } = await upstream.request('tools/call', callOf('ask', { method }));
      expect(JSON.parse(textOf(result))).toMatchObject(answer);
    });

    it('drops progress that its caller has no time for [UP-22]', async () => {
      const upstream = create(await fixture.raw());
      let received = 0;
      const { promise: busy, resolve: release } = Promise.withResolvers<void>();
      const params = callOf('progress', {}, { _meta: { progressToken: 1 } });
      const answer = upstream.request('tools/call', params, {
        onNotification() {
          received += 1;
          return busy;
        },
      });
      await expect.poll(() => received).toBe(1);
      await new Promise(resolve => setTimeout(resolve, 100));
      expect(received).toBe(1);
      release();
      expect(textOf((await answer).result)).toBe('done');
    });

    it('informs the server that the caller cancelled [UP-04]', async () => {
      const upstream = create(await fixture.raw());
      await upstream.start();
      const controller = new AbortController();
      // The server has the call when it shows progress.
      const call = upstream.request('tools/call', callOf('slow-progress', {}, { _meta: { progressToken: 1 } }), {
        signal: controller.signal,
        onNotification: () => controller.abort(new Error('enough')),
      });
      await expect(call).rejects.toThrow('enough');
      await expect
        .poll(async () => textOf((await upstream.request('tools/call', callOf('cancelled'))).result))
        .toMatch(/^\[\d+\]$/);
    });

    it.each(faults)(
      'fails with $code when the server $what, and serves the next request [UP-05]',
      async ({ tool, args, code }) => {
        const upstream = create(await fixture.raw());
        await upstream.start();
        const limit = tool === 'never' ? { timeoutMs: 200 } : {};
        await expect(upstream.request('tools/call', callOf(tool, args), limit)).rejects.toMatchObject({
          code,
          details: { upstream: upstream.id },
        });
        expect(textOf((await upstream.request('tools/call', callOf('echo', { text: 'honest' }))).result)).toBe(
          'honest',
        );
      },
    );

    it('stops reading an answer that is too large, and serves the next request [UP-06]', async () => {
      const upstream = create(await fixture.raw(), { maxAnswerBytes: 64 * 1024 });
      const answer = upstream.request('tools/call', callOf('huge', { bytes: 200_000 }));
      await expect(answer).rejects.toMatchObject({
        code: 'upstream_too_large',
        details: { limit_bytes: 64 * 1024 },
      });
      expect(textOf((await upstream.request('tools/call', callOf('echo', { text: 'honest' }))).result)).toBe('honest');
    });

    it('fails to start while the server is down, and serves once it is up [UP-07]', async () => {
      const { entry, up } = await fixture.down();
      const upstream = create(entry);
      await expect(upstream.start()).rejects.toMatchObject({
        code: expect.stringMatching(/unavailable|closed/),
        exit: 5,
      });
      expect(upstream.ready).toBe(false);
      await up();
      expect(textOf((await upstream.request('tools/call', callOf('echo', { text: 'up' }))).result)).toBe('up');
    });

    it('answers nothing after it was closed', async () => {
      const upstream = create(await fixture.raw());
      await upstream.start();
      await upstream[Symbol.asyncDispose]();
      expect(upstream.ready).toBe(false);
      await expect(upstream.request('ping')).rejects.toMatchObject({ code: 'upstream_unavailable' });
    });
  });
}
