import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChainOutput } from '../../host/src/contract/hook-call.ts';
import { createLog } from '../../host/src/core/log.ts';
import { jsGuest, loopingScript, wasiGuest, watGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { callContext, calls, toolCall } from '../fixtures/hook-calls.ts';
import { openGuests } from '../fixtures/sandboxed.ts';

const say = (expression: string) => `
export const lifecycle = { configure() {} };
export const dispatchHooks = {
  beforeDispatch(context, request) {
    const args = JSON.parse(request.val.arguments);
    return { tag: 'block', val: { code: 'SAID', reason: JSON.stringify(${expression}), description: '' } };
  },
  afterDispatch: () => ({ tag: 'proceed' }),
};`;

const said = ({ reports }: ChainOutput): unknown => {
  const [report] = reports;
  return report?.outcome === 'block' ? JSON.parse(report.violation.reason) : report;
};

describe('outbound_http', () => {
  const script = `
    import { send } from 'sallyport:plugin/outbound-http@0.1.0';
    const ask = ({ method = 'GET', url, headers = [], body }) => {
      try {
        const answer = send({ method, url, headers, body: body && new Uint8Array(body) });
        return { status: answer.status, text: String.fromCharCode(...answer.body) };
      } catch (error) { return error.payload ?? String(error); }
    };
    ${say('ask(args)')}`;
  let origin: string;
  let runner: Awaited<ReturnType<typeof openGuests>>;
  const seen: string[] = [];
  /** Requests that are answered when the test says so. */
  let slow: ServerResponse[] = [];
  const answerSlow = () => {
    for (const response of slow) response.end('slow');
    slow = [];
  };
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    if (request.url === '/slow') return void slow.push(response);
    if (request.url === '/big') return void response.end('x'.repeat(5000));
    if (request.url === '/never') return;
    if (request.url === '/away') return void response.writeHead(302, { location: 'http://127.0.0.1:1/secret' }).end();
    response.end(`hello ${request.headers['x-from']}`);
  });
  beforeAll(async () => {
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const bytes = await jsGuest(guestDescriptor('asks', { required_capabilities: ['outbound_http'] }), script);
    const grants = {
      outbound_http: {
        allow: [origin, 'http://localhost:1'],
        allow_private: ['127.0.0.1/32'],
        methods: ['GET', 'POST'],
        max_bytes: 4096,
      },
    };
    runner = await openGuests([{ bytes, grants }]);
  });
  afterAll(async () => {
    await runner?.[Symbol.asyncDispose]();
    server.closeAllConnections();
    server.close();
  });
  const ask = async (request: object) =>
    said(await runner.run({ stage: 'before', context: callContext, calls: calls('asks'), value: toolCall(request) }));

  it('[CAP-05] reaches a granted origin', async () => {
    expect(await ask({ url: `${origin}/x`, headers: [['x-from', 'guest']] })).toEqual({
      status: 200,
      text: 'hello guest',
    });
    expect(await ask({ url: `${origin}/x`, method: 'POST', body: [1, 2] })).toMatchObject({ status: 200 });
  });

  it.each([
    { what: 'another port', request: { url: 'http://127.0.0.1:1/' } },
    { what: 'another scheme', request: { url: 'https://127.0.0.1/' } },
    { what: 'another host', request: { url: 'http://169.254.169.254/latest/meta-data' } },
    { what: 'a decimal address', request: { url: 'http://2130706433:1/' } },
    { what: 'no URL', request: { url: 'x' } },
    { what: 'credentials', request: { url: 'http://me:pw@127.0.0.1/' } },
  ])('[CAP-05] is denied $what', async ({ request }) => {
    const before = seen.length;
    expect(await ask(request)).toMatchObject({ tag: 'denied' });
    expect(seen).toHaveLength(before);
  });

  it('[CAP-05] is denied a method and headers that are not its own to choose', async () => {
    expect(await ask({ url: origin, method: 'DELETE' })).toMatchObject({ tag: 'denied' });
    expect(await ask({ url: origin, method: 'get' })).toMatchObject({ tag: 'denied' });
    expect(await ask({ url: origin, headers: [['Host', 'internal']] })).toMatchObject({ tag: 'denied' });
    expect(await ask({ url: origin, headers: [['transfer-encoding', 'chunked']] })).toMatchObject({ tag: 'denied' });
    expect(await ask({ url: origin, headers: [['x-a', 'b\r\nx-c: d']] })).toMatchObject({ tag: 'denied' });
  });

  it('[CAP-05] is held to its sizes and times, and is not led away by a redirect', async () => {
    expect(await ask({ url: `${origin}/big` })).toEqual({ tag: 'too-large' });
    expect(await ask({ url: origin, method: 'POST', body: Array.from({ length: 5000 }, () => 0) })).toEqual({
      tag: 'too-large',
    });
    expect(await ask({ url: `${origin}/away` })).toMatchObject({ tag: 'denied' });
    const bytes = await jsGuest(guestDescriptor('asks', { required_capabilities: ['outbound_http'] }), script);
    const outbound_http = { allow: [origin], allow_private: ['127.0.0.1/32'], timeout_ms: 300 };
    await using hasty = await openGuests([{ bytes, grants: { outbound_http } }]);
    const value = toolCall({ url: `${origin}/never` });
    const output = await hasty.run({ stage: 'before', context: callContext, calls: calls('asks'), value });
    expect(said(output)).toEqual({ tag: 'timeout' });
  });

  it('[CAP-06] does not connect to an address that is not public and not granted', async () => {
    const bytes = await jsGuest(guestDescriptor('asks', { required_capabilities: ['outbound_http'] }), script);
    await using shut = await openGuests([
      { bytes, grants: { outbound_http: { allow: [origin, 'http://localhost:1'] } } },
    ]);
    const before = seen.length;
    for (const url of [origin, 'http://localhost:1/']) {
      const value = toolCall({ url });
      const output = await shut.run({ stage: 'before', context: callContext, calls: calls('asks'), value });
      expect(said(output)).toMatchObject({ tag: 'denied', val: expect.stringContaining('not public') });
    }
    expect(seen).toHaveLength(before);
  });

  it('[SBX-12] keeps many calls in flight on one thread', async () => {
    const asked = Promise.all(Array.from({ length: 10 }, () => ask({ url: `${origin}/slow` })));
    // None is answered before all have been sent.
    await expect.poll(() => slow.length).toBe(10);
    answerSlow();
    const answers = await asked;
    expect(answers).toEqual(answers.map(() => ({ status: 200, text: 'slow' })));
  });

  it('[SBX-12] ends a waiting call at its deadline, and others go on', async () => {
    const bytes = await jsGuest(guestDescriptor('asks', { required_capabilities: ['outbound_http'] }), script);
    const hasty = await jsGuest(guestDescriptor('hasty', { required_capabilities: ['outbound_http'] }), script);
    const grants = { outbound_http: { allow: [origin], allow_private: ['127.0.0.1/32'] } };
    await using both = await openGuests([
      { bytes, grants },
      { bytes: hasty, grants, limits: { timeoutMs: 400 } },
    ]);
    const run = (id: string, path: string) => {
      const value = toolCall({ url: `${origin}${path}` });
      return both.run({ stage: 'before', context: callContext, calls: calls(id), value });
    };
    const waiting = run('asks', '/slow');
    await expect.poll(() => slow.length).toBe(1);
    expect((await run('hasty', '/never')).reports[0]).toMatchObject({ outcome: 'failed', cause: 'timeout' });
    answerSlow();
    expect(said(await waiting)).toEqual({ status: 200, text: 'slow' });
    expect(said(await run('asks', '/x'))).toMatchObject({ status: 200 });
  });

  it('[SBX-12] a guest that loops while others wait costs only itself', async () => {
    const loops = `import { send } from 'sallyport:plugin/outbound-http@0.1.0';${loopingScript}
globalThis.keep = send;`;
    const bytes = await jsGuest(guestDescriptor('loops', { required_capabilities: ['outbound_http'] }), loops);
    await using runner = await openGuests([
      { bytes, grants: { outbound_http: { allow: [origin] } }, limits: { timeoutMs: 5000 } },
    ]);
    const run = (loop: boolean) =>
      runner.run({ stage: 'before', context: callContext, calls: calls('loops'), value: toolCall({ loop }) });
    const [looping] = await Promise.all([run(true)]);
    expect(looping?.reports[0]).toMatchObject({ outcome: 'failed', cause: 'timeout' });
    expect((await run(false)).reports[0]).toMatchObject({ outcome: 'proceed' });
  });

  it('[CAP-05] answers `denied` where it is optional and was not granted', async () => {
    const bytes = await jsGuest(guestDescriptor('asks', { optional_capabilities: ['outbound_http'] }), script);
    await using optional = await openGuests([{ bytes }]);
    const output = await optional.run({
      stage: 'before',
      context: callContext,
      calls: calls('asks'),
      value: toolCall({ url: origin }),
    });
    expect(said(output)).toEqual({ tag: 'denied', val: 'outbound_http was not granted' });
  });
});

