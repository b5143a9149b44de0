import type { JsonObject } from '../../core/json.ts';
import type { Answer } from '../answer.ts';
import type { Notification } from '../message.ts';
import type { ServerInfo } from '../server-info.ts';

/** The binding that a request is for. It is all that a revision of MCP sees of the gateway, and it ends with the request. */
export interface RequestedBinding {
  readonly id: string;
  /** The same text for each request of one caller, and another for any other: sessions belong to it. Empty for anonymous callers. */
  readonly principalKey: string;
  /** Waits until the upstreams can be used, those left out that cannot. @throws Fault when none can */
  reachUpstreams(): Promise<void>;
  /** Opens the upstreams for a client until it is disposed, which may be long after the request. Nothing is connected yet. */
  openClient(listener: ClientListener): Client;
  /**
   * Sends a request of the client through the plugins to its upstream.
   * @throws Fault; the reason of `signal` when it aborted
   */
  dispatch(client: Client, request: ClientRequest): Promise<Answer>;
}

/** What one client has of the upstreams of a binding. */
export interface Client extends Disposable {
  /** Says what the binding offers to this client, by what is known of its upstreams now. */
  describe(): Omit<ServerInfo, 'revision'>;
  /** Starts to connect the upstreams, so that the first request waits less. A failure shows with that request. */
  connect(): void;
  /** Sets the least severe log messages that the client wants from the upstreams. */
  setLogLevel(level: string): Promise<void>;
}

/** Receives what concerns a client outside of its requests. Text that the plugins should see and cannot is left out. */
export interface ClientListener {
  /** Whether the client listens now. Connections of a client that does not may be ended to make room. */
  isListening(): boolean;
  /** @param isShared whether clients share the connection, so that a log message may be about another one's call */
  onNotification(notification: Notification, isShared: boolean): void;
}

/** One request of a client, whatever revision it was written in. */
export interface ClientRequest {
  readonly method: string;
  readonly params: JsonObject;
  readonly signal: AbortSignal;
  /**
   * Receives progress and log messages of this request. Absent when the client cannot be sent anything before the answer.
   * A returned promise asks the upstream to wait until it settles.
   */
  readonly onNotification?: (notification: Notification) => Promise<void> | undefined;
}
