import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer, type HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Context, Hono } from 'hono';
import { Fault, fail } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { createAdmission, isLoopback } from './admission.ts';
import { type Binding, createRoute, type Route } from './binding.ts';
import { readBody } from './body.ts';
import type { Codec, Exchange } from './codec.ts';
import { createCodec20251125 } from './codec-2025-11-25.ts';
import { faultReply } from './fault-reply.ts';
import { parseMessage } from './message.ts';
import { createReply } from './reply.ts';

/** As in `limits` of sallyport.yaml. */
export interface GatewayLimits {
  /** Of the body of a request. */
  readonly body_bytes: number;
  /** That an upstream may take to answer, in milliseconds. */
  readonly request_timeout_ms: number;
  readonly concurrent_requests: number;
  readonly sessions: number;
}

export interface GatewayOptions {
  readonly bindings: readonly Binding[];
  readonly limits: GatewayLimits;
  /** Values of Host that are served beside those of loopback: `name` for any port, or `name:port`. */
  readonly allowedHosts: readonly string[];
  /** Values of Origin beside those of loopback. */
  readonly allowedOrigins: readonly string[];
  readonly log: Log;
  /** Ids of upstreams that may be down while the gateway is ready. */
  readonly optionalUpstreams?: ReadonlySet<string>;
  /** Shown to clients as the server's version. */
  readonly version?: string;
}

/** The HTTP side of Sallyport. It closes what it made, and not the upstreams that it was given. */
export interface Gateway extends AsyncDisposable {
  /** Listens, on any free port when `port` is 0. @throws Fault `listen_failed` */
  listen(address: { readonly host: string; readonly port: number }): Promise<{ readonly url: string }>;
  /**
   * Takes no new requests (503), lets those that run finish for at most `ms` milliseconds, and closes.
   * `/readyz` turns 503 at once.
   */
  drain(ms: number): Promise<void>;
}

type Env = { Bindings: HttpBindings };
type Handler = (exchange: Exchange, incoming: IncomingMessage) => Promise<void> | void;

