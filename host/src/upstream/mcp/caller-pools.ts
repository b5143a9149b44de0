import { anonymous, type Principal } from '../../identity/principal.ts';
import type { ServerInfo } from '../../mcp/server-info.ts';
import { callerKey } from '../auth/create-auth.ts';
import type { UpstreamAuth } from '../auth/credential.ts';
import type { ConnectFailure, Upstream, UpstreamPool } from '../upstream.ts';
import type { ConnectionPool } from './upstream-pool.ts';

export interface CallerPoolsOptions {
  readonly id: string;
  readonly auth: UpstreamAuth;
  /** Opens the connections of one caller. */
  open(caller: Principal): ConnectionPool;
}

/** Milliseconds after which the connections of a caller without clients are closed. */
const unusedMs = 60_000;
/** Milliseconds between two looks for them. */
const sweepMs = 10_000;

interface CallerPool {
  readonly pool: ConnectionPool;
  lastUsed: number;
}

/**
 * The connections with one server to which callers, or those of each tenant, have their own credentials. They share nothing
 * with others: no connection, no session, no list and no failure to connect. Only the limit of connections is one for all.
 */
export class CallerPools implements UpstreamPool {
  readonly id: string;
  readonly #options: CallerPoolsOptions;
  readonly #pools = new Map<string, CallerPool>();
  readonly #closing = new Set<Promise<void>>();
  readonly #sweeper: NodeJS.Timeout;
  #wasReached = false;
  #isChecked = false;
  #lastFailure: ConnectFailure | undefined;

  constructor(options: CallerPoolsOptions) {
    this.id = options.id;
    this.#options = options;
    this.#sweeper = setInterval(() => this.#sweep(), sweepMs).unref();
  }

  /** Checks that users can get credentials. There is no connection before the first user. */
  async start(): Promise<void> {
    try {
      await this.#options.auth.check();
      this.#isChecked = true;
      this.#lastFailure = undefined;
    } catch (reason) {
      this.#lastFailure = { at: Date.now(), reason };
      throw reason;
    }
  }

  get ready(): boolean {
    return this.#isChecked;
  }

  get lastFailure(): ConnectFailure | undefined {
    return this.#lastFailure;
  }

  /** What a server offers may differ between its users. */
  get serverInfo(): ServerInfo | undefined {
    return undefined;
  }

  get wasReached(): boolean {
    this.#wasReached ||= [...this.#pools.values()].some(({ pool }) => pool.wasReached);
    return this.#wasReached;
  }

  get common(): undefined {
    return undefined;
  }

  for(caller: Principal): UpstreamPool {
    const { auth } = this.#options;
    const key = auth.keyOf?.(caller) ?? callerKey(caller);
    const known = this.#pools.get(key) ?? { pool: this.#options.open(caller), lastUsed: 0 };
    known.lastUsed = Date.now();
    this.#pools.set(key, known);
    return known.pool.for(caller);
  }

  open(isListening?: () => boolean, onSessionLost?: () => void): Upstream {
    return this.for(anonymous).open(isListening, onSessionLost);
  }

  checkRoom(): void {}

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sweeper);
    for (const key of [...this.#pools.keys()]) this.#close(key);
    await Promise.all(this.#closing);
    await this.#options.auth[Symbol.asyncDispose]();
  }

  #sweep(): void {
    const now = Date.now();
    for (const [key, known] of this.#pools) {
      if (known.pool.isUsed) known.lastUsed = now;
      else if (known.lastUsed < now - unusedMs) this.#close(key);
    }
  }

  #close(key: string): void {
    const closed = this.#pools.get(key)?.pool;
    if (closed === undefined) return;
    this.#wasReached ||= closed.wasReached;
    this.#pools.delete(key);
    const closing: Promise<void> = closed[Symbol.asyncDispose]().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}
