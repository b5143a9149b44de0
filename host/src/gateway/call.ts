import type { IncomingHttpHeaders } from 'node:http';
import type { CalledTool } from '../contract/hook-call.ts';
import { cut } from '../core/cut.ts';
import type { Fault } from '../core/fault.ts';
import type { JsonObject } from '../core/json.ts';
import type { BlockData } from '../hook/hook-chain.ts';
import { type Receipt, Receipts } from '../hook/receipt.ts';
import type { Principal } from '../identity/principal.ts';
import type { Answer } from '../mcp/answer.ts';
import { longestName, type Notification } from '../mcp/message.ts';
import type { Route } from './binding.ts';

/** What a call came to: an answer of an upstream or of a plugin, or the block of a plugin. */
export type Outcome = Answer | Block;

export interface Block {
  readonly kind: 'block';
  readonly data: BlockData;
  readonly result?: never;
  readonly error?: never;
}

/** One request of a client, whatever revision it was spoken in. */
export interface Call {
  readonly requestId: string;
  readonly route: Route;
  readonly method: string;
  readonly params: JsonObject;
  /** Of the HTTP request. */
  readonly headers: IncomingHttpHeaders;
  readonly principal: Principal;
  readonly signal: AbortSignal;
  /** Present when the client can hear before the answer comes. */
  readonly onNotification?: (notification: Notification) => void;
  /** Tells the client something after it was answered, where it listens. */
  readonly tellLater: (notification: Notification) => void;
  /** Of a call that a plugin makes: milliseconds that an upstream has, and the setting that says so. */
  readonly timeoutMs?: number;
  readonly timeoutSetting?: string;
  /** What the request's log line and metrics are made of. */
  readonly record: CallRecord;
  /** Of a call that a plugin makes. */
  readonly nested?: Nested;
}

/** How a call by a plugin came about. */
export interface Nested {
  /** The client's own call, for which it is made. */
  readonly client: Call;
  /** The calls that it is within, itself the last. */
  readonly stack: readonly CalledTool[];
  /** Takes the tool that will really be sent. Throws when the plugin that makes the call may not call it. */
  admit(tool: string): void;
}

/**
 * What the gateway notes of a call on its way. The upstreams, the receipts and the calls of plugins are there from the
 * beginning and grow; the name is there once the target was read, and the end once the call has an outcome that is not
 * a result.
 */
export class CallRecord {
  readonly receipts = new Receipts();
  /** The ids of the upstreams that the call went to, joined by commas; undefined before the first one. */
  upstream: string | undefined;
  #calls: NestedRecord[] | undefined;
  #name: string | undefined;
  #end: CallEnd | undefined;

  /** Notes the tool, prompt or uri, as the client named it. */
  nameTarget(name: string): void {
    this.#name = cut(name, longestName);
  }

  /** Notes that the call goes to this upstream. */
  enterUpstream(id: string): void {
    this.upstream = this.upstream === undefined ? id : `${this.upstream},${id}`;
  }

  /** Notes the call of a tool that a plugin makes, under an id derived from that of the client's request. */
  addCall(requestId: string, by: string): NestedRecord {
    this.#calls ??= [];
    const record = new NestedRecord(`${requestId}.${this.#calls.length + 1}`, by);
    this.#calls.push(record);
    return record;
  }

  /** How many calls of tools this plugin has made, those within other calls among them. */
  callsBy(plugin: string): number {
    return this.#calls?.filter(({ by }) => by === plugin).length ?? 0;
  }

  /** Notes why the call has no result. */
  end(end: CallEnd): void {
    this.#end = end;
  }

  /** The call as its log line and its metrics see it. */
  summary(): CallSummary {
    const { upstream } = this;
    return {
      name: this.#name,
      upstream,
      plugins: upstream === undefined ? undefined : this.receipts.calls,
      blocked: this.#end?.blocked,
      refused: this.#end?.refused,
      calls: this.#calls === undefined ? undefined : this.#calls.map(call => call.nestedSummary()),
    };
  }
}

/** The block or the error of an upstream that a call was answered with. */
type CallEnd =
  | { readonly blocked: BlockData; readonly refused?: never }
  | { readonly refused: Fault; readonly blocked?: never };

/** What the gateway notes of a call that a plugin made. */
export class NestedRecord extends CallRecord {
  readonly request: string;
  readonly by: string;
  readonly #began = performance.now();
  #outcome: { readonly outcome: string; readonly ms: number } | undefined;

  constructor(request: string, by: string) {
    super();
    this.request = request;
    this.by = by;
  }

  /** Notes the outcome: `result`, `aborted`, or why there was no result. Only the first one counts. */
  finish(outcome: string): void {
    this.#outcome ??= { outcome, ms: performance.now() - this.#began };
  }

  nestedSummary(): NestedSummary {
    return { request: this.request, by: this.by, ...this.summary(), ...this.#outcome };
  }
}

/** A call as its log line and its metrics see it. */
export interface CallSummary {
  /** Tool, prompt or uri, as the client named it. */
  readonly name?: string | undefined;
  readonly upstream?: string | undefined;
  readonly plugins?: readonly Receipt[] | undefined;
  /** The block that it was answered with. */
  readonly blocked?: BlockData | undefined;
  /** The error of an upstream that it was answered with. */
  readonly refused?: Fault | undefined;
  /** Calls of tools that plugins made on the way, those within other calls among them. */
  readonly calls?: readonly NestedSummary[] | undefined;
}

/** A call that a plugin made, as the log line of the client's request shows it. */
export interface NestedSummary extends Omit<CallSummary, 'calls'> {
  /** Its own id, derived from that of the client's request. */
  readonly request: string;
  readonly by: string;
  /** `result`, `aborted`, or why there was none. Absent while it runs. */
  readonly outcome?: string;
  readonly ms?: number;
}
