import type { Cancellation } from '../../core/canceller.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Answer } from '../answer.ts';
import type { Notification } from '../message.ts';
import type { ServerInfo } from '../server-info.ts';

/** A limit of the sessions of one tenant or caller. */
export interface SessionLimit {
  readonly owner: string;
  readonly most: number;
  /** The name of the setting. */
  readonly setting: string;
  /** Must be called when a session is refused because of it. */
  refused(): void;
}

/** The binding of a request: a revision's only view of the gateway. It is valid until the request ends. */
export interface RequestedBinding {
  readonly id: string;
  /**
   * Identifies the caller, who owns its sessions: equal for requests of the same caller. Empty for anonymous callers.
   */
  readonly principalKey: string;
  /** The limits of the caller's sessions. */
  readonly sessionLimits: readonly SessionLimit[];
  /** Waits until the available upstreams can be used. @throws Fault if none is available */
  reachUpstreams(): Promise<void>;
  /**
   * Opens the upstreams for a client, without connecting yet. Dispose of it when the client is gone, possibly long
   * after the request.
   */
  openClient(listener: ClientListener): Client;
  /**
   * Sends a request of the client through the plugins to its upstream.
   * @throws Fault; the reason of `signal` when it aborted
   */
  dispatch(client: Client, request: ClientRequest): Promise<Answer>;
}

/** One client's access to the upstreams of a binding. */
export interface Client extends Disposable {
  /** Returns what the binding offers to this client, according to what is known of its upstreams. */
  describe(): Omit<ServerInfo, 'revision'>;
  /** Starts connecting the upstreams, so that the first request waits less. A failure is reported with that request. */
  connect(): void;
  /** Sets the least severe log messages that the client wants from the upstreams. */
  setLogLevel(level: string): Promise<void>;
}

/**
 * Receives messages for a client outside of its requests. Text that plugins would have to see, but cannot, is left out.
 */
export interface ClientListener {
  /** Whether the client is listening. If not, its connections may be ended to make room. */
  isListening(): boolean;
  /** @param isShared whether clients share the connection, so that a log message may be about another client's call */
  onNotification(notification: Notification, isShared: boolean): void;
  /**
   * The binding was removed, or its rules no longer let the client in: its session ends now, and the client is disposed of
   * when the requests that are running have finished.
   */
  onRemoved?(): void;
}

/** One request of a client, independent of the revision. */
export interface ClientRequest {
  readonly method: string;
  readonly params: JsonObject;
  readonly signal: Cancellation;
  /**
   * Receives progress and log messages of this request. Absent when the client cannot be sent anything before the
   * answer. A returned promise asks the upstream to wait until it settles.
   */
  readonly onNotification?: ((notification: Notification) => Promise<void> | undefined) | undefined;
}
