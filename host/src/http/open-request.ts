import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { FaultCode } from '../core/codes/index.ts';
import type { Fault } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import { CallRecord, type EntryTrace } from '../gateway/call.ts';
import type { ClientAddress } from '../identity/client-address.ts';
import { anonymous, type Principal } from '../identity/principal.ts';
import { Cancelled } from '../mcp/cancelled.ts';
import { type ErrorNumbers, sharedNumbers } from '../mcp/errors.ts';
import type { Reply } from '../mcp/revision/reply.ts';
import type { ExchangeRecord } from '../mcp/revision/revision.ts';
import type { Challenge } from './challenge.ts';
import { discardRest } from './discard-rest.ts';
import { faultReply } from './fault-reply.ts';
import { HttpReply } from './reply.ts';
import { failureOf, type LogRequest, type RequestFailure, type RequestLine } from './request-log.ts';
import type { ServedRoute } from './route-map.ts';
import type { RunningRequests } from './step/running-requests.ts';
import type { Arrival } from './step/step.ts';
import type { Outbox } from './unread-answers.ts';

/** Gets each request when it has ended, with its caller, unless the request was refused before that was known. */
export type WatchRequests = (line: RequestLine, caller: Principal | undefined) => void;

/** State shared by all requests of a server. */
export interface RequestContext {
  readonly running: RunningRequests<OpenRequest>;
  readonly outbox: Outbox;
  readonly log: Log;
  /** The challenges that refused callers get. */
  readonly challenge: Challenge;
  readonly logRequest: LogRequest;
  /** Follows requests for telemetry; absent if that is off. */
  readonly tracing?: Tracing | undefined;
  /** Finds the address of a client. */
  readonly addressOf: ClientAddress;
  measure(line: RequestLine, failed?: FaultCode): void;
  /** Gets each request when it has ended, with its caller; absent if nothing watches. */
  readonly watch?: WatchRequests | undefined;
  /** Counts a client that was disconnected because it does not read. */
  countCutOff(binding: string): void;
}

/** Follows the requests of a server for telemetry. */
export interface Tracing {
  begin(request: OpenRequest, whole: RequestTrace | undefined): RequestTrace;
}

/** Follows one request, from its arrival until it was answered. */
export interface RequestTrace extends EntryTrace {
  end(line: RequestLine, failure: RequestFailure | undefined): void;
}

/** An HTTP request from the router. */
export interface Routed {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /** What is served at its URL; undefined if that is no binding. */
  readonly route?: ServedRoute | undefined;
}

/** Handles one HTTP request. Never rejects: a thrown error is answered and logged. */
export function serveRequest(
  context: RequestContext,
  routed: Routed,
  work: (request: OpenRequest, reply: HttpReply) => Promise<void>,
): Promise<void> {
  const { incoming, outgoing, route } = routed;
  const reply = new HttpReply(outgoing, context.outbox);
  const request = new OpenRequest({ incoming, outgoing, route, reply, context });
  reply.request = request;
  context.running.add(request);
  outgoing.on('close', () => {
    if (!outgoing.writableFinished) request.left();
    reply.closed();
    context.running.remove(request);
    if (!incoming.complete) discardRest(incoming);
  });
  return settle(request, () => work(request, reply));
}

/** Runs the work of a request, answers with a thrown error, and logs the outcome. */
export async function settle(request: OpenRequest, work: () => Promise<void>): Promise<void> {
  try {
    await work();
    request.finish();
  } catch (reason) {
    // The client is gone, and nothing failed.
    if (reason instanceof Cancelled) request.finish();
    else request.fail(reason);
  }
}

const noParts: readonly OpenRequest[] = [];

export interface OpenRequestOptions extends Routed {
  readonly reply: Reply;
  readonly context: Omit<RequestContext, 'running' | 'outbox'>;
  /** The request that it is part of. */
  readonly whole?: OpenRequest;
  readonly id?: string;
}

/** One HTTP request, from its arrival until its response has been read or its connection closed. Logs one line. */
export class OpenRequest implements Arrival {
  readonly id: string;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly reply: Reply;
  readonly record: ExchangeRecord = { id: null };
  readonly call = new CallRecord();
  readonly trace: RequestTrace | undefined;
  principal: Principal;
  /** See `PlacedSet`. */
  place: number | undefined;
  /** The error numbers of its revision; until that is known, the ones common to all revisions. */
  errorNumbers: ErrorNumbers;
  /** The time of `performance.now()` at which it arrived. */
  readonly began: number = performance.now();
  /** Whether the steps of a binding have accepted its caller. */
  isAccepted = false;
  /** Whether it is one message of a batch. */
  readonly isPart: boolean;
  readonly #route: ServedRoute | undefined;
  binding: string | undefined;
  readonly #context: OpenRequestOptions['context'];
  #leaveListeners: readonly (() => void)[] | undefined;
  #parts: readonly OpenRequest[] = noParts;
  #isLogged = false;

