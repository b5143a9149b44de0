import type { IncomingHttpHeaders } from 'node:http';
import { fail } from '../core/fault.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Log } from '../core/log.ts';
import { resultAnswer } from '../upstream/answer.ts';
import { logLevels, severity } from '../upstream/log-level.ts';
import type { Notification, UpstreamPool } from '../upstream/upstream.ts';
import type { Entry } from './binding.ts';
import { capabilitiesOf, instructionsOf } from './capabilities.ts';
import type { Codec, Exchange } from './codec.ts';
import { dispatch } from './dispatch.ts';
import { isId, keyOf, type Message } from './message.ts';
import type { Reply } from './reply.ts';
import { Cancelled, createSessions, type Session } from './session.ts';

export interface CodecOptions {
  readonly maxSessions: number;
  readonly requestTimeoutMs: number;
  /** The gateway's own version, for `serverInfo`. */
  readonly version: string;
  readonly log: Log;
}

/** Newest first: it is what a client gets that asks for a revision unknown to us. */
const revisions = ['2025-11-25', '2025-06-18', '2025-03-26'];
/** Milliseconds without a byte after which a comment is sent; it can take twice as long. */
const silence = { call: 7_000, stream: 12_000 };
/** Notification streams of a session. A client whose connection died unnoticed opens another one. */
const mostStreams = 4;

/** Milliseconds that `initialize` waits for an upstream which is not there. */
const patience = 15_000;

type Request = Message & { kind: 'request' };

/**
 * The revisions with sessions: `initialize`, then `Mcp-Session-Id` with every request
 * (MCP 2025-11-25, Lifecycle; Transports § Streamable HTTP).
 */
export function createCodec20251125(options: CodecOptions): Codec {
  const sessions = createSessions(options.maxSessions);

  const sessionOf = ({ headers, route }: Exchange): Session => {
    const revision = headers['mcp-protocol-version'];
    if (revision !== undefined && !revisions.includes(String(revision))) {
      fail('revision_unknown', { revision, hint: `send one of ${revisions.join(', ')}` });
    }
    const id = headers['mcp-session-id'];
    return sessions.find(id === undefined ? undefined : String(id), route.id);
  };

  async function initialize({ route, reply }: Exchange, { id, params }: Request) {
    const { protocolVersion } = params;
    if (typeof protocolVersion !== 'string') fail('params_invalid', { hint: '`protocolVersion` is not a string' });
    await startAll(route, Math.min(patience, options.requestTimeoutMs), options.log);
    const revision = revisions.find(known => known === protocolVersion) ?? String(revisions[0]);
    const session = sessions.create(route.id, revision, isListening => route.open(isListening));
    for (const { upstream } of session.client.members) upstream.subscribe(said => tell(session, said));
    const instructions = instructionsOf(session.client);
    const result = {
      protocolVersion: revision,
      capabilities: capabilitiesOf(session.client),
      serverInfo: { name: 'sallyport', version: options.version },
      ...(instructions === undefined ? {} : { instructions }),
    };
    reply.answer(200, resultAnswer(result).text(id), { 'mcp-session-id': session.id });
  }

  async function call(exchange: Exchange, session: Session, { id, method, params }: Request) {
    const { reply, requestId, record, headers } = exchange;
    const route = exchange.route.routeOf(session.client);
    const controller = new AbortController();
    const key = keyOf(id);
    session.running.set(key, controller);
    exchange.onLeave(() => controller.abort(new Cancelled('the client left')));
    const onNotification = hearing(exchange, session, params);
    if (takesEvents(headers)) reply.breakSilence(silence.call);
    try {
      const answer = await dispatch({
        ...{ requestId, route, method, params, headers, record, signal: controller.signal },
        ...(onNotification === undefined ? {} : { onNotification }),
      });
      reply.answer(200, answer.text(id));
    } catch (thrown) {
      if (!(thrown instanceof Cancelled)) throw thrown;
      // "The receiver should not send a response for the cancelled request" (Cancellation § Behavior Requirements).
      reply.end(200);
    } finally {
      if (session.running.get(key) === controller) session.running.delete(key);
    }
  }

  async function setLevel({ reply }: Exchange, session: Session, { id, params }: Request) {
    const { level } = params;
    if (typeof level !== 'string' || severity(level) < 0) {
      return fail('params_invalid', { hint: `\`level\` is not one of ${logLevels.join(', ')}` });
    }
    session.logLevel = level;
    await Promise.all(session.client.members.map(({ upstream }) => upstream.setLogLevel(level)));
    reply.answer(200, resultAnswer({}).text(id));
  }

  function hearNotification(session: Session, { method, params }: Message & { kind: 'notification' }) {
    if (method === 'notifications/initialized') connectAll(session);
    if (method !== 'notifications/cancelled') return;
    const { requestId } = params;
    if (isId(requestId)) session.running.get(keyOf(requestId))?.abort(new Cancelled('the client cancelled'));
  }

  return {
    speaks: () => true,

    async post(exchange, message) {
      if (message.kind === 'request' && message.method === 'initialize') return initialize(exchange, message);
      // A probe for the stateless revision comes before any session; it must hear that the method is unknown.
      if (message.kind === 'request' && message.method === 'server/discover')
        fail('method_unknown', { method: 'server/discover' });
      const session = sessionOf(exchange);
      if (message.kind !== 'request') {
        if (message.kind === 'notification') hearNotification(session, message);
        return exchange.reply.end(202);
      }
      if (message.method === 'ping') return exchange.reply.answer(200, resultAnswer({}).text(message.id));
      if (message.method === 'logging/setLevel') return setLevel(exchange, session, message);
      return call(exchange, session, message);
    },

    get(exchange) {
      const session = sessionOf(exchange);
      const { reply } = exchange;
      const { streams } = session;
      if (streams.length >= mostStreams) streams.shift()?.end(200);
      streams.push(reply);
      reply.open();
      reply.breakSilence(silence.stream);
      connectAll(session);
      exchange.onLeave(() => {
        const at = streams.indexOf(reply);
        if (at >= 0) streams.splice(at, 1);
      });
    },

    delete(exchange) {
      sessions.end(sessionOf(exchange));
      exchange.reply.end(204);
    },

    [Symbol.dispose]() {
      for (const session of [...sessions.all()]) sessions.end(session);
    },
  };
}

