import type { JsonObject } from '../core/json.ts';
import type { CallError } from './generated/tool-call.js';
import type { CallContext, Request, Response, ToolResult, Violation } from './generated/types.js';
import type { EntryName } from './kinds.ts';

/** Why a hook call yielded no outcome. `on_error` is decided by it. */
export type FailureCause = 'trap' | 'timeout' | 'limit' | 'invalid_output' | 'unavailable';

/** What a plugin's failure leads to: the request is blocked, the plugin is skipped once, or it is skipped from now on. */
export const failureActions = ['deny', 'ignore', 'disable'] as const;
export type FailureAction = (typeof failureActions)[number];

/** The entry point that a chain calls. */
export type Stage = EntryName;

/** One hook call that a lane is asked to make. It says what to do and not why: a lane knows no policy. */
export interface HookCall {
  /** Id of a loaded plugin. */
  readonly plugin: string;
  /** Whether a block ends the chain. */
  readonly stopOnBlock: boolean;
  /** Whether a failure ends the chain. */
  readonly stopOnFailure: boolean;
}

/** State between the hooks of one request, by plugin id; `shared` is seen by all. Plain data: it crosses threads. */
export interface RequestState {
  readonly local: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly shared: ReadonlyMap<string, string>;
}

/** What is known of who called. A plugin sees of it what it was granted, and no more. */
export interface Caller {
  /** Headers of the HTTP request, by lower-case name. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Claims of who was authenticated. */
  readonly claims?: JsonObject;
  /** Whether the request to the upstream has HTTP headers that a plugin can set now. */
  readonly upstreamTakesHeaders?: boolean;
}

/** Why a capability refused a use: no grant, beyond what its grant allows, beyond a limit, or not well-formed. */
export type RefusalReason = 'not_granted' | 'not_allowed' | 'over_limit' | 'invalid';

/** A refused use of a capability: what was asked for, and why it is refused. */
export interface Refusal {
  readonly what: string;
  readonly reason: RefusalReason;
  /** How often, where it was refused more than once. */
  readonly times?: number;
}

/** Something that a plugin's capability has to tell once a call is over: a measurement, an event, a refused use. */
export interface Note {
  readonly plugin: string;
  readonly capability: string;
  /** No other word is then said. */
  readonly refused?: Refusal;
  readonly said?: unknown;
}

/** A call of a tool by a plugin. The tool has the name by which clients of the binding know it. */
export interface CalledTool {
  readonly plugin: string;
  readonly tool: string;
}

export interface ToolCallOptions extends CalledTool {
  /** A JSON object, as text. */
  readonly argumentsJson: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Asked again when a plugin on the way made it a call of another tool. */
  allows(tool: string): boolean;
}

export type ToolAnswer = { readonly ok: ToolResult } | { readonly err: CallError };

/** The tools of the binding, for plugins that one request passes. It stays on the gateway's thread: no lane has it. */
export interface Tools {
  /** The calls of plugins that this request is within, the first one first; none for a client's own request. */
  readonly within: readonly CalledTool[];
  /** How many calls a plugin has made for the client's request, from within other calls too. */
  madeBy(plugin: string): number;
  /** Calls a tool the way a client's call goes. @throws the signal's reason when it aborts */
  call(options: ToolCallOptions): Promise<ToolAnswer>;
}

/** A header that a plugin set for the request to the upstream. */
export interface SetHeader {
  readonly plugin: string;
  /** In lower case. */
  readonly name: string;
  /**
   * Puts in the values of secrets when the request is about to go to `url`, and says how to hide them in what comes
   * back; undefined when one of them may not go there.
   */
  fill(url: URL): { readonly value: string; readonly hide?: (text: string) => string } | undefined;
}

/** The HTTP request that will carry a call to its upstream. It stays on the gateway's thread: no lane has it. */
export interface UpstreamRequest {
  setHeader(header: SetHeader): void;
}

/** Calls of one stage and the value that is threaded through them. */
export type ChainInput = {
  readonly calls: readonly HookCall[];
  readonly context: Omit<CallContext, 'deadlineMs'>;
  readonly state?: RequestState;
  readonly caller?: Caller;
  /** For the gateway's side of the capabilities; it does not travel to a lane. */
  readonly tools?: Tools;
  /** Present in before hooks of a call to an HTTP upstream. It does not travel to a lane, either. */
  readonly upstreamRequest?: UpstreamRequest;
  /** In place of `caller` on the way to a lane: what each plugin may see of it. */
  readonly shown?: ReadonlyMap<string, Caller>;
} & (
  | { readonly stage: 'before' | 'decide'; readonly value: Request }
  | { readonly stage: 'after'; readonly value: Response }
);

/** What a call took of time. */
export interface CallCost {
  readonly wallMs: number;
  /** Time on a lane's thread, where it is less than `wallMs`: the call waited. */
  readonly cpuMs?: number;
  /** Questions to capabilities that wait. */
  readonly hostCalls?: number;
}

/** What became of one call. Calls after a stop have no report. Times are milliseconds. */
export type CallReport = { readonly plugin: string } & CallCost &
  (
    | { readonly outcome: 'proceed' | 'modified' | 'respond' }
    | { readonly outcome: 'block'; readonly violation: Violation }
    | { readonly outcome: 'failed'; readonly cause: FailureCause; readonly message: string }
  );

/** What a chain of calls came to. */
export interface ChainOutput {
  readonly reports: readonly CallReport[];
  /** The value after the last change; absent when nothing changed it. */
  readonly value?: Request | Response;
  /** The answer of the plugin that responded in place of the upstream. */
  readonly answer?: Response;
  /** The state after the calls; absent when nothing changed it. */
  readonly state?: RequestState;
}

/**
 * Runs chains of hook calls somewhere safe. PluginRuntime opens it.
 * A failing plugin is a report, never a rejection; `run` rejects only when `signal` aborts or the lanes are closed.
 */
export interface HookRunner {
  run(input: ChainInput, signal?: AbortSignal): Promise<ChainOutput>;
}
