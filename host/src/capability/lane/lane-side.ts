import type { Caller, RefusalReason } from '../../contract/hook-call.ts';

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
  /** The tenant of this request. */
  readonly tenant: string | undefined;
  /** What the capability's `shows` made of the caller of this request. */
  readonly caller: Caller;
  /** Leaves a note for this capability's gateway side, which gets it after the call. Returns whether it is kept. */
  tell(said: unknown): boolean;
  /** Counts and audits a refused use. `what` names the use; the reason is `not_allowed` unless given. */
  refused(what: string, reason?: RefusalReason): void;
  /** Asks this capability's `serve` on the gateway's thread. Only for functions named in `asyncImports`. */
  ask(request: unknown): Promise<unknown>;
  /**
   * Asks the same, and holds up the lane's thread until the answer is there. In a process, which shares no memory with the
   * gateway, it returns a promise. Only for functions named in `blockingImports`.
   */
  askNow(request: unknown): unknown;
  /** What the capability's `lends` returned; undefined in a process. */
  readonly lent: unknown;
  /** The number of this thread. No two threads of the gateway ever have the same. */
  readonly thread: number;
  /** Counts a use of what was lent, as `ask` counts requests. @throws LimitExceeded */
  countHostCall(): void;
}

/**
 * What guests get of a capability, on a lane's thread. All that it imports is loaded in each lane: no schemas, no
 * network, and nothing of the gateway's side, which is made from it. `G` is what it needs to know of a grant.
 */
export interface LaneSide<G = unknown> {
  readonly name: string;
  /** WIT interfaces that it provides. `@0.1.0` is that version, `@0.2` any patch of 0.2. */
  readonly wit: readonly string[];
  /** The functions that the guest gets. */
  readonly imports: (grant: G, lane: LaneContext) => HostImports;
  /** Functions, as `interface#function`, that wait for the gateway's thread. A plugin that has any gets lanes of its own. */
  readonly asyncImports?: readonly string[];
  /** Functions that the gateway answers at once. In a lane that is a process, they wait like `asyncImports`. */
  readonly blockingImports?: readonly string[];
  /** What an optional capability that was not granted answers. Without it, such a plugin is refused. */
  readonly denied?: HostImports;
  /** What guests get of it in learning mode. Only what is always granted has none. */
  readonly learning?: LaneLearning;
}

/** A capability whose uses are refused, and told. */
export interface LaneLearning {
  /**
   * Functions that refuse, and tell what would have been needed: JSON, short, and without secrets of a request.
   * `memory` is the same for all instances of one plugin in one lane.
   */
  readonly imports: (tell: (need: unknown) => void, memory: Map<string, unknown>) => HostImports;
}

/** A declared error of a WIT function: jco's glue lowers `payload` as the `err` of a `result`. */
export class DeclaredError extends Error {
  readonly payload: unknown;
  constructor(payload: unknown) {
    super('declared error');
    this.payload = payload;
  }
}

/** Ends the call: something that the contract has no error for. */
abstract class CallEnded extends Error {
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

/** A plugin went beyond a limit. It ends the call, with cause `limit`. */
export class LimitExceeded extends CallEnded {
  override readonly name = 'LimitExceeded';
}

/** A plugin handed over what is not of the contract. It ends the call, with cause `invalid_output`. */
export class ContractBroken extends CallEnded {
  override readonly name = 'ContractBroken';
}
