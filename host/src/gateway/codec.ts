import type { IncomingHttpHeaders } from 'node:http';
import type { Entry } from './binding.ts';
import type { CallRecord } from './call.ts';
import type { Message, MessageId } from './message.ts';
import type { Reply } from './reply.ts';

/** One HTTP request on its way. */
export interface Exchange {
  readonly requestId: string;
  readonly route: Entry;
  readonly headers: IncomingHttpHeaders;
  readonly reply: Reply;
  /** `id` is what a refusal echoes: `null` until it is read, `undefined` for a notification. */
  readonly record: CallRecord & { method?: string; id: MessageId | null | undefined };
  /** Calls back when the client leaves before it has the answer. */
  onLeave(listener: () => void): void;
}

/**
 * How one family of revisions of MCP is spoken over HTTP. Several stand beside each other on one URL: the gateway asks
 * each in turn whether a request is its own.
 */
export interface Codec extends Disposable {
  /** Whether the request is spoken in one of this codec's revisions. */
  speaks(headers: IncomingHttpHeaders, message: Message | undefined): boolean;
  /** Answers a POST, with the message that it brought. @throws Fault, which the gateway answers with */
  post(exchange: Exchange, message: Message): Promise<void>;
  /** Answers a GET: a stream of notifications. It stays open after this returned. @throws Fault */
  get(exchange: Exchange): void;
  /** Answers a DELETE: the client is done. @throws Fault */
  delete(exchange: Exchange): void;
}
