import type { Response } from '../contract/generated/types.js';
import type {
  Caller,
  FailureAction,
  FailureCause,
  RequestState,
  Tools,
  UpstreamRequest,
} from '../contract/hook-call.ts';
import type { HookName } from '../contract/hook-name.ts';
import type { CallingMode } from '../contract/hook-policy.ts';
import type { Cancellation } from '../core/canceller.ts';
import type { JsonObject } from '../core/json.ts';
import type { TraceIds } from '../core/trace-ids.ts';
import type { CallMethod, CompleteMethod, HookedMethod, ListMethod } from '../mcp/methods.ts';
import type { HookSubject, NamedTarget, TargetField, Test } from './condition.ts';
import type { PluginHealth, PluginTrouble } from './plugin-health.ts';
import type { Receipts } from './receipt.ts';
import type { ListedPage } from './unmatched-names.ts';

/** One request on its way through a binding. The chain writes `reports` and `state`; the gateway logs `reports`. */
export interface HookContext {
  readonly requestId: string;
  readonly binding: string;
  readonly upstream: string;
  /** The tool, prompt or URI of a call, as it is now; undefined for a list. */
  target?: string | undefined;
  readonly tenant?: string;
  readonly subject?: string;
  /** The caller's scopes, for policies. */
  readonly scopes?: readonly string[];
  /** The caller. A plugin sees only the fields that its grants allow. */
  readonly caller?: Caller;
  /** Returns a tool as its upstream lists it, if that is known. Only for receipts. */
  readonly listedTool?: (name: string) => JsonObject | undefined;
  /** The tools that plugins can call, if granted. */
  readonly tools?: Tools;
  /** The HTTP request to the upstream, whose headers before hooks may set. */
  upstreamRequest?: UpstreamRequest | undefined;
  readonly receipts: Receipts;
  /** The ids of its span, for log lines; absent without telemetry. */
  readonly trace?: TraceIds | undefined;
  state?: RequestState;
}

/** A violation as sent to the client, in `data` of the JSON-RPC error. */
export interface BlockData {
  readonly plugin: string;
  readonly code: string;
  readonly reason: string;
  readonly description: string;
  readonly details?: unknown;
}

/**
 * The outcome of a stage. `params` and `result` are the input objects themselves if no plugin changed them; the `params`
 * of a response are those that the plugin answered.
 */
export type BeforeOutcome =
  | { readonly kind: 'proceed'; readonly params: JsonObject }
  | { readonly kind: 'respond'; readonly params: JsonObject; readonly result: JsonObject }
  | { readonly kind: 'block'; readonly data: BlockData };
export type AfterOutcome =
  | { readonly kind: 'proceed'; readonly result: JsonObject }
  | { readonly kind: 'block'; readonly data: BlockData };

/**
 * Looks up the output schema of the tool; undefined if it has none. `again` checks that the known one is still current,
 * before a plugin is blamed for violating it.
 */
export type OutputSchemaLookup = (again: boolean) => Promise<JsonObject | undefined>;

/** The input of an after stage beside the result. */
export interface AfterOptions {
  readonly signal?: Cancellation;
  /** The tool that returned the result. */
  readonly tool?: string;
  /** Called when a plugin changed a tool's structuredContent, which is then validated again. */
  readonly outputSchema?: OutputSchemaLookup;
}

/**
 * The plugins that decide about the requests of one binding. A request is allowed only if each of them allows it, except
 * those in permissive mode: whatever fails, in any way, denies.
 */
export interface Policy {
  readonly plugins: readonly PolicyPlugin[];
  /**
   * Decides about a request as it will be sent.
   * @returns why it is denied; undefined if it is allowed
   * @throws the signal's reason when it aborts; Fault `overloaded`
   */
  decide(
    on: HookContext,
    method: CallMethod,
    params: JsonObject,
    signal?: Cancellation,
  ): Promise<BlockData | undefined>;
  /**
   * Decides about targets whose arguments are not known: the entries of a list, or what a completion is for.
   * @param names the names, URIs or URI templates, as their upstream names them
   * @returns for each why it is denied; undefined if it is allowed
   * @throws the signal's reason when it aborts; Fault `overloaded`
   */
  decideMany(
    on: HookContext,
    method: DecidedMethod,
    kind: TargetField,
    names: readonly string[],
    signal?: Cancellation,
  ): Promise<readonly (BlockData | undefined)[]>;
}

