import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FaultCode } from '../core/codes/index.ts';
import type { Fault } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import type { CallRecord } from '../gateway/call.ts';
import { type ErrorNumbers, sharedNumbers } from '../mcp/errors.ts';
import type { Reply } from '../mcp/revision/reply.ts';
import type { ExchangeRecord } from '../mcp/revision/revision.ts';
import { faultReply } from './fault-reply.ts';
import { failureOf, logRequest, type RequestLine } from './request-log.ts';

/** Where requests are logged and measured. */
export interface RequestContext {
  readonly log: Log;
  measure(line: RequestLine, failed?: FaultCode): void;
  /** Counts a client that was disconnected because it does not read. */
  countCutOff(binding: string): void;
}

/** One HTTP request, from its arrival until its response has been read or its connection is closed. Logs one line. */
export class OpenRequest {
  readonly id: string;
  readonly reply: Reply;
  readonly record: CallRecord & ExchangeRecord = { id: null };
  /** The error numbers of its revision; until that is known, those that all revisions share. */
  errorNumbers: ErrorNumbers = sharedNumbers;
  readonly #began = performance.now();
  readonly #incoming: IncomingMessage;
  readonly #binding: string | undefined;
  readonly #on: RequestContext;
  readonly #leaveListeners: (() => void)[] = [];
  #parts = 0;
  #isLogged = false;

  constructor(
    incoming: IncomingMessage,
    reply: Reply,
    binding: string | undefined,
    on: RequestContext,
    id: string = randomUUID(),
  ) {
    this.#incoming = incoming;
    this.reply = reply;
    this.#binding = binding;
    this.#on = on;
    this.id = id;
  }

  /** A message of a batch. It is left when the request is. */
  part(reply: Reply): OpenRequest {
    this.#parts += 1;
    const part = new OpenRequest(this.#incoming, reply, this.#binding, this.#on, `${this.id}.${this.#parts}`);
    part.errorNumbers = this.errorNumbers;
    this.onLeave(() => part.left());
    return part;
  }

  /** Logs that the client was disconnected because it does not read. */
  cutOff(waiting: number): void {
    this.#on.countCutOff(this.#binding ?? '');
    const about = { request: this.id, binding: this.#binding, waiting_bytes: waiting };
    this.#on.log.warn(about, 'disconnected a client that does not read');
  }

  /** The address at the other end of the connection. */
  get remoteAddress(): string | undefined {
    return this.#incoming.socket.remoteAddress;
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
    faultReply(this.reply, thrown, this.record.id, this.id, this.errorNumbers);
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
    const failure = failureOf(this.record, thrown);
    logRequest(this.#on.log, dropped === 0 ? line : { ...line, dropped }, failure);
    this.#on.measure(line, failure?.code);
  }
}
