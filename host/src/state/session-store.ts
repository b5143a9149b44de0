import type { JsonObject } from '../core/json.ts';
import type { MaybePromise } from '../core/maybe-promise.ts';

/** What is stored about one session. Sockets and running calls belong to one process and are not part of it. */
export interface SessionFacts {
  readonly id: string;
  readonly binding: string;
  /** Whom the session belongs to, by `principalKey`. */
  readonly principal: string;
  /** The version of MCP that client and gateway agreed on. */
  readonly revision: string;
  readonly clientCapabilities: JsonObject;
  /** The address that the session counts for. */
  readonly address: string;
  /** The least severe log messages that the client wants; absent unless it said so. */
  readonly logLevel?: string;
  /** Milliseconds since the epoch. */
  readonly lastUsed: number;
}

/**
 * Stores the sessions of clients, so that another process, or the same one after a restart, can take them over. A
 * session that was not used for the idle time is no longer found. A store that is at hand answers without a promise.
 */
export interface SessionStore {
  create(facts: SessionFacts): MaybePromise<void>;
  /** Returns undefined for a session that never was, has ended, or was not used for the idle time. */
  find(id: string): MaybePromise<SessionFacts | undefined>;
  /** Notes that a session was used at `at`, in milliseconds since the epoch. An unknown id is ignored. */
  touch(id: string, at: number): MaybePromise<void>;
  /** Sets the log level of a session. An unknown id is ignored. */
  setLogLevel(id: string, level: string): MaybePromise<void>;
  /** Ends a session. An unknown id is ignored. */
  end(id: string): MaybePromise<void>;
  /** Forgets the sessions that were not used for the idle time. It is called from time to time. */
  dropIdle(): MaybePromise<void>;
}