/** A message goes to one stream alone (MCP 2025-11-25, Transports § Multiple Connections). */
const newestThatReads = (streams: readonly Reply[]) =>
  streams.findLast(({ waiting }) => waiting === 0) ?? streams.at(-1);

/** What the client hears while its call runs, with its own progress token; undefined when it cannot or need not. */
function hearing({ headers, reply }: Exchange, session: Session, params: JsonObject) {
  const meta = params._meta;
  const token = isJsonObject(meta) ? meta.progressToken : undefined;
  if (token === undefined && session.logLevel === undefined) return undefined;
  if (!takesEvents(headers)) return undefined;
  return ({ method, params }: Notification) => {
    if (method === 'notifications/progress') {
      if (token !== undefined) reply.notify(notificationText(method, { ...params, progressToken: token }));
    } else if (method === 'notifications/message' && session.logLevel !== undefined) {
      if (severity(params?.level) >= severity(session.logLevel)) reply.notify(notificationText(method, params));
    }
  };
}

/** Whether the client says that it reads event streams; one that accepts anything may not. */
const takesEvents = ({ accept }: IncomingHttpHeaders) => accept?.includes('text/event-stream') ?? false;

const notificationText = (method: string, params: JsonObject | undefined) =>
  JSON.stringify({ jsonrpc: '2.0', method, params });

/** Tells a client what one of its upstreams said by itself. */
function tell({ streams, logLevel }: Session, { method, params }: Notification) {
  const isTold =
    method.endsWith('/list_changed') ||
    (method === 'notifications/message' && logLevel !== undefined && severity(params?.level) >= severity(logLevel));
  if (isTold) newestThatReads(streams)?.notify(notificationText(method, params));
}

/** Connects what the client will need, so that it waits less. A failure is met again by whoever needs it. */
function connectAll({ client }: Session) {
  for (const { upstream } of client.members) upstream.start().catch(() => {});
}

/**
 * Makes sure that the upstreams of a binding can be used, but for those that were never reached while others were. One of
 * several that cannot is left out.
 * @throws Fault when none can
 */
async function startAll({ id, upstreams }: Entry, withinMs: number, log: Log) {
  const reached = upstreams.filter(({ initialized }) => initialized !== undefined);
  const needed = reached.length === 0 ? upstreams : reached;
  const started = await Promise.allSettled(needed.map(upstream => startOne(upstream, withinMs)));
  const failed = started.flatMap(each => (each.status === 'rejected' ? [each.reason] : []));
  for (const reason of failed) log.warn({ binding: id, reason: String(reason) }, 'an upstream is left out');
  if (failed.length === needed.length) throw failed[0];
}

/** @throws Fault `upstream_…`, and `overloaded` when it has no connection for a client more */
async function startOne(upstream: UpstreamPool, withinMs: number) {
  const signal = AbortSignal.timeout(withinMs);
  await upstream.start(signal).catch(reason => {
    if (reason !== signal.reason) throw reason;
    fail('upstream_timeout', { upstream: upstream.id, method: 'initialize', after_ms: withinMs });
  });
  upstream.checkRoom();
}