describe('clock and random', () => {
  it('[CAP-07] are real where granted, and coarse where the operator wants', async () => {
    const asks = { required_capabilities: ['clock', 'random'] };
    const bytes = await jsGuest(
      guestDescriptor('times', asks),
      say('[Date.now(), performance.now(), Math.random(), Array.from(crypto.getRandomValues(new Uint8Array(8)))]'),
    );
    await using runner = await openGuests([{ bytes, grants: { clock: { resolution_ms: 1000 }, random: {} } }]);
    const run = async () =>
      said(await runner.run({ stage: 'before', context: callContext, calls: calls('times'), value: toolCall({}) })) as [
        number,
        number,
        number,
        number[],
      ];
    const began = Date.now();
    const [now, monotonic, fraction, random] = await run();
    expect(now).toBeGreaterThan(began - 1000);
    expect(now).toBeLessThanOrEqual(Date.now());
    expect(now % 1000).toBe(0);
    expect(monotonic % 1000).toBe(0);
    expect(fraction).not.toBe((await run())[2]);
    expect(random).not.toEqual((await run())[3]);
  });

  it('[CAP-07] are a clear error in the guest where not declared', async () => {
    const bytes = await jsGuest(
      guestDescriptor('times'),
      say('(() => { try { return Date.now(); } catch (error) { return error.message; } })()'),
    );
    await using runner = await openGuests([{ bytes }]);
    const output = await runner.run({
      stage: 'before',
      context: callContext,
      calls: calls('times'),
      value: toolCall({}),
    });
    expect(said(output)).toContain('"clock"');
  });
});

