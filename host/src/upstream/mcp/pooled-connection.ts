import { mostVerbose } from '../../mcp/log-level.ts';
import type { Notification } from '../../mcp/message.ts';
import type { Connection } from './connection.ts';

/** Who uses a connection. */
export interface ConnectionUser {
  /** Whether it asks for all clients, and not for one. */
  readonly isCommon: boolean;
  /** Whether somebody listens to what the server says by itself. */
  readonly isListening: boolean;
  /** Least severe log messages that it wants; undefined when it never said so. */
  readonly logLevel: string | undefined;
  hear(notification: Notification): void;
  /** The line is over; `lost` when nobody here wanted that. */
  onEnd(line: PooledConnection, lost: boolean): void;
}

/** What a server is told when the clients that had asked for a level are gone. */
const ordinaryLevel = 'info';
/** Milliseconds that a server has to confirm a log level. */
const levelPatience = 5_000;

/** One standing connection with those who use it: a single client, or all of them. */
export class PooledConnection {
  readonly connection: Connection;
  /** Whether it is for all clients. */
  readonly isJoint: boolean;
  readonly #users = new Set<ConnectionUser>();
  /** Requests that run. */
  running = 0;
  /** Milliseconds since the epoch. */
  lastUsed = Date.now();
  isOver = false;
  #toldLevel: string | undefined;
  #telling: Promise<void> = Promise.resolve();

  constructor(connection: Connection, isJoint: boolean) {
    this.connection = connection;
    this.isJoint = isJoint;
  }

  get users(): ReadonlySet<ConnectionUser> {
    return this.#users;
  }

  add(user: ConnectionUser): void {
    this.#users.add(user);
    this.lastUsed = Date.now();
  }

  /** Adds a user. The server knows the log level that it wants when this is done. */
  async join(user: ConnectionUser): Promise<this> {
    this.add(user);
    if (user.logLevel !== undefined) await this.tellLevel();
    return this;
  }

  leave(user: ConnectionUser): void {
    if (this.#users.delete(user)) void this.tellLevel();
  }

  /** Tells the server the most verbose level that its users want, unless it knows. Never rejects. */
  tellLevel(): Promise<void> {
    this.#telling = this.#telling.then(async () => {
      const wanted = mostVerbose([...this.#users].map(({ logLevel }) => logLevel));
      const level = wanted ?? (this.#toldLevel === undefined ? undefined : ordinaryLevel);
      if (this.isOver || level === undefined || level === this.#toldLevel) return;
      if (this.connection.serverInfo.capabilities.logging === undefined) return;
      this.#toldLevel = level;
      // Where a server refuses a level it sends what it likes, and the gateway filters for each client.
      await this.connection.request('logging/setLevel', { level }, { timeoutMs: levelPatience }).catch(() => {});
    });
    return this.#telling;
  }

  hear(notification: Notification): void {
    for (const user of this.#users) user.hear(notification);
  }

  /** Tells the users that it is over, and has the server give up what it keeps, where it still keeps anything. */
  async end(why: 'lost' | 'expired' | 'unused'): Promise<void> {
    this.isOver = true;
    for (const user of this.#users) user.onEnd(this, why === 'lost');
    this.#users.clear();
    await (why === 'unused' ? this.connection.close() : this.connection.release());
  }
}
