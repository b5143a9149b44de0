import type { IncomingHttpHeaders } from 'node:http';
import type { ErrorNumbers } from '../errors.ts';
import type { Body, MessageId } from '../message.ts';
import type { RequestedBinding } from './gateway-port.ts';
import type { Reply } from './reply.ts';

/** HTTP methods of the endpoint, over all revisions. */
export type HttpMethod = 'POST' | 'GET' | 'DELETE';

/** One HTTP request with its answer. */
export interface Exchange {
  readonly requestId: string;
  readonly httpMethod: HttpMethod;
  readonly headers: IncomingHttpHeaders;
  /** The address at the other end of the connection. */
  readonly remoteAddress: string | undefined;
  readonly binding: RequestedBinding;
  readonly reply: Reply;
  readonly record: ExchangeRecord;
  /** Calls back when the client leaves before it has the answer. */
  onLeave(listener: () => void): void;
  /**
   * Does a part of the work as an exchange of its own, which is counted, logged and answered by itself. Never rejects.
   * @param reply where its answer goes
   */
  part(reply: Reply, work: (exchange: Exchange) => Promise<void>): Promise<void>;
}

/** What the log line of a request says about its message. */
export interface ExchangeRecord {
  method?: string;
  /** The id that a refusal echoes: `null` until it is read, `undefined` for a notification. */
  id: MessageId | null | undefined;
}

/**
 * One revision of MCP over HTTP, or a family of them that differ little. All revisions are served on the same URL:
 * `classify` decides by their tables which one a request belongs to, and then it belongs to no other.
 *
 * A revision is opened with the gateway and disposed with it. What it keeps of its clients is its own business: the
 * gateway knows no sessions.
 */
export interface Revision extends RevisionTable, Disposable {
  readonly errorNumbers: ErrorNumbers;
  /**
   * Refuses a POST by its headers alone. It is called before a long body is parsed, so that only clients that may be
   * served can cause that work. @throws Fault
   */
  checkBeforeBody?(exchange: Exchange): void | Promise<void>;
  /**
   * Answers an exchange. A stream that was kept open may outlast the returned promise.
   * @param body of a POST; undefined for other methods
   * @throws Fault, which the gateway answers with
   */
  handle(exchange: Exchange, body?: Body): void | Promise<void>;
}

/** What `classify` must know about a revision. */
export interface RevisionTable {
  /** The dated versions that it serves, newest first. */
  readonly versions: readonly string[];
  readonly httpMethods: readonly HttpMethod[];
  /** The request with which its clients may begin. Only with `initialize` the version is negotiated in the params. */
  readonly opening: 'initialize' | 'server/discover';
}
