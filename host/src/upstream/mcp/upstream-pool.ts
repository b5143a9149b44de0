import { isDeepStrictEqual } from 'node:util';
import { Fault, fail } from '../../core/fault.ts';
import type { Log } from '../../core/log.ts';
import { unlessAborted } from '../../core/unless-aborted.ts';
import type { Notification } from '../../mcp/message.ts';
import type { ServerInfo } from '../../mcp/server-info.ts';
import type { ConnectFailure, Upstream, UpstreamPool } from '../upstream.ts';
import { BackOff } from './back-off.ts';
import { type ClientOptions, ClientUpstream, type ConnectionSource } from './client-upstream.ts';
import type { Connection, RequestTimes } from './connection.ts';
import { type ConnectionUser, PooledConnection } from './pooled-connection.ts';

/** What a connection tells, from the moment when it is being made. */
export interface DialEvents {
  readonly signal: AbortSignal;
  onNotification(notification: Notification): void;
  /** The connection is gone without having been closed by us. */
  onLost(): void;
}

export interface PoolOptions {
  readonly id: string;
  /** Where HTTP requests go; absent over stdio. */
  readonly url?: URL | undefined;
  /** Makes one connection. */
  dial(events: DialEvents): Promise<Connection>;
  /** Whether all clients use one connection, whatever the server keeps for them. */
  readonly isShared: boolean;
  readonly maxConnections: number;
  /** Milliseconds without a request after which a client's connection ends. */
  readonly idleMs: number;
  readonly times: RequestTimes;
  readonly log: Log;
  /** Called with the number of connections whenever it changes. */
  readonly onCount?: ((connections: number) => void) | undefined;
}

/** Milliseconds without a request after which a connection makes room, where its client does not listen either. */
const abandonedMs = 60_000;
/** Milliseconds for which a server is believed to be the same whose end would not be noticed. */
const unheardMs = 60_000;
/** Milliseconds between two looks for idle connections. */
const sweepMs = { least: 100, most: 30_000 };

/**
 * The connections with one server. One with a server that keeps something for its clients belongs to one client. Any other
 * is used by all, and so is the one of a shared upstream. A failure to connect is held against the server, whoever met it.
 */
export class ConnectionPool implements UpstreamPool, ConnectionSource {
  readonly id: string;
  readonly url: URL | undefined;
  readonly backOff = new BackOff();
  readonly #on: PoolOptions;
  readonly #closing = new AbortController();
  readonly #clients = new Set<ClientUpstream>();
  readonly #lines = new Set<PooledConnection>();
  /** Lines that are being ended. They count until they are gone. */
  readonly #ending = new Set<Promise<void>>();
  readonly #sweeper: NodeJS.Timeout;
  #opening = 0;
  /** The line that all use. */
  #joint: PooledConnection | undefined;
  /** The line that nobody uses yet. */
  #spare: PooledConnection | undefined;
  /** An attempt to make either of the two. */
  #attempt: Promise<void> | undefined;
  #latest: Connection | undefined;
  /** When its handshake was, in milliseconds since the epoch. */
  #latestAt = 0;
  #isReachable = false;
  #lastFailure: ConnectFailure | undefined;
  #common: ClientUpstream | undefined;