/** The methods with targets whose arguments are not known. */
export type DecidedMethod = ListMethod | CompleteMethod;

/** A policy of a binding. Without `health` it is not loaded, and every request is denied. */
export interface PolicyPlugin {
  readonly id: string;
  /** `enforce` unless stated. In permissive mode it denies nothing: denials and failures are only recorded. */
  readonly mode?: CallingMode;
  readonly version?: string;
  readonly digest?: string;
  readonly health?: PluginHealth;
}

/** The plugins of one binding, in order. A plugin's failure is handled by its `on_error`, never thrown. */
export interface HookChain {
  /** The ids of the plugins, in the order in which they run. */
  readonly plugins: readonly string[];
  /** Decides about requests, after all hooks before the upstream; absent if there are no policies. */
  readonly policy?: Policy | undefined;
  /** Whether its hook calls are recorded. */
  readonly isRecorded?: boolean;
  /** The plugins that are currently not called. */
  troubles(): readonly PluginTrouble[];
  /** The plugins in shadow that missed calls, with their number, in all bindings. */
  dropped(): readonly { readonly plugin: string; readonly calls: number }[];
  /**
   * Whether any plugin whose outcome counts has a hook for it. When not, a result may pass through without being parsed.
   * @param about what the call is about, so that plugins whose conditions do not match it are left out
   */
  handles(stage: 'before', method: CallMethod, about?: CallSubject): boolean;
  handles(stage: 'after', method: HookedMethod, about?: CallSubject): boolean;
  /** Whether any plugin in shadow has a hook for a method, and is called for what `about` says. */
  isShadowed(stage: 'before' | 'after', method: HookedMethod, about?: CallSubject): boolean;
  /**
   * Shows a value to the plugins in shadow, beside the request, where no other plugin is called. `before` and `after` show
   * theirs.
   */
  shadowBefore(on: HookContext, method: CallMethod, params: JsonObject): void;
  /** @param read reads the result, which may have to be parsed; called after this turn of the event loop */
  shadowAfter(on: HookContext, method: HookedMethod, read: () => JsonObject): void;
  /**
   * `respond` ends the chain: the upstream is not called, and the caller always passes the answer to `after`, where it
   * goes through all plugins like an upstream's, so that a cache is not a way around a redaction.
   * @throws only when `signal` aborts
   */
  before(on: HookContext, method: CallMethod, params: JsonObject, signal?: Cancellation): Promise<BeforeOutcome>;
  /** @throws only when `options.signal` aborts, or what `options.outputSchema` throws */
  after(on: HookContext, method: HookedMethod, result: JsonObject, options?: AfterOptions): Promise<AfterOutcome>;
  /** Whether `listed` has conditions to compare lists with. */
  readonly looksAtLists: boolean;
  /** Looks at a page of an upstream's list, to warn of conditions that match nothing. */
  listed(page: ListedPage): void;
  /** Returns a tool's result in the form that this plugin's after hook gets; undefined if it cannot be represented. */
  show(plugin: string, result: JsonObject): Response | undefined;
}

/** What conditions look at before there is content. */
export type CallSubject = Pick<HookSubject, 'upstream' | 'tenant' | 'subject' | 'target'>;

/** A loaded plugin in a chain. */
export interface HookedPlugin {
  readonly id: string;
  readonly version?: string;
  /** The digest of its artifact. */
  readonly digest?: string;
  readonly hooks: ReadonlySet<HookName>;
  /** Lower numbers run first; plugins with the same priority run in the order of the list. */
  readonly priority: number;
  /** Whether it runs at the same time as others of its priority. Not unless stated. */
  readonly isInBand?: boolean;
  readonly onError: Readonly<Record<FailureCause, FailureAction>>;
  /** Whether it sees images, audio and other bytes, not only placeholders. */
  readonly seesBlobs: boolean;
  /** `enforce` unless stated. */
  readonly mode?: CallingMode;
  /** Whether it is called for a hook call; for each one unless stated. */
  readonly matches?: Test | undefined;
  /** The targets that its conditions name in this binding. */
  readonly named?: readonly NamedTarget[];
  /** Shared by all bindings that the plugin serves. */
  readonly health: PluginHealth;
}
