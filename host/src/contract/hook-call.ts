import type { Cancellation } from '../core/canceller.ts';
import type { JsonObject } from '../core/json.ts';
import type { CallError } from './generated/tool-call.js';
import type {
  ArrivingRequest,
  AuthenticatedCaller,
  CallContext,
  Credentials,
  Decision,
  JoiningServer,
  ListRefresh,
  Narrowed,
  PolicyContext,
  Principal,
  RegisteredServer,
  Request,
  Response,
  ServerList,
  ToolResult,
  Violation,
} from './generated/types.js';
import type { EntryName } from './kinds.ts';

/** Why a hook call has no outcome; `on_error` is chosen by it. */
export type FailureCause = 'trap' | 'timeout' | 'limit' | 'invalid_output' | 'unavailable' | 'merge';

/** The effect of a plugin's failure: block the request, skip the plugin once, or skip it from now on. */
export const failureActions = ['deny', 'ignore', 'disable'] as const;
export type FailureAction = (typeof failureActions)[number];

/** The entry point that a chain calls; `configure` only makes sure that the plugin has an instance for the caller. */
export type Stage = EntryName | 'configure';

/** One hook call for a lane to make. It says what to do, not why, because a lane knows no policy. */
export interface HookCall {
  /** The id of a loaded plugin. */
  readonly plugin: string;
  /** Whether a block ends the chain. */
  readonly stopOnBlock: boolean;
  /** Whether a failure ends the chain. */
  readonly stopOnFailure: boolean;
}

/**
 * State between the hooks of one request, by plugin id; all plugins see `shared`. Plain data, because it crosses
 * threads.
 */
export interface RequestState {
  readonly local: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly shared: ReadonlyMap<string, string>;
}

/** The caller of a request. A plugin sees only the fields that its grants allow. */
export interface Caller {
  /** Headers of the HTTP request, by lower-case name. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The claims of the authenticated caller. */
  readonly claims?: JsonObject;
  /** Whether the request to the upstream has HTTP headers that a plugin can set now. */
  readonly upstreamTakesHeaders?: boolean;
}

/** Why a capability refused a use: not granted, outside the grant, over a limit, malformed, or not in shadow. */
export type RefusalReason = 'not_granted' | 'not_allowed' | 'over_limit' | 'invalid' | 'shadow';

/** A refused use of a capability, with the reason. */
export interface Refusal {
  readonly what: string;
  readonly reason: RefusalReason;
  /** The number of times, if it was refused more than once. */
  readonly times?: number;
}

/** An event of a plugin's capability, reported after the call: a measurement, an audit event, a refused use. */
export interface Note {
  readonly plugin: string;
  readonly capability: string;
  /** If present, it is the whole message. */
  readonly refused?: Refusal;
  readonly said?: unknown;
}

/** A plugin's call of a tool. The tool has the name under which clients of the binding know it. */
export interface CalledTool {
  readonly plugin: string;
  readonly tool: string;
}

export interface ToolCallOptions extends CalledTool {
  /** A JSON object, as text. */
  readonly argumentsJson: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Whether the call is allowed. Called again if another plugin changed it to a call of a different tool. */
  allows(tool: string): boolean;
}

export type ToolAnswer = { readonly ok: ToolResult } | { readonly err: CallError };

/**
 * The tools of the binding, for the plugins of one request. It stays on the gateway's thread and is never sent to a
 * lane.
 */
export interface Tools {
  /** The plugin calls that this request is nested in, outermost first; empty for a client's own request. */
  readonly within: readonly CalledTool[];
  /** Returns the number of calls a plugin has made for the client's request, nested ones included. */
  madeBy(plugin: string): number;
  /** Calls a tool like a client would. @throws the signal's reason when it aborts */
  call(options: ToolCallOptions): Promise<ToolAnswer>;
}

/** A header that a plugin set for the request to the upstream. */
export interface SetHeader {
  readonly plugin: string;
  /** The name in lower case. */
  readonly name: string;
  /**
   * Replaces secret references when the request is about to be sent to `url`, and returns how to hide the values in the
   * response; undefined if one of them may not be sent there.
   */
  fill(url: URL): { readonly value: string; readonly hide?: (text: string) => string } | undefined;
}

/**
 * The HTTP request that will carry a call to its upstream. It stays on the gateway's thread and is never sent to a
 * lane.
 */
export interface UpstreamRequest {
  /** The header that carries the gateway's credentials, which no plugin can set; absent where it sends none. */
  readonly credentialHeader?: string | undefined;
  setHeader(header: SetHeader): void;
}

/** Facts about a request, for the plugins that are called for it. Only policies get the method and the scopes. */
export type RequestFacts = Omit<CallContext, 'deadlineMs'> &
  Partial<Pick<PolicyContext, 'method'>> & { readonly scopes?: readonly PolicyContext['scopes'][number][] };

