import { signalOf } from '../../core/canceller.ts';
import type { Fault } from '../../core/fault.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Log } from '../../core/log.ts';
import { unlessAborted } from '../../core/unless-aborted.ts';
import type { Principal } from '../../identity/principal.ts';
import type { Answer } from '../../mcp/answer.ts';
import type { Notification } from '../../mcp/message.ts';
import type { ServerInfo } from '../../mcp/server-info.ts';
import type { RequestCounts } from '../request-counts.ts';
import { markUnsent } from '../unsent.ts';
import type { RequestOptions, Upstream } from '../upstream.ts';
import { BackOff } from './back-off.ts';
import { type RequestTimes, SessionExpired } from './connection.ts';
import { requestTimes, timeoutFault } from './pending-request.ts';
import type { ConnectionUser, PooledConnection } from './pooled-connection.ts';

/** Where a client gets its connections. */
export interface ConnectionSource {
  readonly id: string;
  /** Where HTTP requests go; undefined over stdio. */
  readonly url: URL | undefined;
  /** As in Upstream. */
  readonly credentialHeader: string | undefined;
  /** From the latest handshake with the server. */
  readonly serverInfo: ServerInfo | undefined;
  /** Why the latest attempt to reach the server failed; undefined when it did not. */
  readonly failure: unknown;
  /** Uses the token that a caller presents now for what is sent from now on without a caller. */
  use(caller: Principal): void;
  /** As in Upstream. */
  readonly awaitsAccount?: boolean;
  /** Returns an open connection for `user`: the one of all clients, one without a user, or a new one. */
  connect(user: ConnectionUser, signal: AbortSignal): Promise<PooledConnection>;
  /** Spaces out attempts to connect. An answer to a request ends a series of failures. */
  readonly backOff: BackOff;
  /** Ends a connection that is broken. Further calls for it are ignored. */
  lose(connection: PooledConnection): void;
  /** Ends a connection whose session the server has forgotten, which does not count as a failure. */
  expire(connection: PooledConnection): void;
  /** Ends the use of a connection by `user`. */
  release(connection: PooledConnection, user: ConnectionUser): void;
  /** Makes the fault of requests to a closed source. */
  closedFault(): Fault;
}

export interface ClientOptions {
  readonly times: RequestTimes;
  readonly log: Log;
  /** Counts the requests. */
  readonly counts?: RequestCounts | undefined;
  readonly isCommon?: boolean;
  readonly isListening?: (() => boolean) | undefined;
  /** See `UpstreamPool.open`. */
  readonly onSessionLost?: (() => void) | undefined;
  onClose(client: ClientUpstream): void;
}

/** Milliseconds of connecting after which a list may have been answered without this upstream. */
const slowConnectMs = 1_000;

const listChanges = {
  tools: 'notifications/tools/list_changed',
  prompts: 'notifications/prompts/list_changed',
  resources: 'notifications/resources/list_changed',
};

/** One client's upstream: it connects on first need, and again after the connection was lost. */
export class ClientUpstream implements Upstream, ConnectionUser {
  readonly id: string;
  readonly #source: ConnectionSource;
  readonly #options: ClientOptions;
  readonly #backOff = new BackOff();
  readonly #closing = new AbortController();
  readonly #listeners = new Set<(notification: Notification) => void>();
  #connection: PooledConnection | undefined;
  #attempt: Promise<PooledConnection> | undefined;
  #serverInfo: ServerInfo | undefined;
  /** An earlier connection has ended, so the next one may have other lists. */
  #isRenewed = false;
  /** Lists may have been answered while the server could not be reached, and lack its items. */
  #hasMissed: boolean;
  #logLevel: string | undefined;

  constructor(source: ConnectionSource, options: ClientOptions) {
    this.id = source.id;
    this.#source = source;
    this.#options = options;
    this.#hasMissed = source.serverInfo === undefined;
  }

  get url(): URL | undefined {
    return this.#source.url;
  }

  get credentialHeader(): string | undefined {
    return this.#source.credentialHeader;
  }

  get ready(): boolean {
    return this.#connection !== undefined;
  }

  get awaitsAccount(): boolean {
    return this.#source.awaitsAccount === true;
  }

  get listeningSince(): number | undefined {
    return this.#connection?.connection.listeningSince;
  }

  get serverInfo(): ServerInfo | undefined {
    return this.#serverInfo ?? this.#source.serverInfo;
  }

  get logLevel(): string | undefined {
    return this.#logLevel;
  }

  get isCommon(): boolean {
    return this.#options.isCommon === true;
  }

  get isListening(): boolean {
    return this.#options.isListening?.() ?? false;
  }

