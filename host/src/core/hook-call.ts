import type { CallContext, Request, Response, Violation } from './contract/types.js';
import type { JsonObject } from './json.ts';

/** Why a hook call yielded no outcome. `on_error` is decided by it. */
export type FailureCause = 'trap' | 'timeout' | 'limit' | 'invalid_output' | 'unavailable';

export type Stage = 'before' | 'after';

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
}

/** Something that a plugin's capability has to tell once a call is over: a measurement, an event, a refused use. */
export interface Note {
  readonly plugin: string;
  readonly capability: string;
  /** What was refused, and why; no other word is then said. */
  readonly refused?: string;
  readonly said?: unknown;
}

/** Calls of one stage and the value that is threaded through them. */
export type ChainInput = {
  readonly calls: readonly HookCall[];
  readonly context: Omit<CallContext, 'deadlineMs'>;
  readonly state?: RequestState;
  readonly caller?: Caller;
  /** In place of `caller` on the way to a lane: what each plugin may see of it. */
  readonly shown?: ReadonlyMap<string, Caller>;
} & ({ readonly stage: 'before'; readonly value: Request } | { readonly stage: 'after'; readonly value: Response });

/** What became of one call. Calls after a stop have no report. Times are milliseconds. */
export type CallReport = { readonly plugin: string; readonly wallMs: number } & (
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
  /** For the gateway's side of the capabilities; nobody behind the runner sees them. */
  readonly notes?: readonly Note[];
}

/**
 * Runs chains of hook calls somewhere safe. The sandbox implements it.
 * A failing plugin is a report, never a rejection; `run` rejects only when `signal` aborts or the lanes are closed.
 */
export interface HookRunner {
  run(input: ChainInput, signal?: AbortSignal): Promise<ChainOutput>;
}
