import type { IncomingHttpHeaders } from 'node:http';
import { cut } from '../../../core/cut.ts';
import { fail } from '../../../core/fault.ts';
import { isJsonObject, type JsonObject } from '../../../core/json.ts';
import type { Log } from '../../../core/log.ts';
import { blockOf } from '../../../gateway/blocked.ts';
import { dispatch } from '../../../gateway/dispatch.ts';
import { reachUpstreams } from '../../../gateway/reach-upstreams.ts';
import { capabilitiesOf, instructionsOf, serverInfoOf } from '../../../gateway/server-capabilities.ts';
import { upstreamError, withoutText } from '../../../gateway/unhooked.ts';
import type { Reply } from '../../../http/reply.ts';
import type { Notification } from '../../../upstream/upstream.ts';
import { resultAnswer } from '../../answer.ts';
import { logLevels, severity } from '../../log-level.ts';
import { isId, keyOf, type Message } from '../../message.ts';
import { listChanges } from '../../methods.ts';
import type { Codec, Exchange } from '../revision.ts';
import { answerBatch, refuseBatch } from './batch.ts';
import { Cancelled, type Session, type SessionLimits, Sessions } from './session.ts';

export interface CodecOptions {
  readonly limits: SessionLimits;
  readonly requestTimeoutMs: number;
  /** As `limits.list_ms`. */
  readonly listMs: number;
  /** The gateway's own version, for `serverInfo`. */
  readonly version: string;
  readonly log: Log;
}

/** Newest first: it is what a client gets that asks for a revision unknown to us. */
const revisions = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];
/** Those with JSON-RPC batches (MCP 2025-03-26, Base Protocol § Batching); the next one took them out. */
const withBatches = new Set(['2025-03-26', '2024-11-05']);
/** Where a client that speaks no revision of ours says in a request which one it speaks (MCP 2026-07-28, Versioning). */
const revisionInMeta = 'io.modelcontextprotocol/protocolVersion';
/** The level of a client that names none: the specification leaves it to the server. */
const usualLevel = 'info';
/** Passed on by exactly these names: another one could say anything. */
/** Milliseconds without a byte after which a comment is sent; it can take twice as long. */
const silence = { call: 7_000, stream: 12_000 };

type Request = Message & { kind: 'request' };

/**
 * The revisions with sessions: `initialize`, then `Mcp-Session-Id` with every request
 * (MCP 2025-11-25, Lifecycle; Transports § Streamable HTTP).
 */
export function createCodec20251125(options: CodecOptions): Codec {
  const sessions = new Sessions(options.limits);

  const sessionOf = ({ headers, route }: Exchange): Session => {
    const revision = headers['mcp-protocol-version'];
    if (revision !== undefined && !revisions.includes(String(revision))) refuseRevision(revision);
    const id = headers['mcp-session-id'];
    return sessions.find(id === undefined ? undefined : String(id), route.id);
  };

  async function initialize({ route, reply, remoteAddress }: Exchange, { id, params }: Request) {
    const { protocolVersion } = params;
    if (typeof protocolVersion !== 'string') fail('params_invalid', { hint: '`protocolVersion` is not a string' });
    await reachUpstreams(route, options);
    const revision = revisions.find(known => known === protocolVersion) ?? String(revisions[0]);
    const session = sessions.create({ binding: route.id, revision, remoteAddress, open: route.open });
    for (const { upstream } of session.client.members) {
      // On a connection that clients share, a message may be about the call of another one.
      const pool = route.upstreams.find(({ id }) => id === upstream.id);
      upstream.subscribe(said => tell(session, said, pool?.common === undefined ? usualLevel : undefined));
    }
    const instructions = instructionsOf(session.client);
    const result = {
      protocolVersion: revision,
      capabilities: capabilitiesOf(session.client),
      serverInfo: serverInfoOf(route.id, session.client, options.version),
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
        tellLater: said => tell(session, said, undefined),
        ...(onNotification === undefined ? {} : { onNotification }),
      });
      if (answer.error && blockOf(answer) === undefined) {
        record.refused = upstreamError(answer.error, record.upstream);
        if (route.withholds()) throw record.refused;
      }
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

  /** Takes one message of a session. */
  async function take(exchange: Exchange, session: Session, message: Message) {
    if (message.kind !== 'request') {
      if (message.kind === 'notification') hearNotification(session, message);
      return exchange.reply.end(202);
    }
    if (message.method === 'ping') return exchange.reply.answer(200, resultAnswer({}).text(message.id));
    if (message.method === 'logging/setLevel') return setLevel(exchange, session, message);
    return call(exchange, session, message);
  }

  return {
    speaks: () => true,

    checkSession: exchange => void sessionOf(exchange),

    async post(exchange, body) {
      if (body.kind === 'request' && body.method === 'initialize') return initialize(exchange, body);
      if (body.kind === 'request') checkRevision(exchange, body);
      const session = sessionOf(exchange);
      if (body.kind !== 'batch') return take(exchange, session, body);
      if (!withBatches.has(session.revision)) return refuseBatch(exchange, body.messages);
      return answerBatch(exchange, body.messages, (part, message) => {
        if (message.kind !== 'request' || message.method !== 'initialize') return take(part, session, message);
        return fail('message_invalid', { hint: '`initialize` must not be part of a batch.' });
      });
    },

    get(exchange) {
      const session = sessionOf(exchange);
      const { reply } = exchange;
      sessions.addStream(session, reply);
      reply.open();
      reply.breakSilence(silence.stream);
      connectAll(session);
      exchange.onLeave(() => sessions.removeStream(session, reply));
    },

    delete(exchange) {
      sessions.end(sessionOf(exchange));
      exchange.reply.end(204);
    },

    [Symbol.dispose]() {
      sessions[Symbol.dispose]();
    },
  };
}

