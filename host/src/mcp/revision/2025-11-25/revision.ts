import type { IncomingHttpHeaders } from 'node:http';
import { Canceller } from '../../../core/canceller.ts';
import { Fault, fail } from '../../../core/fault.ts';
import { type MaybePromise, whenThere } from '../../../core/maybe-promise.ts';
import type { SessionStore } from '../../../state/session-store.ts';
import { resultAnswer } from '../../answer.ts';
import { Cancelled } from '../../cancelled.ts';
import { logLevels, severity } from '../../log-level.ts';
import { type Body, isId, keyOf, type Message } from '../../message.ts';
import type { Exchange, Revision, SessionReport } from '../revision.ts';
import type { SessionLimits } from '../session-limits.ts';
import { answerBatch, refuseBatch } from './batch.ts';
import { clientCapabilitiesIn } from './client-capabilities.ts';
import { errorNumbers } from './errors.ts';
import { type RunningCall, type Session, Sessions } from './live-sessions.ts';
import { acceptsEvents, notificationsOfCall, notifySession } from './notifications.ts';
import { asksForPage } from './url-elicitation.ts';

export interface SessionfulOptions {
  readonly limits: SessionLimits;
  readonly store: SessionStore;
}

/** The versions, newest first: a client that asks for an unknown version gets the first. */
const versions = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];
/** The versions with JSON-RPC batches (MCP 2025-03-26, Base Protocol § Batching); the next one removed them. */
const withBatches = new Set(['2025-03-26', '2024-11-05']);
/** The milliseconds of silence after which a comment is sent; it can take twice as long. */
const silenceMs = { call: 7_000, stream: 12_000 };

type Request = Message & { kind: 'request' };

/**
 * The revisions with sessions: `initialize`, then `Mcp-Session-Id` with every request (MCP 2025-11-25, Lifecycle;
 * Transports § Streamable HTTP).
 */
export class Revision20251125 implements Revision {
  readonly versions = versions;
  readonly httpMethods = ['POST', 'GET', 'DELETE'] as const;
  readonly opening = 'initialize';
  readonly errorNumbers = errorNumbers;
  readonly #sessions: Sessions;

  constructor({ limits, store }: SessionfulOptions) {
    this.#sessions = new Sessions({ limits, store, onNotification: notifySession });
  }

  get held() {
    return this.#sessions.held;
  }

  checkBeforeBody(exchange: Exchange): MaybePromise<void> {
    return whenThere(this.#sessionOf(exchange), () => {});
  }

  handle(exchange: Exchange, body?: Body): MaybePromise<void> {
    if (body?.kind === 'request' && body.method === 'initialize') return this.#initialize(exchange, body);
    // The memory store answers synchronously, and an await would cost every request a turn.
    return whenThere(this.#sessionOf(exchange), session => this.#handleIn(session, exchange, body));
  }

  #handleIn(session: Session, exchange: Exchange, body: Body | undefined): MaybePromise<void> {
    if (body === undefined)
      return exchange.httpMethod === 'GET' ? this.#listen(exchange, session) : this.#end(exchange, session);
    if (body.kind !== 'batch') return this.#take(exchange, session, body);
    if (!withBatches.has(session.facts.revision)) return refuseBatch(exchange, body.messages);
    return answerBatch(exchange, body.messages, (part, message) => {
      if (message.kind !== 'request' || message.method !== 'initialize') return this.#take(part, session, message);
      return fail('message_invalid', { hint: '`initialize` must not be part of a batch.' });
    });
  }

  sessions(): readonly SessionReport[] {
    return this.#sessions.reports();
  }

  endSession(handle: string): MaybePromise<boolean> {
    return this.#sessions.endByHandle(handle);
  }

  changeLimits(limits: SessionLimits): void {
    this.#sessions.changeTo(limits);
  }

  [Symbol.dispose](): void {
    this.#sessions[Symbol.dispose]();
  }

  #sessionOf({ headers, binding }: Exchange): MaybePromise<Session> {
    return this.#sessions.find(sessionIdIn(headers), binding);
  }

