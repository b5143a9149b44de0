import { Fault } from '../../core/fault.ts';
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts';
import { readJson } from '../../core/json-reader.ts';
import { JsonExcess } from '../../core/json-scan.ts';
import { RepeatedWarning } from '../../core/repeated-warning.ts';
import { readAnswer } from '../../mcp/answer.ts';
import { readId } from '../../mcp/exchange-id.ts';
import type { Notification } from '../../mcp/message.ts';
import { idAtEdge, ownId } from '../../mcp/request-id.ts';
import { asNotification, belongsToCall, type ConnectionContext } from './connection.ts';
import type { PendingRequest } from './pending-request.ts';
import { createSkippedOutputLog } from './server-output-log.ts';

/** An id that no request has. */
const none = -1;

/**
 * Reads the messages that a stdio server writes: answers settle the requests in `pending`, notifications and requests
 * of the server go to the connection. A line that cannot be read is skipped: it fails the request that it names, if
 * any, and never the connection.
 */
export class StdoutReader {
  readonly pending: ReadonlyMap<number, PendingRequest>;
  readonly #upstream: string;
  readonly #context: ConnectionContext;
  readonly #respond: (response: JsonObject) => void;
  readonly #logSkippedLine: (line: string) => void;
  readonly #refusedMessages: RepeatedWarning;
  readonly #longLines: RepeatedWarning;

  /** @param respond sends the answer to a request of the server */
  constructor(
    upstream: string,
    context: ConnectionContext,
    pending: ReadonlyMap<number, PendingRequest>,
    respond: (response: JsonObject) => void,
  ) {
    this.#upstream = upstream;
    this.#context = context;
    this.pending = pending;
    this.#respond = respond;
    this.#logSkippedLine = createSkippedOutputLog(upstream, context.log, 'line of stdout');
    this.#refusedMessages = new RepeatedWarning(context.log, 'ignoring a message');
    this.#longLines = new RepeatedWarning(context.log, 'ignoring a line of stdout that is too long');
  }

  onLine(line: string): void {
    let message: Json | undefined;
    try {
      message = line[0] === '{' ? readJson(line) : undefined;
    } catch (thrown) {
      if (thrown instanceof JsonExcess) this.#refuse(line, thrown.message);
      else this.#skipBroken(line);
      return;
    }
    if (isJsonObject(message)) this.#onMessage(message, line);
    else this.#logSkippedLine(line);
  }

  /** Takes both ends of a line that is longer than allowed; `tail` is empty while the line continues. */
  onLongLine(head: string, tail: string): void {
    const upstream = this.#upstream;
    const limit = this.#context.limits.maxAnswerBytes;
    const request = this.#requestOf(idAtEdge(head, tail));
    if (request !== undefined) request.reject(new Fault('upstream_too_large', { upstream, limit_bytes: limit }));
    else if (tail !== '') this.#longLines.write(upstream, { upstream, limit_bytes: limit, line: head });
  }

  #onMessage(message: JsonObject, line: string): void {
    const notification = asNotification(message);
    if (notification !== undefined) this.#onNotification(notification);
    else if (typeof message.method === 'string') {
      const response = this.#context.answerServer(message);
      if (response !== undefined) this.#respond(response);
    } else {
      const request = this.#requestOf(ownId(message.id));
      if (request !== undefined) this.#settle(request, message, line);
      else if (message.jsonrpc === undefined || message.id === null) this.#logSkippedLine(line);
      else this.#context.log.debug({ upstream: this.#upstream, id: message.id }, 'an answer to an unknown request');
    }
  }

  /** Where the line is part of an answer, its request fails now instead of waiting for its time limit. */
  #skipBroken(line: string): void {
    const upstream = this.#upstream;
    const request = this.#requestOf(idAtEdge(line, line));
    request?.reject(new Fault('upstream_garbage', { upstream, hint: `it wrote ${line.slice(0, 80)}` }));
    this.#logSkippedLine(line);
  }

  #requestOf(id: number | undefined): PendingRequest | undefined {
    return this.pending.get(id ?? none);
  }

  /** An answer beyond the bounds of JSON fails its own request and no other. */
  #refuse(line: string, why: string): void {
    const upstream = this.#upstream;
    const request = this.#requestOf(ownId(readId(line)));
    if (request === undefined) this.#refusedMessages.write(upstream, { upstream, why });
    else request.reject(new Fault('upstream_too_large', { upstream, hint: `Its answer is ${why}.` }));
  }

  #onNotification(notification: Notification): void {
    const token = notification.params?.progressToken;
    // Without a token, nothing says which call a log message belongs to.
    if (!belongsToCall(notification) || token === undefined) this.#context.onNotification(notification);
    else this.#requestOf(ownId(token))?.notify(notification);
  }

  #settle(request: PendingRequest, message: JsonObject, line: string): void {
    try {
      request.resolve(readAnswer(this.#upstream, message, line));
    } catch (fault) {
      request.reject(fault);
    }
  }
}
