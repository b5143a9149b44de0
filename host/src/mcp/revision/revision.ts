import type { IncomingHttpHeaders } from 'node:http';
import type { Entry } from '../../gateway/binding.ts';
import type { CallRecord } from '../../gateway/call.ts';
import type { AnswerSink, Reply } from '../../http/reply.ts';
import type { Body, MessageId } from '../message.ts';

/** One HTTP request on its way. */
export interface Exchange {
  readonly requestId: string;
  readonly route: Entry;
  readonly headers: IncomingHttpHeaders;
  /** The address at the other end of the connection. */
  readonly remoteAddress: string | undefined;
  readonly reply: AnswerSink;
  /** `id` is what a refusal echoes: `null` until it is read, `undefined` for a notification. */
  readonly record: CallRecord & { method?: string; id: MessageId | null | undefined };
  /** Calls back when the client leaves before it has the answer. */
  onLeave(listener: () => void): void;
  /**
   * Does a part of the work as an exchange of its own, which counts, fails and is logged by itself. Never rejects.
   * @param reply where its answer goes
   */
  part(reply: AnswerSink, work: (exchange: Exchange) => Promise<void>): Promise<void>;
}

/** An exchange that is answered with a stream. */
export interface StreamExchange extends Exchange {
  readonly reply: Reply;
}

/**
 * How one family of revisions of MCP is spoken over HTTP. Several stand beside each other on one URL: the gateway asks
 * each in turn whether a request is its own.
 */
export interface Codec extends Disposable {
  /** Whether the request is spoken in one of this codec's revisions. */
  speaks(headers: IncomingHttpHeaders, body: Body | undefined): boolean;
  /** Whether a POST belongs to a session, before its body is read. @throws Fault `session_missing`, `session_unknown` */
  checkSession(exchange: Exchange): void;
  /** Answers a POST, with what it brought. @throws Fault, which the gateway answers with */
  post(exchange: Exchange, body: Body): Promise<void>;
  /** Answers a GET: a stream of notifications. It stays open after this returned. @throws Fault */
  get(exchange: StreamExchange): void;
  /** Answers a DELETE: the client is done. @throws Fault */
  delete(exchange: Exchange): void;
}
