import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer, type HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import { cut } from '../core/cut.ts';
import { Fault, fail } from '../core/fault.ts';
import { isList, type Json } from '../core/json.ts';
import type { Log } from '../core/log.ts';
import { Metrics } from '../core/metrics.ts';
import type { SecretMask } from '../core/secret-mask.ts';
import { version } from '../core/version.ts';
import { type Binding, createEntrance, type Entrance, type Entry } from '../gateway/binding.ts';
import { createReadiness } from '../gateway/readiness.ts';
import { EnteredBinding } from '../gateway/requested-binding.ts';
import { Cancelled } from '../mcp/cancelled.ts';
import { readId } from '../mcp/exchange-id.ts';
import { type Body, idOf, longestName, parseBody, toMessage } from '../mcp/message.ts';
import type { SessionLimits } from '../mcp/revision/2025-11-25/session.ts';
import { createClassify } from '../mcp/revision/classify.ts';
import type { Exchange, ExchangeRecord, HttpMethod, Revision } from '../mcp/revision/revision.ts';
import { readBody } from './body.ts';
import { allowPage, answerPreflight, isPreflight } from './cors.ts';
import { faultReply } from './fault-reply.ts';
import { listenFault } from './listen-fault.ts';
import { accepts, isJson } from './media-type.ts';
import { OpenRequest } from './open-request.ts';
import { HttpReply } from './reply.ts';
import { createCutOffCount, createMeasure } from './request-metrics.ts';
import { type Admission, createAdmission, isFromHere, isLoopback } from './step/host-and-origin.ts';
import { Outbox } from './unread-answers.ts';

/** As in `limits` of sallyport.yaml. */
export interface GatewayLimits extends SessionLimits {
  /** Of the body of a request. */
  readonly body_bytes: number;
  /** That an upstream may take to answer, in milliseconds. */
  readonly request_timeout_ms: number;
  /** That an upstream of several may take to send a list, in milliseconds. */
  readonly list_ms: number;
  readonly concurrent_requests: number;
  /** Bytes of answers that may wait for clients to read them. */
  readonly waiting_bytes: number;
}

export interface GatewayOptions {
  readonly bindings: readonly Binding[];
  readonly limits: GatewayLimits;
  /** Values of Host that are served beside those of loopback: `name` for any port, or `name:port`. */
  readonly allowedHosts: readonly string[];
  /** Values of Origin beside those of loopback. */
  readonly allowedOrigins: readonly string[];
  readonly log: Log;
  /** The revisions of MCP that are served, which the gateway disposes. */
  readonly revisions: readonly Revision[];
  /** Ids of upstreams that may be down while the gateway is ready. */
  readonly optionalUpstreams?: ReadonlySet<string>;
  /** What /metrics tells, the gateway's own numbers among it. */
  readonly metrics?: Metrics;
  /** Hides secrets in what upstreams said, as /readyz?verbose tells it. */
  readonly mask?: SecretMask;
  /** Who may read /metrics and /readyz?verbose; `loopback`, which is connections from this machine, unless stated. */
  readonly metricsFor?: 'loopback' | 'everybody' | 'nobody';
  /** Shown to clients as the server's version. */
  readonly version?: string;
}

/** The HTTP side of Sallyport. It closes what it made, and not the upstreams that it was given. */
export interface Gateway extends AsyncDisposable {
  /** Listens, on any free port when `port` is 0. @throws Fault `listen_failed` */
  listen(address: { readonly host: string; readonly port: number }): Promise<{ readonly url: string }>;
  /**
   * Takes no new requests (503), lets those that run finish for at most `ms` milliseconds, answers the others that they
   * were cut, and closes. `/readyz` turns 503 at once.
   */
  drain(ms: number): Promise<void>;
}

/** Serves one request to a binding. */
type Handler = (exchange: Exchange, incoming: IncomingMessage, request: OpenRequest) => Promise<void> | void;

