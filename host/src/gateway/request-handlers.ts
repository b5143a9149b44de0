import type { IncomingHttpHeaders } from 'node:http';
import { signalOf } from '../core/canceller.ts';
import { cut } from '../core/cut.ts';
import { Fault, fail, toFault } from '../core/fault.ts';
import { isJsonObject, type JsonObject, withDoubles } from '../core/json.ts';
import { readJson } from '../core/json-reader.ts';
import type { Log } from '../core/log.ts';
import { unlessAborted } from '../core/unless-aborted.ts';
import type { Principal } from '../identity/principal.ts';
import { Cancelled } from '../mcp/cancelled.ts';
import type { Call, CallHandlers, Outcome } from './call.ts';

/** A request to a binding, as the handlers of the embedding program see it. Changing it has no effect. */
export interface HandledRequest {
  /** The id of the request in the log and in receipts. */
  readonly id: string;
  readonly binding: string;
  /** The method of MCP: `tools/call`, `tools/list`, `prompts/get`, … */
  readonly method: string;
  /** A copy of the params, with the names that clients see. Numbers are doubles. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly principal: Principal;
  /** The headers of the HTTP request, with the credentials of the caller. */
  readonly headers: Readonly<IncomingHttpHeaders>;
  /** The id of the plugin whose tool call it is; absent for a request of a client. */
  readonly plugin?: string | undefined;
  /** Aborts when the client leaves, or the request takes too long. */
  readonly signal: AbortSignal;
}

/** How a request ended. */
export type HandledOutcome =
  | { readonly kind: 'result'; readonly result: Readonly<Record<string, unknown>> }
  /** The upstream answered with an error. */
  | { readonly kind: 'error'; readonly code: number; readonly message: string }
  /** A plugin or a policy blocked it. */
  | { readonly kind: 'blocked'; readonly code: string; readonly reason: string }
  /** It was not answered, for example because the caller may not do it, or the upstream cannot be reached. */
  | { readonly kind: 'refused'; readonly code: string }
  /** The client left. */
  | { readonly kind: 'aborted' };

/** A request that has ended, before the client gets the answer. */
export interface HandledResponse extends HandledRequest {
  readonly outcome: HandledOutcome;
}

/** What `beforeRequest` may return to change a request: its new params. */
export interface ChangedRequest {
  readonly params: Readonly<Record<string, unknown>>;
}

/** The handlers by the name of their event. */
export interface HandlerTypes {
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler that returns nothing is async as often as not
  readonly beforeRequest: (request: HandledRequest) => ChangedRequest | void | Promise<ChangedRequest | void>;
  readonly afterResponse: (response: HandledResponse) => void | Promise<void>;
}

/** The longest reason of a refusal that clients get. */
const longestReason = 1000;

/** Refuses the request that a handler was called for. The client gets the reason. @throws Fault `handler_refused` */
export const refuse = (reason: string): never => fail('handler_refused', { hint: cut(reason, longestReason) });

/**
 * The handlers of the program that embeds the gateway: trusted code, called in the order in which it was registered.
 *
 * Both run around everything that the gateway does with a request: what `beforeRequest` returns is authorized and passes
 * plugins and policies like the request of a client, and `afterResponse` gets what they let through, without a way to
 * change it. A handler that throws refuses the request.
 */
export class RequestHandlers implements CallHandlers {
  /** The time that a handler has; see `limits.request_timeout_ms`. */
  timeoutMs: number;
  readonly #log: Log;
  #before: readonly HandlerTypes['beforeRequest'][] = [];
  #after: readonly HandlerTypes['afterResponse'][] = [];
  /** Itself, or undefined where no handler is registered. Each call reads it, so it is no function. */
  registered: this | undefined;

  constructor(timeoutMs: number, log: Log) {
    this.timeoutMs = timeoutMs;
    this.#log = log;
  }

  /** Adds a handler, for requests that begin from now on. Returns a function that removes it. */
  on<Event extends keyof HandlerTypes>(event: Event, handler: HandlerTypes[Event]): () => void {
    if (event === 'beforeRequest') return this.#addBefore(handler as HandlerTypes['beforeRequest']);
    if (event === 'afterResponse') return this.#addAfter(handler as HandlerTypes['afterResponse']);
    throw new TypeError(`unknown event: ${event}; known: beforeRequest, afterResponse`);
  }

  // A wrapper makes each registration distinct.