  constructor(options: PoolOptions) {
    this.id = options.id;
    this.url = options.url;
    this.#on = options;
    const every = Math.min(Math.max(options.idleMs / 4, sweepMs.least), sweepMs.most);
    this.#sweeper = setInterval(() => this.#endIdle(), every).unref();
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

  get common(): Upstream | undefined {
    if (!this.#isCommon) return undefined;
    this.#common ??= this.#client({ isCommon: true });
    return this.#common;
  }

  async start(signal?: AbortSignal): Promise<void> {
    if (!this.#isReachable || !this.#isCurrent) await unlessAborted(this.#attemptForAny(), signal);
  }

  open(isListening?: () => boolean): Upstream {
    return this.#client({ isListening });
  }

  checkRoom(): void {
    if (this.#isCommon || this.#latest === undefined || this.#spare !== undefined || this.#ending.size > 0) return;
    if (this.#count >= this.#on.maxConnections && this.#abandoned() === undefined) this.#refuse();
  }

  async connect(user: ConnectionUser, signal: AbortSignal): Promise<PooledConnection> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#joint !== undefined) return this.#joint.join(user);
      if (user.isCommon && this.#latest !== undefined && !this.#isCommon) return this.#refuseCommon();
      const spare = this.#spare;
      this.#spare = undefined;
      if (spare !== undefined) return spare.join(user);
      if (this.#attempt !== undefined || this.#latest === undefined || this.#isCommon) {
        await unlessAborted(this.#attemptForAny(), signal);
        continue;
      }
      const line = await this.#make(signal, user);
      if (!line.isJoint) return line.join(user);
    }
  }

  lose(line: PooledConnection): void {
    if (!this.#lines.has(line)) return;
    if (line.isJoint) this.backOff.failed();
    this.#end(line, 'lost');
    if (this.#lines.size === 0) this.#isReachable = false;
  }

  expire(line: PooledConnection): void {
    this.#end(line, 'expired');
  }

  release(line: PooledConnection, user: ConnectionUser): void {
    if (line.isJoint) line.leave(user);
    else this.#end(line, 'not needed');
  }

  closedFault(): Fault {
    return new Fault('upstream_unavailable', { upstream: this.id, hint: 'the gateway is closing it' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(this.closedFault());
    clearInterval(this.#sweeper);
    await Promise.all([...this.#clients].map(client => client[Symbol.asyncDispose]()));
    await this.#attempt?.catch(() => {});
    for (const line of this.#lines) this.#end(line, 'not needed');
    await Promise.all(this.#ending);
  }

  /** Whether clients have one connection together. */
  get #isCommon(): boolean {
    return this.#on.isShared || this.#latest?.keepsState === false;
  }

  get #count(): number {
    return this.#lines.size + this.#opening + this.#ending.size;
  }

  #client(as: Pick<ClientOptions, 'isCommon' | 'isListening'>): ClientUpstream {
    const { times, log } = this.#on;
    const onClose = (closed: ClientUpstream) => void this.#clients.delete(closed);
    const client = new ClientUpstream(this, { ...as, times, log, onClose });
    this.#clients.add(client);
    if (this.#joint !== undefined) client.useJoint(this.#joint);
    return client;
  }

  #attemptForAny(): Promise<void> {
    this.#attempt ??= this.#makeForAny().finally(() => {
      this.#attempt = undefined;
    });
    return this.#attempt;
  }

  async #makeForAny(): Promise<void> {
    const before = this.#joint;
    const line = await this.#make(this.#closing.signal);
    if (!line.isJoint) {
      if (this.#spare !== undefined) this.#end(this.#spare, 'not needed');
      this.#spare = line;
    }
    if (before === undefined || before.isOver) return;
    if (line.isJoint && isDeepStrictEqual(before.connection.serverInfo, line.connection.serverInfo)) {
      this.#joint = before;
      return this.#end(line, 'not needed');
    }
    this.#end(before, 'not needed');
    if (line.isJoint) for (const client of this.#clients) client.useJoint(line);
  }

  /** Whether the latest handshake still says what the server offers: it is new, or we would know of another server. */
  get #isCurrent(): boolean {
    return (
      Date.now() < this.#latestAt + unheardMs ||
      [...this.#lines].some(({ connection }) => connection.hearsSince !== undefined)
    );
  }

  /** Makes a line. Until it stands, `user` hears what the server says. */
  async #make(signal: AbortSignal, user?: ConnectionUser): Promise<PooledConnection> {
    if (this.#closing.signal.aborted) throw this.closedFault();
    await this.backOff.pass(this.id, signal);
    await this.#makeRoom();
    this.#opening += 1;
    const ended = AbortSignal.any([signal, this.#closing.signal]);
    let line: PooledConnection | undefined;
    try {
      const connection = await this.#on.dial({
        signal: ended,
        onNotification: said => (line ?? user)?.hear(said),
        onLost: () => line && this.lose(line),
      });
      line = new PooledConnection(connection, this.#on.isShared || !connection.keepsState);
    } catch (reason) {
      if (!ended.aborted) {
        this.backOff.failed(reason);
        this.#isReachable = false;
        this.#lastFailure = { at: Date.now(), reason };
      }
      throw reason;
    } finally {
      this.#opening -= 1;
    }
    this.#stands(line);
    return line;
  }

  #stands(line: PooledConnection): void {
    const { log, isShared } = this.#on;
    const { serverInfo, keepsState } = line.connection;
    const isFirst = this.#latest === undefined;
    const isNews = !this.#isReachable;
    this.#latest = line.connection;
    this.#latestAt = Date.now();
    this.#isReachable = true;
    this.#lastFailure = undefined;
    this.#lines.add(line);
    if (line.isJoint) this.#joint = line;
    const told = { upstream: this.id, server: serverInfo.implementation, revision: serverInfo.revision };
    log[isNews ? 'info' : 'debug']({ ...told, connections: this.#count }, 'connected');
    if (isFirst && !isShared && !keepsState) {
      log.info({ upstream: this.id }, 'the server sent no session id: its clients share one connection');
    }
    this.#tellCount();
    for (const client of this.#clients) {
      if (line.isJoint) client.useJoint(line);
      else client.onReached(serverInfo);
    }
    if (line.isJoint) void line.tellLevel();
  }

  /** @throws Fault `overloaded` */
  async #makeRoom(): Promise<void> {
    while (!this.#isCommon && this.#count >= this.#on.maxConnections) {
      const abandoned = this.#ending.size === 0 ? this.#abandoned() : undefined;
      if (abandoned !== undefined) this.#end(abandoned, 'to make room');
      if (this.#ending.size === 0) this.#refuse();
      await Promise.race(this.#ending);
    }
  }

  #refuse(): never {
    const { maxConnections } = this.#on;
    const hint = `all ${maxConnections} connections with the upstream ${this.id} are in use: try again later, or raise its \`max_connections\``;
    return fail('overloaded', { upstream: this.id, hint });
  }

  #refuseCommon(): never {
    const hint = 'it now uses sessions, which it did not before; send the request again';
    return fail('upstream_closed', { upstream: this.id, hint });
  }

  /** The line that was unused longest, among those whose clients seem to have gone. */
  #abandoned(): PooledConnection | undefined {
    let longest: PooledConnection | undefined;
    const before = Date.now() - abandonedMs;
    for (const line of this.#lines) {
      const isNewer = line.lastUsed > (longest?.lastUsed ?? before);
      if (!isNewer && line.running === 0 && ![...line.users].some(user => user.isListening)) longest = line;
    }
    return longest;
  }

  #endIdle(): void {
    const before = Date.now() - this.#on.idleMs;
    for (const line of this.#lines) {
      const isKept = line.isJoint || line === this.#spare || line.running > 0;
      if (!isKept && line.lastUsed < before) this.#end(line, 'idle');
    }
  }

  #end(line: PooledConnection, why: 'lost' | 'expired' | 'not needed' | 'idle' | 'to make room'): void {
    if (!this.#lines.delete(line)) return;
    if (this.#joint === line) this.#joint = undefined;
    if (this.#spare === line) this.#spare = undefined;
    const ending: Promise<void> = line.end(why === 'lost' || why === 'expired' ? why : 'unused').finally(() => {
      this.#ending.delete(ending);
      this.#tellCount();
    });
    this.#ending.add(ending);
    this.#on.log.debug({ upstream: this.id, why, connections: this.#count }, 'disconnected');
  }

  #tellCount(): void {
    this.#on.onCount?.(this.#count);
  }
}
