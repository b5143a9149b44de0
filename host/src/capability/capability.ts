import type { z } from 'zod';
import type { Caller, RefusalReason, Tools } from '../core/hook-call.ts';
import type { Log } from '../core/log.ts';
import type { Facilities } from './facilities.ts';

/** Host functions by WIT interface (without version), as jco's glue takes them. */
export type HostImports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What a capability's functions can use in a lane while a plugin runs. All of it belongs to one plugin. */
export interface LaneContext {
  readonly plugin: string;
  /** Adds a line to the plugin's log. Lines beyond the limit are counted and dropped. */
  log(level: LogLevel, message: string): void;
  /** State of the request that is being served. @throws LimitExceeded */
  readonly state: {
    get(key: string): string | undefined;
    set(key: string, value: string): void;
    getShared(key: string): string | undefined;
    setShared(key: string, value: string): void;
  };
  /** What the capability's `shows` made of the caller of this request. */
  readonly caller: Caller;
  /** Says something to this capability's `hear` on the gateway's thread, once the call is over. */
  tell(said: unknown): void;
  /** Has a refused use counted and audited. `what` names what was asked for; the reason is `not_allowed` unless stated. */
  refused(what: string, reason?: RefusalReason): void;
  /** Asks this capability's `serve` on the gateway's thread. Only for functions named in `asyncImports`. */
  ask(request: unknown): Promise<unknown>;
}

/** The hook call for which a capability is asked. While a plugin starts, the ids are empty. */
export interface ServedCall {
  readonly requestId: string;
  readonly binding: string;
  readonly upstream: string;
  readonly tenant?: string | undefined;
  readonly subject?: string | undefined;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Other tools that can be called for the same request. Absent while a plugin starts. */
  readonly tools?: Tools | undefined;
}

/** The hook call in which something was said. */
export type HeardCall = Omit<ServedCall, 'signal' | 'tools'>;

/** Takes what was told in a lane. Not trusted: a lane may say anything. */
export type Hear = (said: unknown, call: HeardCall) => void;

/** The gateway's side of an asynchronous capability. Its answer must be plain data. */
export type Serve = (request: unknown, call: ServedCall) => Promise<unknown>;

/** What the gateway's side of a capability can use, for one plugin. */
export interface ServeContext extends Facilities {
  readonly plugin: string;
  readonly log: Log;
  /** Has a refused use counted and audited. `what` names what was asked for; the reason is `not_allowed` unless stated. */
  refused(what: string, call: HeardCall, reason?: RefusalReason): void;
  /** Registers what is to be done when the plugin's lanes close. */
  defer(close: () => Promise<void> | void): void;
}

/**
 * A named host power. One file defines one capability; everything that is said of capabilities elsewhere (refusals,
 * the config's schema, the documentation) is derived from these fields.
 */
export interface Capability<G = unknown> {
  readonly name: string;
  /** Granted to every plugin, without a line in the operator's file. */
  readonly always?: true;
  /** WIT interfaces that it provides. `@0.1.0` is that version, `@0.2` any patch of 0.2. */
  readonly wit: readonly string[];
  /** What a reviewer should know before granting it. */
  readonly risk: string;
  readonly grant: z.ZodType<G>;
  /** The line that grants it, as it stands under `grants:` in the operator's file. */
  readonly example: string;
  /** The functions that the guest gets, for the lane's thread. */
  imports(grant: G, lane: LaneContext): HostImports;
  /** Functions, as `interface#function`, that wait for the gateway's thread. A plugin that has any gets lanes of its own. */
  readonly asyncImports?: readonly string[];
  /** Runs on the gateway's thread, where a plugin's grant is enforced out of the guest's reach. */
  serve?(grant: G, on: ServeContext): Serve;
  /** Takes what functions told in a lane, after the call. What is told while a plugin starts is lost. */
  hear?(grant: G, on: ServeContext): Hear;
  /** What of the caller a plugin may see. */
  shows?(grant: G, caller: Caller): Caller;
  /** What an optional capability that was not granted answers. Without it, such a plugin is refused. */
  readonly denied?: HostImports;
  /** What `denied` answers, for the documentation. */
  readonly deniedBy?: string;
  /** The uses that are refused at run time, by reason, for the documentation. */
  readonly refuses: RefusedUses;
  /** What guests get of it in learning mode. Only what is always granted has none. */
  readonly learning?: Learning;
}

/** When a use is refused, for each reason for which one is. That it was not granted goes without saying. */
export type RefusedUses = Readonly<Partial<Record<Exclude<RefusalReason, 'not_granted'>, string>>>;

/** A capability whose uses are refused, and recorded. */
export interface Learning {
  /** What is recorded and what is made of it, for the documentation. */
  readonly records: string;
  /**
   * Functions that refuse, and tell what would have been needed: JSON, short, and without secrets of a request.
   * `memory` is the same for all instances of one plugin in one lane.
   */
  imports(tell: (need: unknown) => void, memory: Map<string, unknown>): HostImports;
  /**
   * The smallest argument that lets all these needs through. They come from a lane: not trusted. `uses` are the needs
   * of all capabilities of the plugin, by name.
   */
  grant(needs: readonly unknown[], uses: Readonly<Record<string, readonly unknown[]>>): unknown;
}

/** Keeps the type of a capability's grant within its own file. */
export const defineCapability = <G>(capability: Capability<G>): Capability => capability as Capability;

/** A declared error of a WIT function: jco's glue lowers `payload` as the `err` of a `result`. */
export class DeclaredError extends Error {
  readonly payload: unknown;
  constructor(payload: unknown) {
    super('declared error');
    this.payload = payload;
  }
}

/** A plugin went beyond a limit that the contract has no error for. It ends the call, with cause `limit`. */
export class LimitExceeded extends Error {
  override readonly name = 'LimitExceeded';

  constructor(message: string) {
    super(message);
    // Of a function with a `result`, jco's glue takes all that is thrown for the declared error, and reads its payload.
    Object.defineProperty(this, 'payload', {
      get: () => {
        throw this;
      },
    });
  }
}
