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
import type { JsonObject } from '../core/json.ts';
import type { CallMethod, HookedMethod } from '../mcp/methods.ts';
import type { PluginHealth, PluginTrouble } from './plugin-health.ts';
import type { Receipts } from './receipt.ts';

/** One request on its way through a binding. The chain writes `reports` and `state`; the gateway logs `reports`. */
export interface HookContext {
  readonly requestId: string;
  readonly binding: string;
  readonly upstream: string;
  readonly tenant?: string;
  readonly subject?: string;
  /** Of it, a plugin is shown what it was granted. */
  readonly caller?: Caller;
  /** What plugins may be let to call. */
  readonly tools?: Tools;
  /** The HTTP request to the upstream, while before hooks may still set its headers. */
  upstreamRequest?: UpstreamRequest | undefined;
  readonly receipts: Receipts;
  state?: RequestState;
}

/** A violation as a client gets it, in `data` of the JSON-RPC error. */
export interface BlockData {
  readonly plugin: string;
  readonly code: string;
  readonly reason: string;
  readonly description: string;
  readonly details?: unknown;
}

/** `params` and `result` are the very objects that went in when no plugin changed them. */
export type BeforeOutcome =
  | { readonly kind: 'proceed'; readonly params: JsonObject }
  | { readonly kind: 'respond'; readonly result: JsonObject }
  | { readonly kind: 'block'; readonly data: BlockData };
export type AfterOutcome =
  | { readonly kind: 'proceed'; readonly result: JsonObject }
  | { readonly kind: 'block'; readonly data: BlockData };

/**
 * Looks up the output schema of the tool; undefined when it has none. `again` asks whether the known one still holds,
 * before a plugin is blamed for breaking it.
 */
export type OutputSchemaLookup = (again: boolean) => Promise<JsonObject | undefined>;

/** What an after hook must know beside the result. */
export interface AfterOptions {
  readonly signal?: AbortSignal;
  /** The tool whose result it is. */
  readonly tool?: string;
  /** Asked for when a plugin changed a tool's structuredContent, which is then validated again. */
  readonly outputSchema?: OutputSchemaLookup;
}

/** The plugins of one binding, in order. A plugin's failure is decided by its `on_error`, never thrown. */
export interface HookChain {
  /** Ids of the plugins, in the order in which they run. */
  readonly plugins: readonly string[];
  /** Those that are not called at present. */
  troubles(): readonly PluginTrouble[];
  /** Whether any plugin has a hook for it. When not, a result may pass through without being parsed. */
  handles(stage: 'before', method: CallMethod): boolean;
  handles(stage: 'after', method: HookedMethod): boolean;
  /**
   * `respond` ends the chain: the upstream is not asked, and the answer is what the caller takes to `after`, always,
   * where it passes all plugins like an upstream's (a cache must not be a way around a redaction).
   * @throws only when `signal` aborts
   */
  before(on: HookContext, method: CallMethod, params: JsonObject, signal?: AbortSignal): Promise<BeforeOutcome>;
  /** @throws only when `options.signal` aborts, and what `options.outputSchema` throws */
  after(on: HookContext, method: HookedMethod, result: JsonObject, options?: AfterOptions): Promise<AfterOutcome>;
  /** A tool's result as its after hook would show it to this plugin; undefined when it cannot be shown. */
  show(plugin: string, result: JsonObject): Response | undefined;
}

/** A loaded plugin's place in a chain. */
export interface HookedPlugin {
  readonly id: string;
  readonly hooks: ReadonlySet<HookName>;
  /** Lower runs first; plugins with the same priority run in the order of the list. */
  readonly priority: number;
  readonly onError: Readonly<Record<FailureCause, FailureAction>>;
  /** Whether it is shown images, audio and other bytes, and not only their places. */
  readonly seesBlobs: boolean;
  /** Shared by all bindings that the plugin serves. */
  readonly health: PluginHealth;
}