  async #initialize({ binding, reply, clientAddress }: Exchange, { id, params }: Request): Promise<void> {
    const { protocolVersion } = params;
    if (typeof protocolVersion !== 'string') fail('params_invalid', { hint: '`protocolVersion` is not a string' });
    await binding.reachUpstreams();
    const revision = versions.find(known => known === protocolVersion) ?? String(versions[0]);
    const clientCapabilities = clientCapabilitiesIn(params);
    const session = await this.#sessions.create({ binding, revision, clientCapabilities, clientAddress });
    const { implementation, capabilities, instructions } = session.client.describe();
    const result = {
      protocolVersion: revision,
      capabilities,
      serverInfo: implementation,
      ...(instructions === undefined ? {} : { instructions }),
    };
    reply.answer(200, resultAnswer(result).text(id), { 'mcp-session-id': session.facts.id });
  }

  #listen(exchange: Exchange, session: Session): void {
    const stream = this.#sessions.addStream(session, () => exchange.reply.keepOpen());
    exchange.reply.breakSilence(silenceMs.stream);
    session.client.connect();
    exchange.onLeave(() => this.#sessions.removeStream(session, stream));
  }

  async #end({ reply }: Exchange, session: Session): Promise<void> {
    await this.#sessions.end(session);
    reply.end(204);
  }

  /** Handles one message of a session. */
  #take(exchange: Exchange, session: Session, message: Message): MaybePromise<void> {
    if (message.kind !== 'request') {
      if (message.kind === 'notification') takeNotification(session, message);
      return exchange.reply.end(202);
    }
    if (message.method === 'ping') return exchange.reply.answer(200, resultAnswer({}).text(message.id));
    if (message.method === 'logging/setLevel') return this.#setLogLevel(exchange, session, message);
    return call(exchange, session, message, this.#sessions);
  }

  async #setLogLevel({ reply }: Exchange, session: Session, { id, params }: Request): Promise<void> {
    const { level } = params;
    if (typeof level !== 'string' || severity(level) < 0) {
      return fail('params_invalid', { hint: `\`level\` is not one of ${logLevels.join(', ')}` });
    }
    await this.#sessions.setLogLevel(session, level);
    reply.answer(200, resultAnswer({}).text(id));
  }
}

function sessionIdIn({ 'mcp-session-id': id }: IncomingHttpHeaders): string | undefined {
  return id === undefined ? undefined : String(id);
}

function takeNotification(session: Session, { method, params }: Message & { kind: 'notification' }): void {
  if (method === 'notifications/initialized') session.client.connect();
  if (method !== 'notifications/cancelled') return;
  const { requestId } = params;
  if (!isId(requestId)) return;
  const cancelled = keyOf(requestId);
  for (const { key, canceller } of session.running) {
    if (key === cancelled) canceller.abort(new Cancelled('the client cancelled'));
  }
}

/** Sends a request through the gateway. It runs until it is answered, cancelled, or its client disconnects. */
async function call(
  exchange: Exchange,
  session: Session,
  { id, method, params }: Request,
  sessions: Sessions,
): Promise<void> {
  const { reply, headers, binding } = exchange;
  const canceller = new Canceller();
  const running: RunningCall = { key: keyOf(id), canceller, place: undefined };
  session.running.add(running);
  exchange.onLeave(() => canceller.abort(new Cancelled('the client left')));
  const onNotification = notificationsOfCall(exchange, session, params);
  if (acceptsEvents(headers)) reply.breakSilence(silenceMs.call);
  try {
    const answer = await binding.dispatch(session.client, { method, params, signal: canceller, onNotification });
    reply.answer(200, answer.text(id));
  } catch (thrown) {
    // An upstream lost what it kept for the session, and with another one the client begins again.
    if (thrown instanceof Fault && thrown.code === 'session_unknown') await sessions.end(session);
    if (!(thrown instanceof Cancelled)) throw asksForPage(session, thrown);
    // "The receiver should not send a response for the cancelled request" (Cancellation § Behavior Requirements).
    reply.end(200);
  } finally {
    session.running.delete(running);
  }
}