/** The facts that one call gets. */
export type CallFacts = RequestFacts & Pick<CallContext, 'deadlineMs'>;

/** Counts what plugins went on doing for a request that was aborted. */
export interface LateWork {
  /** Adds the milliseconds that plugins worked after the abort, or before it without a report. */
  addLate(ms: number): void;
}

/** The calls of one stage and the value that passes through them. */
export type ChainInput = {
  readonly calls: readonly HookCall[];
  readonly context: RequestFacts;
  readonly state?: RequestState | undefined;
  readonly caller?: Caller | undefined;
  /** For the gateway's side of the capabilities; it is not sent to a lane. */
  readonly tools?: Tools | undefined;
  /** Present in before hooks of a call to an HTTP upstream; it is not sent to a lane. */
  readonly upstreamRequest?: UpstreamRequest | undefined;
  /** Gets the time of a chain that was aborted in a lane, once it has ended there; it is not sent to a lane. */
  readonly late?: LateWork | undefined;
  /** Replaces `caller` on the way to a lane: the fields that each plugin may see. */
  readonly shown?: ReadonlyMap<string, Caller> | undefined;
} & (
  | { readonly stage: 'before' | 'decide'; readonly value: Request }
  /** The value is not used. A plugin that refuses its configuration blocks. */
  | { readonly stage: 'configure'; readonly value: Request }
  | { readonly stage: 'after'; readonly value: Response }
  /** One call decides about all of the requests. */
  | { readonly stage: 'decideMany'; readonly value: Request[] }
  | { readonly stage: 'identify'; readonly value: Credentials }
  | { readonly stage: 'preCheck'; readonly value: ArrivingRequest }
  | { readonly stage: 'postCheck'; readonly value: AuthenticatedCaller }
  | { readonly stage: 'preRegister'; readonly value: JoiningServer }
  | { readonly stage: 'postRegister'; readonly value: RegisteredServer }
  | { readonly stage: 'preSync'; readonly value: ListRefresh }
  | { readonly stage: 'postSync'; readonly value: ServerList }
);

/** A value of which plugins see one after the other what the earlier ones made of it. */
export type ChainedValue = Request | Response | JoiningServer | RegisteredServer | ListRefresh | ServerList;

/** A value that a plugin may return instead of the one that it was shown. */
export type ChangedValue = Request | Response | ServerList;

/** What an identity plugin is asked. */
export type IdentityQuestion =
  | Pick<Extract<ChainInput, { stage: 'identify' }>, 'stage' | 'value'>
  | Pick<Extract<ChainInput, { stage: 'preCheck' }>, 'stage' | 'value'>
  | Pick<Extract<ChainInput, { stage: 'postCheck' }>, 'stage' | 'value'>;

/** What a federation plugin is asked. */
export type FederationQuestion =
  | Pick<Extract<ChainInput, { stage: 'preRegister' }>, 'stage' | 'value'>
  | Pick<Extract<ChainInput, { stage: 'postRegister' }>, 'stage' | 'value'>
  | Pick<Extract<ChainInput, { stage: 'preSync' }>, 'stage' | 'value'>
  | Pick<Extract<ChainInput, { stage: 'postSync' }>, 'stage' | 'value'>;

/** What a call cost. Times are in milliseconds. */
export interface CallCost {
  readonly wallMs: number;
  /** The time on a lane's thread, if less than `wallMs` because the call waited. */
  readonly cpuMs?: number;
  /** The number of asynchronous capability calls. */
  readonly hostCalls?: number;
  /** The units of fuel that the call used, if they are limited. More than the limit after it was exceeded. */
  readonly fuel?: number;
}

/** The outcome of one call. Calls after a stop have no report. Times are in milliseconds. */
export type CallReport = { readonly plugin: string } & CallCost &
  (
    | { readonly outcome: 'proceed' | 'modified' | 'respond' }
    | { readonly outcome: 'block'; readonly violation: Violation }
    | { readonly outcome: 'failed'; readonly cause: FailureCause; readonly message: string }
  );

/** The result of a chain of calls. */
export interface ChainOutput {
  readonly reports: readonly CallReport[];
  /** The value after the last change; absent if it did not change. */
  readonly value?: ChangedValue | undefined;
  /** The response of a plugin that answered instead of the upstream. */
  readonly answer?: Response | undefined;
  /** The answer of a plugin about the caller of a request. */
  readonly identified?: Principal | Narrowed | undefined;
  /** The decisions of the last call about several requests, one for each. */
  readonly decisions?: readonly Decision[] | undefined;
  /** The state after the calls; absent if it did not change. */
  readonly state?: RequestState | undefined;
}

/**
 * Runs chains of hook calls in isolation. PluginRuntime opens it.
 * A failing plugin leads to a report, never to a rejection; `run` rejects only if `signal` aborts or the lanes are
 * closed.
 */
export interface HookRunner {
  run(input: ChainInput, signal?: Cancellation): Promise<ChainOutput>;
}