/** Makes the gateway: POST, GET and DELETE on `/mcp` and `/mcp/{binding}`, `/healthz` and `/readyz`. */
export function createGateway(options: GatewayOptions): Gateway {
  const { bindings, limits, log, optionalUpstreams = new Set() } = options;
  const routes = new Map(bindings.map(binding => [binding.id, createRoute(binding)]));
  const defaultRoute = routes.get(bindings.find(({ isDefault }) => isDefault)?.id ?? '');
  const upstreams = new Set(bindings.flatMap(binding => binding.upstreams));
  const codecs: readonly Codec[] = [
    createCodec20251125({
      maxSessions: limits.sessions,
      requestTimeoutMs: limits.request_timeout_ms,
      version: options.version ?? '0.1.0',
      log,
    }),
  ];
  const unsubscribe = bindings.flatMap(binding =>
    binding.upstreams.map(upstream =>
      upstream.subscribe(said => {
        for (const codec of codecs) codec.announce(binding.id, said);
      }),
    ),
  );
  const app = createApp();
  let server: Server | undefined;
  let admit: ReturnType<typeof createAdmission> = () => fail('draining');
  let running = 0;
  let draining = false;
  let onIdle = () => {};

  const post: Handler = async (exchange, incoming) => {
    const { headers } = exchange;
    if (!isJson(headers['content-type'])) fail('media_type_refused');
    if (!accepts(headers.accept, 'application/json')) fail('not_acceptable');
    const message = parseMessage(await readBody(incoming, limits.body_bytes));
    if (message.kind !== 'response') exchange.record.method = message.method;
    if (message.kind === 'request') exchange.record.id = message.id;
    await codecFor(exchange, message).post(exchange, message);
  };

  const get: Handler = exchange => {
    if (!accepts(exchange.headers.accept, 'text/event-stream')) fail('not_acceptable');
    codecFor(exchange).get(exchange);
  };

  const codecFor = ({ headers }: Exchange, message?: Parameters<Codec['speaks']>[1]): Codec =>
    codecs.find(codec => codec.speaks(headers, message)) ?? fail('revision_unknown');

  /** What every request passes, and the one line that is logged of it. */
  async function serve(
    { incoming, outgoing }: HttpBindings,
    route: Route | undefined,
    handle: Handler,
  ): Promise<Response> {
    const began = performance.now();
    const { headers } = incoming;
    const reply = createReply(outgoing as ServerResponse);
    const record: Exchange['record'] = {};
    const requestId = randomUUID();
    let thrown: unknown;
    running += 1;
    try {
      admit(headers);
      if (draining) fail('draining');
      if (running > limits.concurrent_requests) fail('overloaded');
      const known = route ?? fail('path_unknown', { path: String(incoming.url) });
      const onLeave = (listener: () => void) =>
        void outgoing.on('close', () => {
          if (!outgoing.writableFinished) listener();
        });
      await handle({ requestId, route: known, headers, reply, record, onLeave }, incoming as IncomingMessage);
    } catch (reason) {
      thrown = reason;
      faultReply(reply, reason, record.id, requestId);
    } finally {
      running -= 1;
      if (running === 0) onIdle();
    }
    logRequest(requestId, incoming, route, reply.status, record, performance.now() - began, thrown);
    return RESPONSE_ALREADY_SENT;
  }

  function logRequest(
    request: string,
    incoming: { method?: string | undefined },
    route: Route | undefined,
    status: number,
    { method, name, upstream, plugins }: Exchange['record'],
    ms: number,
    thrown: unknown,
  ) {
    const line = {
      request,
      method: method ?? incoming.method,
      name,
      binding: route?.id,
      upstream,
      // The client left before it was answered.
      status: status || 499,
      ms: Math.round(ms * 100) / 100,
      plugins: plugins?.map(({ plugin, hook, outcome, wallMs }) => ({ plugin, hook, outcome, ms: wallMs })),
    };
    if (thrown === undefined) return log.info(line, 'request');
    const unexpected = !(thrown instanceof Fault) || thrown.code === 'internal';
    const told = { ...line, code: unexpected ? 'internal' : thrown.code, hint: unexpected ? undefined : thrown.hint };
    if (unexpected) log.error({ ...told, err: thrown }, 'request');
    else log.warn(told, 'request');
  }

  function createApp(): Hono<Env> {
    const hono = new Hono<Env>();
    const methods: Record<string, Handler> = { POST: post_, GET: get_, DELETE: delete_ };
    for (const [method, handle] of Object.entries(methods)) {
      hono.on(method, '/mcp', c => serve(c.env, defaultRoute, handle));
      hono.on(method, '/mcp/:binding', c => serve(c.env, routes.get(c.req.param('binding')), handle));
    }
    const refuse = (c: Context<Env>) =>
      serve(c.env, [...routes.values()][0], () => fail('http_method_refused', { method: c.req.method }));
    hono.all('/mcp', refuse).all('/mcp/:binding', refuse);
    hono.get('/healthz', c => probe(c, true));
    hono.get('/readyz', c => probe(c, isReady()));
    hono.notFound(c => serve(c.env, undefined, () => {}));
    return hono;
  }
  function post_(...args: Parameters<Handler>) {
    return post(...args);
  }
  function get_(...args: Parameters<Handler>) {
    return get(...args);
  }
  function delete_(exchange: Exchange) {
    codecFor(exchange).delete(exchange);
  }

  const isMissing = ({ id, ready }: Upstream) => !ready && !optionalUpstreams.has(id);

  function isReady(): boolean {
    const missing = [...upstreams].filter(isMissing);
    // Nobody sends requests to a gateway that is not ready, so it must find its way back by itself.
    for (const upstream of missing) upstream.start().catch(() => {});
    return !draining && missing.length === 0;
  }

  async function close() {
    for (const end of unsubscribe) end();
    for (const codec of codecs) codec[Symbol.dispose]();
    for (const route of routes.values()) route[Symbol.dispose]();
    const closing = server;
    server = undefined;
    if (closing === undefined) return;
    closing.closeAllConnections();
    await new Promise(resolve => closing.close(resolve));
  }

  return {
    async listen({ host, port }) {
      const made = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false, serverOptions }) as Server;
      server = made;
      await new Promise<void>((resolve, reject) => {
        made.once('error', cause => reject(new Fault('listen_failed', { address: `${host}:${port}` }, cause)));
        made.listen(port, unbracketed(host), resolve);
      });
      const address = made.address() as AddressInfo;
      admit = createAdmission({ ...options, host, port: address.port });
      if (!isLoopback(host) && options.allowedHosts.length === 0) {
        log.warn({ host }, 'every request will be refused: allowed_hosts is empty, and this is not a loopback address');
      }
      return { url: `http://${host.includes(':') ? `[${unbracketed(host)}]` : host}:${address.port}` };
    },

    async drain(ms) {
      draining = true;
      server?.closeIdleConnections();
      if (running > 0) {
        let timer: NodeJS.Timeout | undefined;
        await new Promise<void>(resolve => {
          onIdle = resolve;
          timer = setTimeout(resolve, ms);
        });
        clearTimeout(timer);
      }
      // The last answers are on their way to the socket.
      await new Promise(setImmediate);
      await close();
    },

    [Symbol.asyncDispose]: close,
  };
}

/** Slow or endless requests are cut off by Node itself. Milliseconds and bytes. */
const serverOptions = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16 * 1024,
};

const probe = (c: Context<Env>, fine: boolean) => {
  createReply(c.env.outgoing as ServerResponse).answer(fine ? 200 : 503, JSON.stringify({ ok: fine }));
  return RESPONSE_ALREADY_SENT;
};

const isJson = (type: string | undefined) =>
  type === 'application/json' || /^application\/json\s*(;|$)/i.test(type ?? '');

/** Whether an Accept header allows a media type. A header that is absent allows all. */
function accepts(header: string | undefined, type: string): boolean {
  if (header === undefined || header.includes(type) || header.includes('*/*')) return true;
  return header.toLowerCase().includes(type) || header.includes(`${type.split('/', 1)[0]}/*`);
}

const unbracketed = (host: string) => host.replace(/^\[(.*)\]$/, '$1');
