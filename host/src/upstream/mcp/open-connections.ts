import { Fault } from '../../core/fault.ts';
import type { Log } from '../../core/log.ts';
import type { PooledConnection } from './pooled-connection.ts';

export interface OpenConnectionsOptions {
  /** The id of the upstream. */
  readonly id: string;
  readonly maxConnections: number;
  /** All connections that `maxConnections` is for, where these are the ones of a single caller. */
  readonly together?: ConnectionGroup | undefined;
  /** Milliseconds without a request after which a client's connection ends. */
  readonly idleMs: number;
  readonly log: Log;
  /** Called with the number of connections whenever it changes. */
  readonly onCount?: ((connections: number) => void) | undefined;
}

/** The connections that share one limit, by caller. */
export type ConnectionGroup = Set<OpenConnections>;

/** Why a connection ends. */
export type EndReason = 'lost' | 'expired' | 'not needed' | 'idle' | 'to make room';

/** Milliseconds without a request after which a connection makes room, where its client does not listen either. */
const abandonedMs = 60_000;
/** Milliseconds between two looks for idle connections. */
const sweepMs = { least: 100, most: 30_000 };

/** The connections with one upstream, within their maximum. Idle ones end. Disposing ends all of them. */
export class OpenConnections implements AsyncDisposable {
  readonly #options: OpenConnectionsOptions;
  readonly #onEnd: (connection: PooledConnection) => void;
  readonly #open = new Set<PooledConnection>();
  /** Connections that are being ended. They count until they have ended. */
  readonly #ending = new Set<Promise<void>>();
  readonly #group: ConnectionGroup;
  readonly #sweeper: NodeJS.Timeout;
  /** How many are being made. */
  opening = 0;

  /** @param onEnd called when a connection begins to end */
  constructor(options: OpenConnectionsOptions, onEnd: (connection: PooledConnection) => void) {
    this.#options = options;
    this.#onEnd = onEnd;
    this.#group = options.together ?? new Set();
    this.#group.add(this);
    const every = Math.min(Math.max(options.idleMs / 4, sweepMs.least), sweepMs.most);
    this.#sweeper = setInterval(() => this.#endIdle(), every).unref();
  }

  /** How many there are, with those that are being made or ended. */
  get count(): number {
    return this.#open.size + this.opening + this.#ending.size;
  }

  get isFull(): boolean {
    return this.#countOfAll >= this.#options.maxConnections;
  }

  get isEmpty(): boolean {
    return this.#open.size === 0;
  }

  /** Whether at least one of them would receive a change that the upstream reports. */
  get isListening(): boolean {
    return [...this.#open].some(({ connection }) => connection.listeningSince !== undefined);
  }

  has(connection: PooledConnection): boolean {
    return this.#open.has(connection);
  }

  add(connection: PooledConnection): void {
    this.#open.add(connection);
    this.#reportCount();
  }

  end(connection: PooledConnection, why: EndReason): void {
    if (!this.#open.delete(connection)) return;
    this.#onEnd(connection);
    const ending: Promise<void> = connection.end(why === 'lost' || why === 'expired' ? why : 'unused').finally(() => {
      this.#ending.delete(ending);
      this.#reportCount();
    });
    this.#ending.add(ending);
    this.#options.log.debug({ upstream: this.#options.id, why, connections: this.count }, 'disconnected');
  }

  /** Checks that one more is possible, now or by ending another. @throws Fault `overloaded` */
  checkRoom(): void {
    if (!this.isFull || this.#endings().length > 0) return;
    if (this.#longestAbandoned() === undefined) throw this.#fullFault();
  }

  /** Waits until one fewer is open, and ends an abandoned one for it. @throws Fault `overloaded` */
  async makeRoom(): Promise<void> {
    if (this.#endings().length === 0) {
      const abandoned = this.#longestAbandoned();
      abandoned?.owner.end(abandoned.connection, 'to make room');
    }
    const endings = this.#endings();
    if (endings.length === 0) throw this.#fullFault();
    await Promise.race(endings);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sweeper);
    for (const connection of this.#open) this.end(connection, 'not needed');
    await Promise.all(this.#ending);
    this.#group.delete(this);
  }

  get #countOfAll(): number {
    let count = 0;
    for (const each of this.#group) count += each.count;
    return count;
  }

  #endings(): readonly Promise<void>[] {
    return [...this.#group].flatMap(each => [...each.#ending]);
  }

  #reportCount(): void {
    this.#options.onCount?.(this.#countOfAll);
  }

  #fullFault(): Fault {
    const { id, maxConnections } = this.#options;
    const hint = `all ${maxConnections} connections with the upstream ${id} are in use: try again later, or raise its \`max_connections\``;
    return new Fault('overloaded', { upstream: id, hint });
  }

  /** The connection that was unused longest, of any caller, among those whose clients seem to have left. */
  #longestAbandoned(): { readonly owner: OpenConnections; readonly connection: PooledConnection } | undefined {
    let longest: { readonly owner: OpenConnections; readonly connection: PooledConnection } | undefined;
    const before = Date.now() - abandonedMs;
    for (const owner of this.#group) {
      for (const connection of owner.#open) {
        const isNewer = connection.lastUsed > (longest?.connection.lastUsed ?? before);
        const isInUse = connection.running > 0 || [...connection.users].some(user => user.isListening);
        if (!isNewer && !isInUse) longest = { owner, connection };
      }
    }
    return longest;
  }

  #endIdle(): void {
    const before = Date.now() - this.#options.idleMs;
    for (const connection of this.#open) {
      const { isCommon, users, running, lastUsed } = connection;
      // One without a user is ready for the next client.
      const isKept = isCommon || users.size === 0 || running > 0;
      if (!isKept && lastUsed < before) this.end(connection, 'idle');
    }
  }
}
