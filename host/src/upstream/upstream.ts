import type { Cancellation } from '../core/canceller.ts';
import type { HeaderList } from '../core/http-header.ts';
import type { JsonObject } from '../core/json.ts';
import type { Principal } from '../identity/principal.ts';
import type { Answer } from '../mcp/answer.ts';
import type { Notification } from '../mcp/message.ts';
import type { ServerInfo } from '../mcp/server-info.ts';

export interface RequestOptions {
  /** On abort the upstream is sent `notifications/cancelled`, and the request rejects with the signal's reason. */
  readonly signal?: Cancellation | undefined;
  /**
   * Called with the notifications about this request while it runs, mainly `notifications/progress`. With it, a
   * `_meta.progressToken` in the params is replaced by the gateway's own; without it, the token is removed. The
   * `progressToken` of a notification is the gateway's, which the caller must replace. Where it returns a promise, further
   * notifications are dropped until that settles, and over HTTP the server has to wait.
   */
  readonly onNotification?: ((notification: Notification) => unknown) | undefined;
  /** A time limit in milliseconds that progress does not extend; the upstream's own when absent or shorter. */
  readonly timeoutMs?: number | undefined;
  /** The setting that `timeoutMs` comes from, which the fault names. */
  readonly timeoutSetting?: string | undefined;
  /** Headers of the HTTP request that carries this one, instead of its others of the same name. stdio has none. */
  readonly headers?: HeaderList;
  /** Headers with the context of a trace, instead of others of the same name. stdio has none. */
  readonly traceHeaders?: HeaderList | undefined;
  /** The server that `headers` are for, where an upstream has several. */
  readonly headersFor?: URL | undefined;
  /** Whether it does no harm to execute a call of a tool twice, as far as the tool says. */
  readonly isRepeatable?: (() => Promise<boolean>) | undefined;
  /** The caller, whose credentials are sent where the upstream has `auth` per user. */
  readonly caller?: Principal | undefined;
}

/**
 * One client's access to an MCP server behind the gateway. It connects on first need, and again after the connection was
 * lost. Disposing ends the connection, unless other clients use it.
 */
export interface Upstream extends AsyncDisposable {
  readonly id: string;
  /** Where its HTTP requests go; absent over stdio. */
  readonly url?: URL | undefined;
  /** The header of its HTTP requests that carries its credentials, in lower case; absent without `auth`. */
  readonly credentialHeader?: string | undefined;
  /** Whether requests may go to several servers that do the same. */
  readonly failsOver?: boolean;
  /** Connects now. @throws Fault `upstream_…`, `overloaded`; a later request tries again. */
  start(signal?: AbortSignal): Promise<void>;
  /** Whether it is connected. */
  readonly ready: boolean;
  /** Whether its caller may have to connect an account there before it can be used. */
  readonly awaitsAccount?: boolean;
  /**
   * Since when the upstream can report changes, in milliseconds since the epoch: over stdio since it is connected, over
   * HTTP since its stream of messages is open. Undefined while it cannot.
   */
  readonly listeningSince: number | undefined;
  /** From the latest handshake, of any client where this one has not connected; undefined before the first. */
  readonly serverInfo: ServerInfo | undefined;
  /**
   * Sends one request and waits for its answer, which is passed through unchanged, with unknown members. A JSON-RPC error
   * is an answer.
   * @throws Fault `upstream_…`, `overloaded` when there is no answer, and the signal's reason when it aborted
   */
  request(method: string, params?: JsonObject, options?: RequestOptions): Promise<Answer>;
  /**
   * Subscribes to the notifications that belong to no request, such as `notifications/tools/list_changed`. When a new
   * connection replaces another, and when the server is reached after a failure, all lists count as changed.
   * @returns a function that unsubscribes
   */
  subscribe(listener: (notification: Notification) => void): () => void;
  /**
   * Sets the least severe log messages that the client wants. The server is sent the level now if it is connected, and on
   * every later connection. Where several clients share a connection, it is sent the most verbose level.
   */
  setLogLevel(level: string): Promise<void>;
}

/** A failed attempt to connect, `at` in milliseconds since the epoch. */
export interface ConnectFailure {
  readonly at: number;
  readonly reason: unknown;
}

/** One MCP server behind the gateway, with its clients' connections. Disposing ends all of them. */
export interface UpstreamPool extends AsyncDisposable {
  readonly id: string;
  /**
   * Makes sure that the server can be reached and that `serverInfo` is up to date. It connects, for the first client,
   * where there was no connection or the server could have been replaced unnoticed. @throws Fault `upstream_…`
   */
  start(signal?: AbortSignal): Promise<void>;
  /** Whether the latest attempt to reach the server succeeded, and it was not lost since. */
  readonly ready: boolean;
  /** Why the latest attempt to connect failed; undefined when it succeeded. */
  readonly lastFailure: ConnectFailure | undefined;
  /** From the latest handshake; undefined before the first. */
  readonly serverInfo: ServerInfo | undefined;
  /** Whether it was reached before, for this caller or another. */
  readonly wasReached: boolean;
  /** Returns the connections of one caller: all connections, unless each user has credentials of their own. */
  for(caller: Principal): UpstreamPool;
  /** The access of all clients together, where they share one connection; undefined where each has its own. */
  readonly common: Upstream | undefined;
  /**
   * Opens it for one client; nothing is connected yet.
   * @param isListening whether the client listens to the server's own messages
   * @param onSessionLost called when the server has lost the client's session; with it, no other session is begun for a
   *   request of the lost one
   */
  open(isListening?: () => boolean, onSessionLost?: () => void): Upstream;
  /** Checks that one more client could be connected now. @throws Fault `overloaded` */
  checkRoom(): void;
}
