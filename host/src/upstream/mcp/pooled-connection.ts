import { mostVerbose } from '../../mcp/log-level.ts';
import type { Notification } from '../../mcp/message.ts';
import type { Connection } from './connection.ts';

/** A client of a pool that uses a connection. */
export interface ConnectionUser {
  /** Whether it represents all clients instead of one. */
  readonly isCommon: boolean;
  /** Whether its client listens to the server's own messages. */
  readonly isListening: boolean;
  /** Least severe log messages that it wants; undefined while it has not set a level. */
  readonly logLevel: string | undefined;
  onNotification(notification: Notification): void;
  /** The connection is over; `lost` when the gateway did not end it. */
  onEnd(connection: PooledConnection, lost: boolean): void;
}

/** The level that a server gets when the clients that had set one have left. */
const defaultLevel = 'info';
/** Milliseconds that a server has to confirm a log level. */
const levelTimeoutMs = 5_000;

/** One open connection with its users: a single client, or all of them. */
export class PooledConnection {
  readonly connection: Connection;
  /** Whether it is for all clients. */
  readonly isCommon: boolean;
  readonly #users = new Set<ConnectionUser>();
  /** How many requests are running. */
  running = 0;
  /** Milliseconds since the epoch. */
  lastUsed = Date.now();
  isOver = false;
  #sentLevel: string | undefined;
  #sending: Promise<void> = Promise.resolve();

  constructor(connection: Connection, isCommon: boolean) {
    this.connection = connection;
    this.isCommon = isCommon;
  }

  get users(): ReadonlySet<ConnectionUser> {
    return this.#users;
  }

  add(user: ConnectionUser): void {
    this.#users.add(user);
    this.lastUsed = Date.now();
  }

  /** Adds a user. Resolves when the server has the log level that the user wants. */
  async join(user: ConnectionUser): Promise<this> {
    this.add(user);
    if (user.logLevel !== undefined) await this.sendLogLevel();
    return this;
  }

  leave(user: ConnectionUser): void {
    if (this.#users.delete(user)) void this.sendLogLevel();
  }

  /** Sends the server the most verbose level that its users want, unless it has that already. Never rejects. */
  sendLogLevel(): Promise<void> {
    this.#sending = this.#sending.then(async () => {
      const wanted = mostVerbose([...this.#users].map(({ logLevel }) => logLevel));
      const level = wanted ?? (this.#sentLevel === undefined ? undefined : defaultLevel);
      if (this.isOver || level === undefined || level === this.#sentLevel) return;
      if (this.connection.serverInfo.capabilities.logging === undefined) return;
      this.#sentLevel = level;
      // A server that refuses a level sends messages of any level, and the gateway filters them for each client.
      await this.connection.request('logging/setLevel', { level }, { timeoutMs: levelTimeoutMs }).catch(() => {});
    });
    return this.#sending;
  }

  onNotification(notification: Notification): void {
    for (const user of this.#users) user.onNotification(notification);
  }

  /** Ends it for its users. Unless it is lost or expired, the server is also asked to drop what it keeps for it. */
  async end(why: 'lost' | 'expired' | 'unused'): Promise<void> {
    this.isOver = true;
    for (const user of this.#users) user.onEnd(this, why === 'lost');
    this.#users.clear();
    await (why === 'unused' ? this.connection.close() : this.connection.release());
  }
}