/** A message goes to one stream alone (MCP 2025-11-25, Transports § Multiple Connections). */
const newestThatReads = (streams: readonly Reply[]) =>
  streams.findLast(({ waiting }) => waiting === 0) ?? streams.at(-1);

/** What the client hears while its call runs, with its own progress token; undefined when it takes no event streams. */
function hearing({ headers, reply }: Exchange, session: Session, { _meta }: JsonObject) {
  if (!takesEvents(headers)) return undefined;
  const token = isJsonObject(_meta) ? _meta.progressToken : undefined;
  return (said: Notification) => {
    const shown = session.client.withholds() ? withoutText(said) : said;
    if (shown === undefined) return undefined;
    const { method, params } = shown;
    if (method === 'notifications/progress') {
      return token === undefined
        ? undefined
        : reply.notify(notificationText(method, { ...params, progressToken: token }));
    }
    const isTold =
      method === 'notifications/message' && severity(params?.level) >= severity(session.logLevel ?? usualLevel);
    return isTold ? reply.notify(notificationText(method, params)) : undefined;
  };
}

/**
 * Tells a client of a later revision, which sends no `initialize`, what it can choose from.
 * @throws Fault `revision_unknown`
 */
function checkRevision({ headers }: Exchange, { method, params }: Request): void {
  const inMeta = isJsonObject(params._meta) ? params._meta[revisionInMeta] : undefined;
  const isKnown = typeof inMeta !== 'string' || revisions.includes(inMeta);
  if (method !== 'server/discover' && isKnown) return;
  refuseRevision(inMeta ?? headers['mcp-protocol-version']);
}

const refuseRevision = (requested: unknown): never =>
  fail('revision_unknown', {
    requested: cut(String(requested ?? ''), 100),
    supported: revisions,
    hint: `send \`initialize\` with one of ${revisions.join(', ')}`,
  });

/** Whether the client says that it reads event streams; one that accepts anything may not. */
const takesEvents = ({ accept }: IncomingHttpHeaders) => accept?.includes('text/event-stream') ?? false;

const notificationText = (method: string, params: JsonObject | undefined) =>
  JSON.stringify({ jsonrpc: '2.0', method, params });

/**
 * Tells a client what one of its upstreams said by itself.
 * @param unasked the level of a client that names none; absent when it then gets no log messages
 */
function tell(session: Session, { method, params }: Notification, unasked: string | undefined) {
  const { streams, client, logLevel = unasked } = session;
  if (listChanges.has(method)) {
    newestThatReads(streams)?.notify(notificationText(method, client.withholds() ? undefined : params));
  } else if (method === 'notifications/message') {
    if (logLevel === undefined || severity(params?.level) < severity(logLevel) || client.withholds()) return;
    newestThatReads(streams)?.notify(notificationText(method, params));
  }
}

/** Connects what the client will need, so that it waits less. A failure is met again by whoever needs it. */
function connectAll({ client }: Session) {
  for (const { upstream } of client.members) upstream.start().catch(() => {});
}
