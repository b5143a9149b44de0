import type { IncomingHttpHeaders } from 'node:http';
import type { CalledTool } from '../contract/hook-call.ts';
import type { Cancellation } from '../core/canceller.ts';
import { cut } from '../core/cut.ts';
import type { Fault } from '../core/fault.ts';
import type { JsonObject } from '../core/json.ts';
import type { TraceIds } from '../core/trace-ids.ts';
import type { BlockData } from '../hook/hook-chain.ts';
import { type Receipt, Receipts } from '../hook/receipt.ts';
import type { Principal } from '../identity/principal.ts';
import type { Answer } from '../mcp/answer.ts';
import { longestName, type Notification } from '../mcp/message.ts';
import type { RequestOptions, Upstream } from '../upstream/upstream.ts';
import type { Decision } from './access.ts';
import type { Route } from './binding.ts';

/** The outcome of a call: an answer of an upstream or of a plugin, or a plugin's block. */
export type Outcome = Answer | Block;

export interface Block {
  readonly kind: 'block';
  readonly data: BlockData;
  readonly result?: never;
  readonly error?: never;
}

/** One request of a client, independent of the revision. */
export interface Call {
  readonly requestId: string;
  readonly route: Route;
  readonly method: string;
  readonly params: JsonObject;
  /** The headers of the HTTP request. */
  readonly headers: IncomingHttpHeaders;
  readonly principal: Principal;
  readonly signal: Cancellation;
  /** Present if the client can receive messages before the answer. */
  readonly onNotification?: ((notification: Notification) => void) | undefined;
  /** Sends the client a message after the answer, if it listens. */
  readonly tellLater: (notification: Notification) => void;
  /** For a plugin's call: the upstream's timeout in milliseconds, and the setting it comes from. */
  readonly timeoutMs?: number | undefined;
  readonly timeoutSetting?: string | undefined;
  /** The record for the request's log line and metrics. */
  readonly record: CallRecord;
  /** The handlers of the embedding program; absent if it has none. */
  readonly handlers?: CallHandlers | undefined;
  /** Follows the call for telemetry; absent if that is off. */
  readonly trace?: CallTrace | undefined;
  /** Present for a plugin's call. */
  readonly nested?: Nested;
}

/** What a program that embeds the gateway does around each call. */
export interface CallHandlers {
  /** @param serve gets the params that the handlers leave */
  around(call: Call, serve: (params: JsonObject) => Promise<Outcome>): Promise<Outcome>;
}

/** Follows one call for telemetry. */
export interface CallTrace {
  /** The ids of its span; undefined if traces are off. */
  readonly ids: TraceIds | undefined;
  /** Sends a request of the call to an upstream, with the context of its trace. */
  send(upstream: Upstream, method: string, params: JsonObject, options: RequestOptions): Promise<Answer>;
  /** Follows a call that a plugin makes within this one. */
  nested(record: NestedRecord): CallTrace;
}

/** Follows the request of a client. */
export interface EntryTrace extends CallTrace {
  /** Reads the context of a trace in `_meta` of the params. Only the first call counts. */
  receive(params: JsonObject): void;
  /** Takes the answer of an upstream or a plugin, as the client gets it. */
  answered(answer: Answer): void;
}

/** The origin of a plugin's call. */
export interface Nested {
  /** The client's call that it is part of. */
  readonly client: Call;
  /** The calls that it is nested in, itself last. */
  readonly stack: readonly CalledTool[];
  /** Checks the tool that will be sent. Throws if the calling plugin may not call it. */
  admit(tool: string): void;
}

/**
 * The record of a call. The lists of upstreams, receipts and plugin calls exist from the start and grow; the name is
 * set when the target has been read, and the end when the call ends without a result.
 */
export class CallRecord {
  readonly receipts = new Receipts();
  /** The ids of the upstreams that the call went to, joined by commas; undefined before the first one. */
  upstream: string | undefined;
  #calls: NestedRecord[] | undefined;
  #name: string | undefined;
  #decision: Decision | undefined;
  #end: CallEnd | undefined;

  /** Records the tool, prompt or URI, as the client named it. */
  nameTarget(name: string): void {
    this.#name = cut(name, longestName);
  }

  /** Records what the rules of the binding say. The last decision counts: a plugin may have changed the target. */
  decide(decision: Decision): void {
    this.#decision = decision;
  }

  /** Records that the call goes to this upstream. */
  enterUpstream(id: string): void {
    this.upstream = this.upstream === undefined ? id : `${this.upstream},${id}`;
  }

  /** Adds a record of a plugin's tool call, under an id derived from that of the client's request. */
  addCall(requestId: string, by: string): NestedRecord {
    this.#calls ??= [];
    const record = new NestedRecord(`${requestId}.${this.#calls.length + 1}`, by);
    this.#calls.push(record);
    return record;
  }

  /** Returns the number of tool calls this plugin has made, nested ones included. */
  callsBy(plugin: string): number {
    return this.#calls?.filter(({ by }) => by === plugin).length ?? 0;
  }

  /** Records why the call has no result. */
  end(end: CallEnd): void {
    this.#end = end;
  }

  /** Returns the call's data for its log line and metrics. */
  summary(): CallSummary {
    const { upstream, receipts } = this;
    return {
      name: this.#name,
      access: this.#decision,
      upstream,
      plugins: upstream === undefined && receipts.written.length === 0 ? undefined : receipts.calls,
      blocked: this.#end?.blocked,
      refused: this.#end?.refused,
      calls: this.#calls === undefined ? undefined : this.#calls.map(call => call.nestedSummary()),
    };
  }
}

/** The plugin's block or the upstream's error that answered a call. */
type CallEnd =
  | { readonly blocked: BlockData; readonly refused?: never }
  | { readonly refused: Fault; readonly blocked?: never };

/** The record of a plugin's call. */
export class NestedRecord extends CallRecord {
  readonly request: string;
  readonly by: string;
  /** The time of `performance.now()` at which it began. */
  readonly began: number = performance.now();
  #outcome: { readonly outcome: string; readonly ms: number } | undefined;

  constructor(request: string, by: string) {
    super();
    this.request = request;
    this.by = by;
  }

  /** Records the outcome: `result`, `aborted`, or why there was no result. Only the first one counts. */
  finish(outcome: string): void {
    this.#outcome ??= { outcome, ms: performance.now() - this.began };
  }

  nestedSummary(): NestedSummary {
    return { request: this.request, by: this.by, ...this.summary(), ...this.#outcome };
  }
}

/** A call's data for its log line and metrics. */
export interface CallSummary {
  /** The tool, prompt or URI, as the client named it. */
  readonly name?: string | undefined;
  /** What the rules of the binding said about it, if it has rules. */
  readonly access?: Decision | undefined;
  readonly upstream?: string | undefined;
  readonly plugins?: readonly Receipt[] | undefined;
  /** The block that it was answered with. */
  readonly blocked?: BlockData | undefined;
  /** The error of an upstream that it was answered with. */
  readonly refused?: Fault | undefined;
  /** The tool calls that plugins made, nested ones included. */
  readonly calls?: readonly NestedSummary[] | undefined;
}

/** A plugin's call, as shown in the log line of the client's request. */
export interface NestedSummary extends Omit<CallSummary, 'calls'> {
  /** Its own id, derived from that of the client's request. */
  readonly request: string;
  readonly by: string;
  /** `result`, `aborted`, or why there was no result. Absent while it runs. */
  readonly outcome?: string;
  readonly ms?: number;
}
