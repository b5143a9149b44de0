import type { z } from 'zod';
import type { Caller, RefusalReason, Tools, UpstreamRequest } from '../contract/hook-call.ts';
import type { Log } from '../core/log.ts';
import type { Facilities } from './facilities.ts';
import type { LaneLearning, LaneSide } from './lane/lane-side.ts';

/** The hook call for which a capability is asked. While a plugin starts, the ids are empty. */
export interface ServedCall {
  readonly requestId: string;
  readonly binding: string;
  readonly upstream: string;
  readonly tenant?: string | undefined;
  readonly subject?: string | undefined;
  /** Aborts when the answer is no longer needed. */
  readonly signal: AbortSignal;
  /** Other tools that can be called for the same request. Absent while a plugin starts. */
  readonly tools?: Tools | undefined;
  /** The HTTP request to the upstream. Present in before hooks of a call to an HTTP upstream. */
  readonly upstreamRequest?: UpstreamRequest | undefined;
}

/** The hook call that left a note. */
export type HeardCall = Omit<ServedCall, 'signal' | 'tools'>;

/** Receives a note that a capability left in a lane. The note is not trusted, because a lane may send anything. */
export type Hear = (said: unknown, call: HeardCall) => void;

/** The gateway's side of an asynchronous capability. Its answer must be plain data. */
export type Serve = (request: unknown, call: ServedCall) => Promise<unknown>;

/** What lanes use directly. */
export interface Lent {
  /**
   * Returns plain data and shared memory for a thread, which the lane's functions get as `lane.lent`; undefined if that
   * thread gets none.
   */
  lend(thread: number): unknown;
  /** Finishes what a thread left undone that has ended, or that runs no call now. */
  settle(thread: number): void;
  /** Takes back what a thread was lent, which has ended. */
  end(thread: number): void;
}

/** What the gateway's side of a capability can use, for one plugin. */
export interface ServeContext extends Facilities {
  readonly plugin: string;
  readonly log: Log;
  /**
   * Has a refused use counted and audited. `what` names what was asked for; the reason is `not_allowed` unless stated.
   */
  refused(what: string, call: HeardCall, reason?: RefusalReason): void;
  /** Registers work for when the plugin's lanes close. */
  defer(close: () => Promise<void> | void): void;
}

/**
 * Defines a named host power: what guests get, and what the gateway decides. Refusal messages, the schema of the
 * configuration and the documentation are derived from these fields.
 */
export interface Capability<G = unknown> extends LaneSide<G> {
  /** Granted to every plugin, without a line in the operator's file. */
  readonly always?: true;
  /** What a plugin gets, for its author: a phrase without a full stop. */
  readonly gives: string;
  /** What a reviewer should know before granting it. */
  readonly risk: string;
  readonly grant: z.ZodType<G>;
  /** The line that grants it, as written under `grants:` in the operator's file. */
  readonly example: string;
  /**
   * Whether a plugin in shadow may use it, because it has no effect or the gateway discards what it does. Otherwise its
   * uses are refused there.
   */
  readonly worksInShadow?: true;
  /** Runs on the gateway's thread, where a plugin's grant is enforced out of the guest's reach. */
  serve?(grant: G, on: ServeContext): Serve;
  /** Returns what the plugin's lanes use directly, without `serve`. Lanes in other processes get none of it. */
  lends?(grant: G, on: ServeContext): Lent | undefined;
  /** Receives the notes of the lane's functions, after a call or the start of the plugin. */
  hear?(grant: G, on: ServeContext): Hear;
  /** Returns the tenants whose calls must not share an instance with others, because of what they are given. */
  tenantsApart?(grant: G, on: ServeContext): Iterable<string>;
  /** Returns the names of the secrets that a grant is about: a plugin starts again when one of them has changed. */
  secretsIn?(grant: G | undefined): readonly string[];
  /** Returns the part of the caller that a plugin may see. */
  shows?(grant: G, caller: Caller, request?: UpstreamRequest): Caller;
  /** What `denied` answers, for the documentation. */
  readonly deniedBy?: string;
  /** The uses that are refused at run time, by reason, for the documentation. */
  readonly refuses: RefusedUses;
  readonly learning?: Learning;
}

/** When a use is refused, by reason. Those that do not depend on the use are left out. */
export type RefusedUses = Readonly<Partial<Record<Exclude<RefusalReason, 'not_granted' | 'shadow'>, string>>>;

/** Learning mode: uses are refused and recorded. */
export interface Learning extends LaneLearning {
  /** What is recorded, and which grant is suggested from it, for the documentation. */
  readonly records: string;
  /**
   * The smallest argument that lets all these needs through. They come from a lane: not trusted. `uses` are the needs
   * of all capabilities of the plugin, by name.
   */
  grant(needs: readonly unknown[], uses: Readonly<Record<string, readonly unknown[]>>): unknown;
}

/**
 * Keeps the type of a capability's grant within its own file. The compiler checks that the schema's output is what the
 * lane's side takes.
 */
export const defineCapability = <G>(capability: Capability<G>): Capability => capability as Capability;