describe('WASI', () => {
  it('[CAP-08] starts a runtime that needs it, with nothing of Node behind it', async () => {
    const bytes = await wasiGuest(
      guestDescriptor('wasi', { required_capabilities: ['clock', 'random'] }),
      say('[Date.now(), typeof process, typeof fetch]'),
    );
    await using runner = await openGuests([{ bytes, grants: { clock: {}, random: {} } }]);
    const began = Date.now();
    const output = await runner.run({
      stage: 'before',
      context: callContext,
      calls: calls('wasi'),
      value: toolCall({}),
    });
    const [now, process, fetch] = said(output) as [number, string, string];
    expect(now).toBeGreaterThan(began - 1000);
    expect(now).toBeLessThanOrEqual(Date.now());
    expect([process, fetch]).toEqual(['undefined', 'undefined']);
  });

  it('[CAP-08] gives a clock to nobody who was not granted one', async () => {
    await expect(openGuests([{ bytes: await wasiGuest(guestDescriptor('wasi'), say('1')) }])).rejects.toMatchObject({
      faults: [{ code: 'capability_undeclared' }, { code: 'capability_undeclared' }],
    });
  });

  const wasi = `
    package wasi:io@0.2.3 {
      interface error { resource error; }
      interface streams {
        use error.{error};
        variant stream-error { last-operation-failed(error), closed }
        resource output-stream { blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>; }
      }
    }
    package wasi:cli@0.2.3 {
      interface environment { get-environment: func() -> list<tuple<string, string>>; get-arguments: func() -> list<string>; }
      interface exit { exit: func(status: result); }
      interface stdout { use wasi:io/streams@0.2.3.{output-stream}; get-stdout: func() -> output-stream; }
    }
    world plugin {
      import wasi:cli/environment@0.2.3;
      import wasi:cli/exit@0.2.3;
      import wasi:cli/stdout@0.2.3;
      export lifecycle;
      export dispatch-hooks;
    }`;
  const fields = `
    (import "wasi:cli/environment@0.2.3" "get-environment" (func $environment (param i32)))
    (import "wasi:cli/environment@0.2.3" "get-arguments" (func $arguments (param i32)))
    (import "wasi:cli/exit@0.2.3" "exit" (func $exit (param i32)))
    (import "wasi:cli/stdout@0.2.3" "get-stdout" (func $stdout (result i32)))
    (import "wasi:io/streams@0.2.3" "[method]output-stream.blocking-write-and-flush" (func $write (param i32 i32 i32 i32)))
    (data (i32.const 256) "hello\\nworld\\n")`;
  const isEmpty = (list: string) =>
    `(call $${list} (i32.const 512)) (if (i32.load (i32.const 516)) (then unreachable))`;

  it('[CAP-08] shows an empty environment and no arguments, and writes into the log', async () => {
    const lines: { plugin?: string; msg: string }[] = [];
    const log = createLog('debug', { write: (line: string) => void lines.push(JSON.parse(line)) });
    const before = `${isEmpty('environment')} ${isEmpty('arguments')} (call $write (call $stdout) (i32.const 256) (i32.const 12) (i32.const 512))`;
    const bytes = await watGuest(guestDescriptor('wasi'), { fields, before, world: wasi });
    await using runner = await openGuests([{ bytes }], { log });
    const output = await runner.run({
      stage: 'before',
      context: callContext,
      calls: calls('wasi'),
      value: toolCall({}),
    });
    expect(output.reports).toMatchObject([{ outcome: 'proceed' }]);
    expect(lines.filter(line => line.plugin === 'wasi').map(line => line.msg)).toEqual(['hello', 'world']);
  });

  it('[CAP-08] takes an exit for the end of the call, and not of the gateway', async () => {
    const bytes = await watGuest(guestDescriptor('wasi'), {
      fields,
      before: '(call $exit (i32.const 0))',
      world: wasi,
    });
    await using runner = await openGuests([{ bytes }]);
    for (const _ of [1, 2]) {
      const output = await runner.run({
        stage: 'before',
        context: callContext,
        calls: calls('wasi'),
        value: toolCall({}),
      });
      expect(output.reports).toMatchObject([{ outcome: 'failed', cause: 'limit' }]);
    }
  });
});
