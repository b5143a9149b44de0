import type { IncomingHttpHeaders } from 'node:http';
import type { MaybePromise } from '../../core/maybe-promise.ts';
import type { ErrorNumbers } from '../errors.ts';
import type { Body, MessageId } from '../message.ts';
import type { RequestedBinding } from './gateway-port.ts';
import type { Reply } from './reply.ts';
import type { SessionLimits } from './session-limits.ts';

/** The HTTP methods of the endpoint, for all revisions. */
export type HttpMethod = 'POST' | 'GET' | 'DELETE';

/** One HTTP request with its answer. */
export interface Exchange {
  readonly requestId: string;
  readonly httpMethod: HttpMethod;
  readonly headers: IncomingHttpHeaders;
  readonly clientAddress: string;
  readonly binding: RequestedBinding;
  readonly reply: Reply;
  readonly record: ExchangeRecord;
  /** Calls back if the client disconnects before it has the answer. */
  onLeave(listener: () => void): void;
  /**
   * Handles a part of the work as an exchange of its own, which is counted, logged and answered separately. Never
   * rejects.
   * @param reply the destination of its answer
   */
  part(reply: Reply, work: (exchange: Exchange) => Promise<void>): Promise<void>;
}

/** The message's part of a request's log line. */
export interface ExchangeRecord {
  method?: string;
  /** The id that a refusal echoes: `null` until it is read, `undefined` for a notification. */
  id: MessageId | null | undefined;
}

/** A session of a client, for the operator. */
export interface SessionReport {
  /** Names the session, and cannot be used in its place. */
  readonly handle: string;
  readonly binding: string;
  /** Whom it belongs to, by `principalKey`. */
  readonly principal: string;
  readonly revision: string;
  /** The network of its client. */
  readonly address: string;
  /** Milliseconds since the epoch. */
  readonly lastUsed: number;
  readonly running: number;
  readonly streams: number;
}

/**
 * One revision of MCP over HTTP, or a family of similar ones. All revisions are served on the same URL: `classify` uses
 * their tables to decide which one a request belongs to.
 *
 * A revision is opened and disposed of with the gateway. It keeps the state of its clients itself, because the gateway
 * has no notion of sessions.
 */
export interface Revision extends RevisionTable, Disposable {
  readonly errorNumbers: ErrorNumbers;
  /** What it keeps of its clients now; absent where it keeps nothing. */
  readonly held?: { readonly sessions: number; readonly streams: number };
  /** Describes the sessions of its clients; absent where it has none. */
  sessions?(): readonly SessionReport[];
  /** Ends the session with this handle, and cancels its running requests. @returns whether there was one */
  endSession?(handle: string): MaybePromise<boolean>;
  /**
   * Refuses a POST by its headers. It is called before a long body is parsed, so that only clients that may be served
   * can cause that work. @throws Fault
   */
  checkBeforeBody?(exchange: Exchange): void | Promise<void>;
  /**
   * Answers an exchange. A stream that is kept open may outlast the returned promise.
   * @param body the body of a POST; undefined for other methods
   * @throws Fault, which the gateway sends as the answer
   */
  handle(exchange: Exchange, body?: Body): void | Promise<void>;
  /** Changes the limits of its clients. Those beyond a lower limit stay until they leave. */
  changeLimits?(limits: SessionLimits): void;
}

/** The properties of a revision that `classify` uses. */
export interface RevisionTable {
  /** The dated versions that it serves, newest first. */
  readonly versions: readonly string[];
  readonly httpMethods: readonly HttpMethod[];
  /** The first request of its clients, if there is one. Only `initialize` negotiates the version in its params. */
  readonly opening: 'initialize' | 'server/discover';
}