  #addBefore(handler: HandlerTypes['beforeRequest']): () => void {
    const added: typeof handler = request => handler(request);
    this.#set([...this.#before, added], this.#after);
    return () =>
      this.#set(
        this.#before.filter(each => each !== added),
        this.#after,
      );
  }

  #addAfter(handler: HandlerTypes['afterResponse']): () => void {
    const added: typeof handler = response => handler(response);
    this.#set(this.#before, [...this.#after, added]);
    return () =>
      this.#set(
        this.#before,
        this.#after.filter(each => each !== added),
      );
  }

  #set(before: readonly HandlerTypes['beforeRequest'][], after: readonly HandlerTypes['afterResponse'][]): void {
    this.#before = before;
    this.#after = after;
    this.registered = before.length + after.length === 0 ? undefined : this;
  }

  /**
   * Serves a call between the handlers. `afterResponse` gets every call, whatever it ended with.
   * @param serve gets the params that the handlers leave
   * @throws Fault `handler_refused`, `handler_failed`, and what `serve` throws
   */
  async around(call: Call, serve: (params: JsonObject) => Promise<Outcome>): Promise<Outcome> {
    const [before, after] = [this.#before, this.#after];
    const seen = new SeenCall(call, this.timeoutMs);
    let outcome: Outcome;
    try {
      for (const handler of before) {
        const changed = await seen.run(handler, seen.request());
        if (changed !== undefined) seen.params = paramsOf(changed);
      }
      outcome = await serve(seen.params);
    } catch (thrown) {
      await this.#report(thrown, after, seen, call);
      throw thrown;
    }
    const response = after.length === 0 ? undefined : seen.response(outcomeOf(outcome));
    for (const [place, handler] of after.entries()) {
      if (response === undefined) break;
      try {
        await seen.run(handler, response);
      } catch (thrown) {
        // The others get what the client gets.
        await this.#report(thrown, after.slice(place + 1), seen, call);
        throw thrown;
      }
    }
    return outcome;
  }

  /** Calls handlers for a request that is refused already, for the reason that was first. */
  async #report(
    thrown: unknown,
    after: readonly HandlerTypes['afterResponse'][],
    seen: SeenCall,
    call: Call,
  ): Promise<void> {
    if (after.length === 0) return;
    const response = seen.response(failureOf(thrown));
    for (const handler of after) {
      await seen.run(handler, response).catch(error => {
        // That the client left is no failure of the handler.
        if (error !== response.signal.reason) this.#warnOf(call, error);
      });
    }
  }

  #warnOf({ requestId: request }: Call, thrown: unknown): void {
    const { code, hint, cause } = toFault(thrown);
    const about = { request, code, hint, ...(cause instanceof Error && { cause: cause.message }) };
    this.#log.warn(about, 'a handler of afterResponse failed for a request that was refused');
  }
}

/** One call between its handlers. */
class SeenCall {
  readonly #call: Call;
  readonly #timeoutMs: number;
  /** The params as the handlers have left them so far. */
  params: JsonObject;

  constructor(call: Call, timeoutMs: number) {
    this.#call = call;
    this.#timeoutMs = timeoutMs;
    this.params = call.params;
  }

  request(): HandledRequest {
    const { requestId, route, method, principal, headers, nested, signal } = this.#call;
    return Object.freeze({
      ...{ id: requestId, binding: route.id, method, params: frozenCopy(this.params), principal },
      headers: Object.freeze({ ...headers }),
      plugin: nested?.stack.at(-1)?.plugin,
      signal: signalOf(signal),
    });
  }

  response(outcome: HandledOutcome): HandledResponse {
    return Object.freeze({ ...this.request(), outcome });
  }

  /** Calls a handler. @throws Fault `handler_refused`, `handler_failed`; the reason of the call's signal when it aborts */
  async run<Seen extends HandledRequest, Answer>(
    handler: (seen: Seen) => Answer,
    seen: Seen,
  ): Promise<Awaited<Answer>> {
    const late = AbortSignal.timeout(this.#timeoutMs);
    try {
      const answering = (async () => await handler(seen))();
      return await unlessAborted(answering, AbortSignal.any([seen.signal, late]));
    } catch (thrown) {
      if (seen.signal.aborted && thrown === seen.signal.reason) throw thrown;
      if (thrown instanceof Fault && thrown.code === 'handler_refused') throw thrown;
      const cause = thrown === late.reason ? new Error(`it took longer than ${this.#timeoutMs} ms`) : thrown;
      throw new Fault('handler_failed', {}, cause);
    }
  }
}

/** Returns the params of a handler's answer as plain JSON, which the handler cannot change later. @throws Fault `handler_failed` */
function paramsOf(changed: ChangedRequest): JsonObject {
  try {
    const params = readJson(JSON.stringify(changed.params));
    if (isJsonObject(params)) return params;
  } catch (error) {
    return fail('handler_failed', {}, error);
  }
  return fail('handler_failed', {}, new Error('it returned params that are not an object'));
}

function outcomeOf(outcome: Outcome): HandledOutcome {
  switch (outcome.kind) {
    case 'result':
      return Object.freeze({ kind: 'result', result: frozenCopy(outcome.result) });
    case 'error':
      return Object.freeze({ kind: 'error', code: outcome.error.code, message: outcome.error.message });
    case 'block':
      return Object.freeze({ kind: 'blocked', code: outcome.data.code, reason: outcome.data.reason });
  }
}

const failureOf = (thrown: unknown): HandledOutcome =>
  Object.freeze(
    thrown instanceof Cancelled
      ? { kind: 'aborted' as const }
      : { kind: 'refused' as const, code: toFault(thrown).code },
  );

/** Copies JSON, so that a handler that tries to change it in place fails, instead of changing nothing. */
const frozenCopy = (value: JsonObject) => frozen(withDoubles(value)) as Readonly<Record<string, unknown>>;

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const member of Object.values(value)) frozen(member);
  return Object.freeze(value);
}
