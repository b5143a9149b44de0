import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Fault } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import type { Exchange } from './codec.ts';
import { faultReply } from './fault-reply.ts';
import type { Reply } from './reply.ts';
import { logRequest, type RequestLine } from './request-log.ts';

/** Where requests are logged and measured. */
export interface RequestContext {
  readonly log: Log;
  measure(line: RequestLine): void;
}

/** One HTTP request, from its arrival until its response has been read or its connection is closed. Logs one line. */
export class OpenRequest {
  readonly id = randomUUID();
  readonly reply: Reply;
  readonly record: Exchange['record'] = { id: null };
  readonly #began = performance.now();
  readonly #incoming: IncomingMessage;
  readonly #binding: string | undefined;
  readonly #on: RequestContext;
  readonly #leaveListeners: (() => void)[] = [];
  #isLogged = false;

  constructor(incoming: IncomingMessage, reply: Reply, binding: string | undefined, on: RequestContext) {
    this.#incoming = incoming;
    this.reply = reply;
    this.#binding = binding;
    this.#on = on;
    reply.onCut = waiting => {
      on.log.warn({ request: this.id, binding, waiting_bytes: waiting }, 'disconnected a client that does not read');
    };
  }

  /** Calls back when the client leaves before it has the answer, or the request is cut. */
  onLeave(listener: () => void): void {
    this.#leaveListeners.push(listener);
  }

  /** Must be called when the connection closes before the answer was sent. */
  left(): void {
    for (const listener of this.#leaveListeners.splice(0)) listener();
  }

  /** Answers with what was thrown, and logs it. */
  fail(thrown: unknown): void {
    if (this.#isLogged) return;
    faultReply(this.reply, thrown, this.record.id, this.id);
    this.finish(thrown);
  }

  /** Ends a running request: answers with the fault, and cancels what it waits for. */
  cut(fault: Fault): void {
    this.fail(fault);
    this.left();
  }

  /** Logs the request, unless that has happened. */
  finish(thrown?: unknown): void {
    if (this.#isLogged) return;
    this.#isLogged = true;
    const { id: _, method = this.#incoming.method, ...rest } = this.record;
    const ms = performance.now() - this.#began;
    const { status, dropped } = this.reply;
    const line = { request: this.id, method, binding: this.#binding, ...rest, status, ms };
    logRequest(this.#on.log, dropped === 0 ? line : { ...line, dropped }, thrown);
    this.#on.measure(line);
  }
}
