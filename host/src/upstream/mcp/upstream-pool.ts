import { isDeepStrictEqual } from 'node:util';
import { Fault, fail } from '../../core/fault.ts';
import { unlessAborted } from '../../core/unless-aborted.ts';
import type { Principal } from '../../identity/principal.ts';
import type { Notification } from '../../mcp/message.ts';
import type { ServerInfo } from '../../mcp/server-info.ts';
import type { CallerAuth } from '../auth/credential.ts';
import type { RequestCounts } from '../request-counts.ts';
import type { ConnectFailure, Upstream, UpstreamPool } from '../upstream.ts';
import { BackOff } from './back-off.ts';
import { type ClientOptions, ClientUpstream, type ConnectionSource } from './client-upstream.ts';
import type { Connection, RequestTimes } from './connection.ts';
import { OpenConnections, type OpenConnectionsOptions } from './open-connections.ts';
import { type ConnectionUser, PooledConnection } from './pooled-connection.ts';

/** What a connection reports, also while it is being made. */
export interface DialEvents {
  readonly signal: AbortSignal;
  onNotification(notification: Notification): void;
  /** The connection ended without having been closed by the gateway. */
  onLost(): void;
}

export interface PoolOptions extends OpenConnectionsOptions {
  /** Where HTTP requests go; absent over stdio. */
  readonly url?: URL | undefined;
  /** The header that carries the credentials; absent over stdio and without `auth`. */
  readonly credentialHeader?: string | undefined;
  /** The credentials of its connections. */
  readonly credentials?: CallerAuth | undefined;
  /** Closed after the connections. */
  readonly closes?: AsyncDisposable | undefined;
  /** Gets the credentials of a connection; what it throws does not count as a failure to reach the server. */
  readonly prepare?: ((signal: AbortSignal) => Promise<void>) | undefined;
  /** Makes one connection. */
  dial(events: DialEvents): Promise<Connection>;
  /** Whether all clients use one connection, whatever the server keeps for them. */
  readonly isShared: boolean;
  readonly times: RequestTimes;
  /** Counts the requests of all clients. */
  readonly counts?: RequestCounts | undefined;
}

/** Milliseconds for which a server is taken to be the same where the gateway would not notice its replacement. */
const trustedMs = 60_000;

/**
 * The connections with one server. A connection with a server that keeps state for its clients belongs to one client. Any
 * other is used by all clients, and so is the one of a shared upstream. All clients share the back-off after a failure to
 * connect.
 */
export class ConnectionPool implements UpstreamPool, ConnectionSource {
  readonly id: string;
  readonly url: URL | undefined;
  readonly credentialHeader: string | undefined;
  readonly backOff = new BackOff();
  readonly #options: PoolOptions;
  readonly #connections: OpenConnections;
  readonly #closing = new AbortController();
  readonly #clients = new Set<ClientUpstream>();
  /** The connection that all clients use. */
  #common: PooledConnection | undefined;
  /** A connection without a user. */
  #spare: PooledConnection | undefined;
  /** An attempt to make either of the two. */
  #attempt: Promise<void> | undefined;
  #latest: Connection | undefined;
  /** When its handshake was, in milliseconds since the epoch. */
  #latestAt = 0;
  #isReachable = false;
  #lastFailure: ConnectFailure | undefined;
  #commonClient: ClientUpstream | undefined;

  constructor(options: PoolOptions) {
    this.id = options.id;
    this.url = options.url;
    this.credentialHeader = options.credentialHeader;
    this.#options = options;
    this.#connections = new OpenConnections(options, ended => {
      if (this.#common === ended) this.#common = undefined;
      if (this.#spare === ended) this.#spare = undefined;
    });
  }

  get serverInfo(): ServerInfo | undefined {
    return this.#latest?.serverInfo;
  }

  get failure(): unknown {
    return this.#isReachable ? undefined : this.backOff.reason;
  }

  get ready(): boolean {
    return this.#isReachable;
  }

  get lastFailure(): ConnectFailure | undefined {
    return this.#lastFailure;
  }

  get wasReached(): boolean {
    return this.#latest !== undefined;
  }

  use(caller: Principal): void {
    this.#options.credentials?.use(caller);
  }

  get awaitsAccount(): boolean {
    return this.#options.credentials?.awaitsAccount === true;
  }

  /** Whether it has clients. The one that gets lists for all of them does not count: it stays when they leave. */
  get isUsed(): boolean {
    return this.#clients.size > (this.#commonClient === undefined ? 0 : 1);
  }

  for(caller: Principal): this {
    this.use(caller);
    return this;
  }