  constructor({ incoming, outgoing, route, reply, context, whole, id = randomUUID() }: OpenRequestOptions) {
    this.incoming = incoming;
    this.outgoing = outgoing;
    this.reply = reply;
    this.#route = route;
    this.binding = whole === undefined ? route?.binding?.id : whole.binding;
    this.#context = context;
    this.id = id;
    this.isPart = whole !== undefined;
    this.principal = whole?.principal ?? anonymous;
    this.isAccepted = whole?.isAccepted ?? false;
    this.errorNumbers = whole?.errorNumbers ?? sharedNumbers;
    this.trace = context.tracing?.begin(this, whole?.trace);
  }

  get resource(): string | undefined {
    return this.#route?.resource;
  }

  get headers(): IncomingHttpHeaders {
    return this.incoming.headers;
  }

  /** Creates a request for one message of a batch. It ends when the client leaves the whole request. */
  part(reply: Reply): OpenRequest {
    const { incoming, outgoing } = this;
    const about = { incoming, outgoing, route: this.#route, context: this.#context };
    const part = new OpenRequest({ ...about, reply, whole: this, id: `${this.id}.${this.#parts.length + 1}` });
    this.#parts = [...this.#parts, part];
    this.onLeave(() => part.left());
    return part;
  }

  /** Logs that the client was disconnected because it does not read. */
  cutOff(waiting: number): void {
    this.#context.countCutOff(this.binding ?? '');
    const about = { request: this.id, binding: this.binding, waiting_bytes: waiting };
    this.#context.log.warn(about, 'disconnected a client that does not read');
  }

  /** Calls back if the client disconnects before it has the answer, or the request is aborted. */
  onLeave(listener: () => void): void {
    this.#leaveListeners = this.#leaveListeners === undefined ? [listener] : [...this.#leaveListeners, listener];
  }

  /** Must be called if the connection closes before the answer was sent. */
  left(): void {
    const listeners = this.#leaveListeners ?? [];
    this.#leaveListeners = undefined;
    for (const listener of listeners) listener();
  }

  /** Answers with a thrown error and logs it. */
  fail(thrown: unknown): void {
    if (this.#isLogged) return;
    const { record, id: request, errorNumbers: numbers, incoming } = this;
    const { challenge } = this.#context;
    const { url, headers } = incoming;
    faultReply(this.reply, thrown, { id: record.id, request, numbers, url, host: headers.host, challenge });
    this.finish(thrown);
  }

  /** Whether it has been answered, though perhaps not read. */
  get isAnswered(): boolean {
    return this.#isLogged;
  }

  /** Ends a running request: answers with the fault and cancels its work. Each message of a batch is answered by its id. */
  cut(fault: Fault): void {
    for (const part of this.#parts) part.cut(fault);
    if (this.#parts.length === 0) this.fail(fault);
    this.left();
  }

  /** Closes the connection as soon as the request has been answered. */
  closeConnection(): void {
    const { incoming, outgoing } = this;
    if (!outgoing.headersSent) outgoing.shouldKeepAlive = false;
    else outgoing.once('finish', () => incoming.socket.end());
  }

  /** The address of the client; undefined once its connection is closed. */
  get #address(): string | undefined {
    return this.#context.addressOf(this.incoming) || undefined;
  }

  /** Logs the request, unless that has already happened. */
  finish(thrown?: unknown): void {
    if (this.#isLogged) return;
    this.#isLogged = true;
    const { method = this.incoming.method } = this.record;
    const summary = this.call.summary();
    const ms = performance.now() - this.began;
    const { status, dropped } = this.reply;
    const { subject, tenant } = this.principal;
    const { name, access, upstream, plugins, blocked, calls } = summary;
    const line: RequestLine = {
      ...{
        request: this.id,
        trace: this.trace?.ids,
        method,
        binding: this.binding,
        subject,
        tenant,
        name,
        access,
        upstream,
        status,
        ms,
        plugins,
        blocked,
        calls,
      },
      dropped: dropped === 0 ? undefined : dropped,
    };
    const failure = failureOf(summary, thrown);
    this.#context.logRequest(failure === undefined ? line : { ...line, address: this.#address }, failure);
    this.#context.measure(line, failure?.code);
    this.trace?.end(line, failure);
    this.#context.watch?.(line, this.isAccepted ? this.principal : undefined);
  }
}