  async start(signal?: AbortSignal): Promise<void> {
    await unlessAborted(this.#connected(), signal);
  }

  request(method: string, params?: JsonObject, options: RequestOptions = {}): Promise<Answer> {
    const answer = this.#request(method, params, options);
    return this.#options.counts?.of(method, answer, options.signal) ?? answer;
  }

  subscribe(listener: (notification: Notification) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async setLogLevel(level: string): Promise<void> {
    this.#logLevel = level;
    await this.#connection?.sendLogLevel();
  }

  onNotification(notification: Notification): void {
    for (const listener of this.#listeners) listener(notification);
  }

  onEnd(connection: PooledConnection, lost: boolean): void {
    if (connection !== this.#connection) return;
    this.#connection = undefined;
    this.#isRenewed = true;
    if (!lost) return;
    if (connection.isCommon) this.#hasMissed = true;
    else {
      this.#backOff.failed();
      this.#options.onSessionLost?.();
    }
  }

  /** The server was reached, by this client or another. */
  onReached(serverInfo: ServerInfo): void {
    if (this.#hasMissed) this.#reportLists(serverInfo);
  }

  /** Uses the connection of all clients, so that it receives the server's notifications. */
  useCommon(connection: PooledConnection): void {
    if (this.#connection !== undefined) return;
    connection.add(this);
    this.#use(connection);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(this.#source.closedFault());
    this.#listeners.clear();
    this.#options.onClose(this);
    // Wait for a connection that is being made, so that none is left behind.
    const connection = this.#connection ?? (await this.#attempt?.catch(() => undefined));
    this.#connection = undefined;
    if (connection !== undefined) this.#source.release(connection, this);
  }

  async #request(method: string, params: JsonObject | undefined, options: RequestOptions): Promise<Answer> {
    options.signal?.throwIfAborted();
    if (options.caller !== undefined) this.#source.use(options.caller);
    for (let isRenewed = false; ; isRenewed = true) {
      const pooled = this.#connection ?? (await this.#connectedFor(method, options));
      pooled.running += 1;
      try {
        const answer = await pooled.connection.request(method, params, options);
        if (this.#backOff.hasFailed) this.#backOff.succeeded();
        if (this.#source.backOff.hasFailed) this.#source.backOff.succeeded();
        return answer;
      } catch (thrown) {
        // The connection itself reports when it is lost in any other way.
        if (!(thrown instanceof SessionExpired)) throw thrown;
        if (isRenewed) return thrown.refusal();
        this.#source.expire(pooled);
        this.#options.log.info({ upstream: this.id }, 'the session expired');
        if (this.#options.onSessionLost !== undefined && !pooled.isCommon) {
          this.#options.onSessionLost();
          throw thrown;
        }
      } finally {
        pooled.running -= 1;
        pooled.lastUsed = Date.now();
      }
    }
  }

  /** The open connection, or a new one. Concurrent callers share the attempt. */
  #connected(): Promise<PooledConnection> {
    if (this.#closing.signal.aborted) return Promise.reject(this.#closing.signal.reason);
    if (this.#connection !== undefined) return Promise.resolve(this.#connection);
    this.#attempt ??= this.#connect().finally(() => {
      this.#attempt = undefined;
    });
    return this.#attempt;
  }

  /**
   * Waits for a connection no longer than for an answer. Where the latest attempt to reach the server failed, it waits
   * half as long, so that the caller learns the reason before its own time is over.
   */
  async #connectedInTime(method: string, options: RequestOptions): Promise<PooledConnection> {
    const { idle: most } = requestTimes(options, this.#options.times);
    const limit = this.#source.failure === undefined ? most : { ...most, ms: most.ms / 2 };
    const late = new AbortController();
    const { signal } = options;
    const timer = setTimeout(() => {
      late.abort(this.#source.failure ?? timeoutFault(this.id, method, limit));
    }, limit.ms);
    try {
      const either = signal === undefined ? late.signal : AbortSignal.any([signalOf(signal), late.signal]);
      return await unlessAborted(this.#connected(), either);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Connects for a request, of which nothing is sent if that fails. */
  async #connectedFor(method: string, options: RequestOptions): Promise<PooledConnection> {
    try {
      return await this.#connectedInTime(method, options);
    } catch (thrown) {
      markUnsent(thrown);
      throw thrown;
    }
  }

  async #connect(): Promise<PooledConnection> {
    const began = Date.now();
    try {
      const pooled = await this.#join();
      if (Date.now() > began + slowConnectMs) this.#hasMissed = true;
      this.#use(pooled);
      return pooled;
    } catch (reason) {
      this.#hasMissed = true;
      throw reason;
    }
  }

  #use(pooled: PooledConnection): void {
    const { serverInfo } = pooled.connection;
    const before = this.#serverInfo;
    this.#connection = pooled;
    this.#serverInfo = serverInfo;
    if (this.#isRenewed || this.#hasMissed) this.#reportLists(serverInfo, before);
  }

  async #join(): Promise<PooledConnection> {
    for (;;) {
      await this.#backOff.pass(this.id, this.#closing.signal);
      const pooled = await this.#source.connect(this, this.#closing.signal);
      if (!pooled.isOver) return pooled;
      this.#backOff.failed();
    }
  }

  /** Reports all lists as changed: earlier ones lack this server's items, or come from another version of it. */
  #reportLists(...all: readonly (ServerInfo | undefined)[]): void {
    this.#isRenewed = false;
    this.#hasMissed = false;
    for (const [kind, method] of Object.entries(listChanges)) {
      if (all.some(serverInfo => serverInfo?.capabilities[kind] !== undefined)) this.onNotification({ method });
    }
  }
}