  get common(): Upstream | undefined {
    if (!this.#isCommon) return undefined;
    this.#commonClient ??= this.#client({ isCommon: true });
    return this.#commonClient;
  }

  async start(signal?: AbortSignal): Promise<void> {
    if (!this.#isReachable || !this.#isCurrent) await unlessAborted(this.#attemptForAny(), signal);
  }

  open(isListening?: () => boolean, onSessionLost?: () => void): Upstream {
    return this.#client({ isListening, onSessionLost });
  }

  checkRoom(): void {
    if (!this.#isCommon && this.#latest !== undefined && this.#spare === undefined) this.#connections.checkRoom();
  }

  async connect(user: ConnectionUser, signal: AbortSignal): Promise<PooledConnection> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#common !== undefined) return this.#common.join(user);
      if (user.isCommon && this.#latest !== undefined && !this.#isCommon) return this.#refuseCommon();
      const spare = this.#spare;
      this.#spare = undefined;
      if (spare !== undefined) return spare.join(user);
      if (this.#attempt !== undefined || this.#latest === undefined || this.#isCommon) {
        await unlessAborted(this.#attemptForAny(), signal);
        continue;
      }
      const connection = await this.#make(signal, user);
      if (!connection.isCommon) return connection.join(user);
    }
  }

  lose(connection: PooledConnection): void {
    if (!this.#connections.has(connection)) return;
    if (connection.isCommon) this.backOff.failed();
    this.#connections.end(connection, 'lost');
    if (this.#connections.isEmpty) this.#isReachable = false;
  }

  expire(connection: PooledConnection): void {
    this.#connections.end(connection, 'expired');
  }

  release(connection: PooledConnection, user: ConnectionUser): void {
    if (connection.isCommon) connection.leave(user);
    else this.#connections.end(connection, 'not needed');
  }

  closedFault(): Fault {
    return new Fault('upstream_unavailable', { upstream: this.id, hint: 'the gateway is closing it' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(this.closedFault());
    await Promise.all([...this.#clients].map(client => client[Symbol.asyncDispose]()));
    await this.#attempt?.catch(() => {});
    await this.#connections[Symbol.asyncDispose]();
    await this.#options.closes?.[Symbol.asyncDispose]();
  }

  /** Whether clients have one connection together. */
  get #isCommon(): boolean {
    return this.#options.isShared || this.#latest?.keepsState === false;
  }

  /** Whether the latest handshake still describes the server: it is new, or a connection would report a change. */
  get #isCurrent(): boolean {
    return Date.now() < this.#latestAt + trustedMs || this.#connections.isListening;
  }

  #client(as: Pick<ClientOptions, 'isCommon' | 'isListening' | 'onSessionLost'>): ClientUpstream {
    const { times, log, counts } = this.#options;
    const onClose = (closed: ClientUpstream) => void this.#clients.delete(closed);
    const client = new ClientUpstream(this, { ...as, times, log, counts, onClose });
    this.#clients.add(client);
    if (this.#common !== undefined) client.useCommon(this.#common);
    return client;
  }

  #attemptForAny(): Promise<void> {
    this.#attempt ??= this.#makeForAny().finally(() => {
      this.#attempt = undefined;
    });
    return this.#attempt;
  }

  async #makeForAny(): Promise<void> {
    const before = this.#common;
    const connection = await this.#make(this.#closing.signal);
    if (!connection.isCommon) {
      if (this.#spare !== undefined) this.#connections.end(this.#spare, 'not needed');
      this.#spare = connection;
    }
    if (before === undefined || before.isOver) return;
    if (connection.isCommon && isDeepStrictEqual(before.connection.serverInfo, connection.connection.serverInfo)) {
      this.#common = before;
      this.#connections.end(connection, 'not needed');
      return;
    }
    this.#connections.end(before, 'not needed');
    if (connection.isCommon) for (const client of this.#clients) client.useCommon(connection);
  }

  /** Makes a connection. Until it is made, `user` receives the server's notifications. */
  async #make(signal: AbortSignal, user?: ConnectionUser): Promise<PooledConnection> {
    if (this.#closing.signal.aborted) throw this.closedFault();
    const ended = AbortSignal.any([signal, this.#closing.signal]);
    await this.#prepare(ended);
    await this.backOff.pass(this.id, signal);
    while (!this.#isCommon && this.#connections.isFull) await this.#connections.makeRoom();
    this.#connections.opening += 1;
    let made: PooledConnection | undefined;
    try {
      const connection = await this.#options.dial({
        signal: ended,
        onNotification: notification => (made ?? user)?.onNotification(notification),
        onLost: () => made && this.lose(made),
      });
      made = new PooledConnection(connection, this.#options.isShared || !connection.keepsState);
    } catch (reason) {
      if (!ended.aborted) {
        this.backOff.failed(reason);
        this.#isReachable = false;
        this.#lastFailure = { at: Date.now(), reason };
      }
      throw reason;
    } finally {
      this.#connections.opening -= 1;
    }
    this.#onConnected(made);
    return made;
  }

  /** A failure of an authorization server, or of a caller's token, delays no attempt to reach the upstream. */
  async #prepare(signal: AbortSignal): Promise<void> {
    try {
      await this.#options.prepare?.(signal);
    } catch (reason) {
      if (!signal.aborted) {
        this.#isReachable = false;
        this.#lastFailure = { at: Date.now(), reason };
      }
      throw reason;
    }
  }

  #onConnected(pooled: PooledConnection): void {
    const { connection, isCommon } = pooled;
    const isFirst = this.#latest === undefined;
    const isNews = !this.#isReachable;
    this.#latest = connection;
    this.#latestAt = Date.now();
    this.#isReachable = true;
    this.#lastFailure = undefined;
    this.#connections.add(pooled);
    if (isCommon) this.#common = pooled;
    this.#log(connection, isFirst, isNews);
    for (const client of this.#clients) {
      if (isCommon) client.useCommon(pooled);
      else client.onReached(connection.serverInfo);
    }
    if (isCommon) void pooled.sendLogLevel();
  }

  #log({ serverInfo, keepsState }: Connection, isFirst: boolean, isNews: boolean): void {
    const { log, isShared } = this.#options;
    const server = { upstream: this.id, server: serverInfo.implementation, revision: serverInfo.revision };
    log[isNews ? 'info' : 'debug']({ ...server, connections: this.#connections.count }, 'connected');
    if (isFirst && !isShared && !keepsState) {
      log.info({ upstream: this.id }, 'the server sent no session id: its clients share one connection');
    }
  }

  #refuseCommon(): never {
    const hint = 'it now uses sessions, which it did not before; send the request again';
    return fail('upstream_closed', { upstream: this.id, hint });
  }
}