/** Makes the gateway: POST, GET and DELETE on `/mcp` and `/mcp/{binding}`, `/healthz`, `/readyz` and `/metrics`. */
export function createGateway(options: GatewayOptions): Gateway {
  const { bindings, limits, log, optionalUpstreams = new Set(), metrics = new Metrics() } = options;
  const context = { log, measure: createMeasure(metrics), countCutOff: createCutOffCount(metrics) };
  const entrances = new Map(
    bindings.map(binding => [binding.id, createEntrance(binding, { listMs: limits.list_ms, log, metrics })]),
  );
  const defaultEntrance = entrances.get(bindings.find(({ isDefault }) => isDefault)?.id ?? '');
  const readiness = createReadiness(bindings, entrances, optionalUpstreams);
  const { revisions } = options;
  const classify = createClassify(revisions);
  const settings = {
    requestTimeoutMs: limits.request_timeout_ms,
    listMs: limits.list_ms,
    version: options.version ?? version,
  };
  const outbox = new Outbox(limits.waiting_bytes);
  /** Requests whose answers have not been read yet. */
  const running = new Set<OpenRequest>();
  let admission: Admission | undefined;
  const concurrencyHint = `${limits.concurrent_requests} requests are running: try again later, or raise \`limits.concurrent_requests\``;
  let draining = false;
  let onIdle = () => {};
  let server: Server | undefined;

  /** The revision that a request belongs to. @throws Fault when none serves it */
  function revisionOf(request: OpenRequest, { httpMethod, headers }: Exchange, body?: Body): Revision {
    const { revision, refusal } = classify(httpMethod, headers, body);
    if (revision === undefined) throw refusal;
    request.errorNumbers = revision.errorNumbers;
    return revision;
  }

  const handlers: Readonly<Record<HttpMethod, Handler>> = {
    async POST(exchange, incoming, request) {
      if (!isJson(exchange.headers)) fail('media_type_refused');
      if (!accepts(exchange.headers, 'application/json')) fail('not_acceptable');
      const text = await readBody(incoming, limits.body_bytes);
      if (text.length > largeText) {
        exchange.record.id = idOf({ id: readId(text) ?? null });
        await revisionOf(request, exchange).checkBeforeBody?.(exchange);
      }
      const message = readMessage(text, exchange.record);
      await revisionOf(request, exchange, message).handle(exchange, message);
    },
    GET(exchange, incoming, request) {
      if (incoming.method === 'HEAD') fail('http_method_refused', { method: 'HEAD' });
      if (!accepts(exchange.headers, 'text/event-stream')) fail('not_acceptable');
      return revisionOf(request, exchange).handle(exchange);
    },
    DELETE: (exchange, _, request) => revisionOf(request, exchange).handle(exchange),
  };

  /** Checks Origin and Host. The CORS headers come first, so that an allowed page can read any refusal. */
  function admit(incoming: IncomingMessage, outgoing: ServerResponse): void {
    if (admission === undefined) fail('draining');
    const { headers, rawHeaders, socket } = incoming;
    if (headers.origin !== undefined) {
      outgoing.setHeader('vary', 'origin');
      admission.checkOrigin(headers);
      allowPage(outgoing, headers.origin);
    }
    admission.checkHost({ headers, rawHeaders, remoteAddress: socket.remoteAddress });
  }

  /** What every request passes, and the one line that is logged of it. */
  async function serve(env: HttpBindings, at?: Entrance, method?: HttpMethod): Promise<Response> {
    const { incoming, outgoing } = plain(env);
    const reply = new HttpReply(outgoing, outbox);
    const request = new OpenRequest(incoming, reply, at?.id, context);
    reply.onCut = waiting => request.cutOff(waiting);
    running.add(request);
    outgoing.on('close', () => {
      if (!outgoing.writableFinished) request.left();
      reply.closed();
      over(request);
    });
    await settle(request, async () => {
      admit(incoming, outgoing);
      if (isPreflight(incoming) && isKnown(incoming)) return answerPreflight(reply, incoming);
      if (draining) fail('draining');
      checkLoad();
      if (at === undefined || method === undefined) refuse(incoming);
      using route = at.enter();
      await handlers[method](exchangeOf(request, route, method, incoming.headers), incoming, request);
      // A stream of notifications stays open for hours. Its revision bounds the number of them.
      if (reply.isKeptOpen) over(request);
    });
    return RESPONSE_ALREADY_SENT;
  }

  /** Does the work of a request, answers with what it throws, and logs what it came to. */
  async function settle(request: OpenRequest, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      request.finish();
    } catch (reason) {
      // Nobody is there to be answered, and nothing went wrong here.
      if (reason instanceof Cancelled) request.finish();
      else request.fail(reason);
    }
  }

  const exchangeOf = (
    request: OpenRequest,
    entry: Entry,
    httpMethod: HttpMethod,
    headers: IncomingHttpHeaders,
  ): Exchange => ({
    requestId: request.id,
    httpMethod,
    headers,
    binding: new EnteredBinding(entry, { id: request.id, headers, record: request.record }, settings),
    remoteAddress: request.remoteAddress,
    reply: request.reply,
    record: request.record,
    onLeave: listener => request.onLeave(listener),
    async part(reply, work) {
      const part = request.part(reply);
      running.add(part);
      await settle(part, () => {
        checkLoad();
        return work(exchangeOf(part, entry, httpMethod, headers));
      });
      over(part);
    },
  });

  function checkLoad(): void {
    if (running.size > limits.concurrent_requests) fail('overloaded', { hint: concurrencyHint });
  }

  function over(request: OpenRequest): void {
    running.delete(request);
    if (running.size === 0) onIdle();
  }

  /** Waits until nothing runs, for so many milliseconds at most. */
  async function idle(ms: number): Promise<void> {
    if (running.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>(resolve => {
      onIdle = resolve;
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
  }

  /** Whether whoever asks is one of those that `metrics.serve` names. */
  function isAudience(incoming: IncomingMessage): boolean {
    const { metricsFor = 'loopback' } = options;
    const { headers, socket } = incoming;
    const isHere = isFromHere({ headers, remoteAddress: socket.remoteAddress });
    return metricsFor === 'everybody' || (metricsFor === 'loopback' && isHere);
  }

  function mayReadNumbers(incoming: IncomingMessage, outgoing: ServerResponse): boolean {
    try {
      admit(incoming, outgoing);
      return isAudience(incoming);
    } catch {
      return false;
    }
  }

  /** The numbers, for who may read them; for all others there is nothing. */
  function tellMetrics(env: HttpBindings): Response {
    const { incoming, outgoing } = plain(env);
    const reply = new HttpReply(outgoing, outbox);
    try {
      admit(incoming, outgoing);
      if (!isAudience(incoming)) fail('path_unknown', { path: '/metrics' });
      reply.answer(200, metrics.text(), { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
    } catch (reason) {
      faultReply(reply, reason, null, randomUUID());
    }
    return RESPONSE_ALREADY_SENT;
  }

  /** Whether the gateway can serve; `?verbose` names what does not work, to whom the numbers are told. */
  function tellReadiness(env: HttpBindings, isVerbose: boolean): Response {
    const { incoming, outgoing } = plain(env);
    if (isVerbose && mayReadNumbers(incoming, outgoing)) {
      const told = readiness.report(draining);
      const report = options.mask?.value(told) ?? told;
      return probe(env, report.ok, report);
    }
    const ok = readiness.isReady() && !draining;
    return probe(env, ok, { ok });
  }

  // One handler a path and method: where a second one matches, Hono composes them anew for each request.
  const app = new Hono<{ Bindings: HttpBindings }>();
  for (const [path, entrance] of pathsOf(entrances, defaultEntrance)) {
    for (const method of ['POST', 'GET', 'DELETE'] as const) app.on(method, path, c => serve(c.env, entrance, method));
  }
  app.get('/healthz', c => probe(c.env, true, { ok: true }));
  app.get('/readyz', c => tellReadiness(c.env, c.req.query('verbose') !== undefined));
  app.get('/metrics', c => tellMetrics(c.env));
  app.notFound(c => serve(c.env));

  async function close() {
    for (const revision of revisions) revision[Symbol.dispose]();
    for (const entrance of entrances.values()) entrance[Symbol.dispose]();
    const closing = server;
    server = undefined;
    if (closing === undefined) return;
    closing.closeAllConnections();
    await new Promise(resolve => closing.close(resolve));
  }

  return {
    async listen({ host, port }) {
      const made = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false, serverOptions }) as Server;
      await new Promise<void>((resolve, reject) => {
        made.once('error', cause => reject(listenFault(`${host}:${port}`, cause)));
        made.listen(port, unbracketed(host), resolve);
      });
      server = made;
      const address = made.address() as AddressInfo;
      admission = createAdmission({ ...options, host, port: address.port });
      if (!isLoopback(host) && options.allowedHosts.length === 0) {
        log.warn({ host }, 'requests from other machines will be refused: allowed_hosts is empty');
      }
      return { url: `http://${host.includes(':') ? `[${unbracketed(host)}]` : host}:${address.port}` };
    },

    async drain(ms) {
      draining = true;
      server?.closeIdleConnections();
      await idle(ms);
      if (running.size > 0) {
        log.warn({ cut: running.size, drain_ms: ms }, 'aborting requests that are still running');
        const hint = 'it was still running after `limits.drain_ms`; the upstream may have carried it out';
        for (const request of [...running]) request.cut(new Fault('draining', { hint }));
        await idle(lastWordsMs);
      }
      // The last answers are on their way to the socket.
      await new Promise(setImmediate);
      await close();
    },

    [Symbol.asyncDispose]: close,
  };
}

/** Reads a body. What is learned of it on the way stands in `record`, so that a refusal echoes the id, too. */
function readMessage(text: string, record: ExchangeRecord): Body {
  let body: Json;
  try {
    body = parseBody(text);
  } catch (fault) {
    if (fault instanceof Fault && fault.code === 'json_excessive') record.id = idOf({ id: readId(text) ?? null });
    throw fault;
  }
  record.id = idOf(body);
  if (isList(body)) {
    record.method = 'batch';
    return { kind: 'batch', messages: body };
  }
  const message = toMessage(body);
  if (message.kind !== 'response') record.method = cut(message.method, longestName);
  return message;
}

/** Characters of a body whose JSON is read only for a client that has a session. No `initialize` is as long. */
const largeText = 64 * 1024;

/** Slow or endless requests are cut off by Node itself. Milliseconds and bytes. */
const serverOptions = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  // How often Node looks for them.
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16 * 1024,
};

/** Milliseconds that clients have to read that their request was cut. */
const lastWordsMs = 500;

/** All paths with their bindings. Some clients append a slash, and some want a path that ends in `mcp`. */
function pathsOf(entrances: ReadonlyMap<string, Entrance>, standard: Entrance | undefined) {
  const paths = new Map<string, Entrance | undefined>([['/mcp', standard]]);
  for (const [id, entrance] of entrances) paths.set(`/mcp/${id}`, entrance).set(`/${id}/mcp`, entrance);
  return [...paths].flatMap(([path, entrance]) => [[path, entrance] as const, [`${path}/`, entrance] as const]);
}

const pathIn = ({ url = '' }: IncomingMessage) => url.split('?', 1)[0] ?? '';

/** Whether the path has the form of a binding's. */
const isKnown = (incoming: IncomingMessage) => /^\/mcp(\/[^/]*)?\/?$|^\/[^/]+\/mcp\/?$/.test(pathIn(incoming));

/** @throws Fault `http_method_refused`, `path_unknown` */
function refuse(incoming: IncomingMessage): never {
  const { method = '' } = incoming;
  if (isKnown(incoming) && !['POST', 'GET', 'DELETE'].includes(method)) fail('http_method_refused', { method });
  return fail('path_unknown', { path: cut(pathIn(incoming), 200) });
}

/** Hono's types allow HTTP/2, which is not spoken here. */
const plain = ({ incoming, outgoing }: HttpBindings) => ({
  incoming: incoming as IncomingMessage,
  outgoing: outgoing as ServerResponse,
});

/** Answers for any Host, because orchestrators probe by address. */
function probe({ outgoing }: HttpBindings, ok: boolean, answer: object): Response {
  const body = JSON.stringify(answer);
  const length = Buffer.byteLength(body);
  outgoing.writeHead(ok ? 200 : 503, { 'content-type': 'application/json', 'content-length': length });
  outgoing.end(body);
  return RESPONSE_ALREADY_SENT;
}

const unbracketed = (host: string) => host.replace(/^\[(.*)\]$/, '$1');
