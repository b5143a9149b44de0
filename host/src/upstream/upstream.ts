import type { HeaderList } from '../core/http-header.ts';
import type { JsonObject } from '../core/json.ts';
import type { Answer } from '../mcp/answer.ts';
import type { Notification } from '../mcp/message.ts';
import type { ServerInfo } from '../mcp/server-info.ts';

export interface RequestOptions {
  /** Aborted: the upstream is sent `notifications/cancelled`, and the request rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * Called with what the upstream says about this very request while it runs, `notifications/progress` above all.
   * With it, a `_meta.progressToken` in the params is replaced by a token of our own; without it, it is left out.
   * The notification's `progressToken` is ours: put the caller's back. Where it returns a promise, further notifications
   * are dropped until that settles, and over HTTP the server has to wait.
   */
  readonly onNotification?: (notification: Notification) => unknown;
  /** Milliseconds that progress does not extend; the upstream's own time-out when absent or shorter. */
  readonly timeoutMs?: number;
  /** The setting that `timeoutMs` comes from, for the message of the fault. */
  readonly timeoutSetting?: string;
  /** Headers of the one HTTP request that carries this, in place of those that it would have. stdio has none. */
  readonly headers?: HeaderList;
}

/**
 * What one client has of an MCP server behind the gateway. Connected on first need, and again after the connection was
 * lost. Disposing ends the connection, unless others use it.
 */
export interface Upstream extends AsyncDisposable {
  readonly id: string;
  /** Where its HTTP requests go; absent for a server that is reached over stdio. */
  readonly url?: URL | undefined;
  /** Connects now. @throws Fault `upstream_…`, `overloaded`; a later request tries again. */
  start(signal?: AbortSignal): Promise<void>;
  /** Whether a connection stands. */
  readonly ready: boolean;
  /**
   * Since when the upstream can tell us that something changed (milliseconds since the epoch): over stdio since it is
   * connected, over HTTP since its stream of messages is open. Absent while it cannot.
   */
  readonly listeningSince: number | undefined;
  /** From the latest handshake, by another client where this one has not connected; absent before the first. */
  readonly serverInfo: ServerInfo | undefined;
  /**
   * Sends one request and waits for its answer, which passes through untouched: unknown members survive.
   * A JSON-RPC error is an answer.
   * @throws Fault `upstream_…`, `overloaded` when there is no answer, and the signal's reason when it aborted
   */
  request(method: string, params?: JsonObject, options?: RequestOptions): Promise<Answer>;
  /**
   * Hears the notifications that belong to no request, such as `notifications/tools/list_changed`. When a connection
   * takes the place of another, and when the server is there after it could not be reached, all lists count as changed.
   * @returns a function that ends it
   */
  subscribe(listener: (notification: Notification) => void): () => void;
  /**
   * Sets the least severe log messages that the client wants. The server hears of it now where it is connected, and
   * whenever it is connected again; from several clients on one connection it hears the most verbose level.
   */
  setLogLevel(level: string): Promise<void>;
}

/** A failed attempt to connect, `at` in milliseconds since the epoch. */
export interface ConnectFailure {
  readonly at: number;
  readonly reason: unknown;
}

/** One MCP server behind the gateway, and the connections of clients with it. Disposing ends all of them. */
export interface UpstreamPool extends AsyncDisposable {
  readonly id: string;
  /**
   * Makes sure that the server can be reached and that `serverInfo` is what it offers now. Makes a connection, for the
   * first client, where none was made, or where it could have been replaced unnoticed. @throws Fault `upstream_…`
   */
  start(signal?: AbortSignal): Promise<void>;
  /** Whether the server could be reached the last time that it was tried, and was not lost since. */
  readonly ready: boolean;
  /** Why the last attempt to connect failed; absent since one did not. */
  readonly lastFailure: ConnectFailure | undefined;
  /** From the latest handshake; absent before the first. */
  readonly serverInfo: ServerInfo | undefined;
  /** What concerns all clients alike, where they have one connection together; undefined where each has its own. */
  readonly common: Upstream | undefined;
  /**
   * Opens it for one client; nothing is connected yet.
   * @param isListening whether the client listens to what the server says by itself
   */
  open(isListening?: () => boolean): Upstream;
  /** Whether a client more could be connected now. @throws Fault `overloaded` */
  checkRoom(): void;
}
