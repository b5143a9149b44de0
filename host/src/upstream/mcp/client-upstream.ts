import type { Fault } from '../../core/fault.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Log } from '../../core/log.ts';
import { unlessAborted } from '../../core/unless-aborted.ts';
import type { Answer } from '../../mcp/answer.ts';
import type { Notification } from '../../mcp/message.ts';
import type { ServerInfo } from '../../mcp/server-info.ts';
import type { RequestOptions, Upstream } from '../upstream.ts';
import { BackOff } from './back-off.ts';
import { type RequestTimes, SessionExpired } from './connection.ts';
import { requestTimes, timeoutFault } from './pending-request.ts';
import type { ConnectionUser, PooledConnection } from './pooled-connection.ts';

/** Where a client's lines come from. */
export interface ConnectionSource {
  readonly id: string;
  /** Where HTTP requests go; undefined over stdio. */
  readonly url: URL | undefined;
  /** From the latest handshake with the server. */
  readonly serverInfo: ServerInfo | undefined;
  /** Why the server could not be reached when that was tried last; undefined when it could. */
  readonly failure: unknown;
  /** A standing line for `user`: the one of all, one that nobody uses yet, or a new one. */
  connect(user: ConnectionUser, signal: AbortSignal): Promise<PooledConnection>;
  /** Spaces out attempts to connect. An answer to a request ends a series of failures. */
  readonly backOff: BackOff;
  /** Says that `line` is no longer good. Later words about it are ignored. */
  lose(line: PooledConnection): void;
  /** The server has forgotten the session of this line, which is no failure. */
  expire(line: PooledConnection): void;
  /** Says that `user` does not need its line any more. */
  release(line: PooledConnection, user: ConnectionUser): void;
  /** Why nothing is connected any more. */
  closedFault(): Fault;
}

export interface ClientOptions {
  readonly times: RequestTimes;
  readonly log: Log;
  readonly isCommon?: boolean;
  readonly isListening?: (() => boolean) | undefined;
  onClose(client: ClientUpstream): void;
}

/** Milliseconds of connecting after which a list may have been answered without it. */
const patience = 1_000;

const listChanges = {
  tools: 'notifications/tools/list_changed',
  prompts: 'notifications/prompts/list_changed',
  resources: 'notifications/resources/list_changed',
};

/** What one client has of a server: a line, made on first need and again after it was lost. */
export class ClientUpstream implements Upstream, ConnectionUser {
  readonly id: string;
  readonly #source: ConnectionSource;
  readonly #on: ClientOptions;
  readonly #backOff = new BackOff();
  readonly #closing = new AbortController();
  readonly #listeners = new Set<(notification: Notification) => void>();
  #line: PooledConnection | undefined;
  #attempt: Promise<PooledConnection> | undefined;
  #serverInfo: ServerInfo | undefined;
  /** The line before is over, so the lists of the next one may be others. */
  #isRenewed = false;
  /** Asked while the server could not be reached, so what was learned of its lists is less than there is. */
  #hasMissed: boolean;
  #logLevel: string | undefined;

  constructor(source: ConnectionSource, on: ClientOptions) {
    this.id = source.id;
    this.#source = source;
    this.#on = on;
    this.#hasMissed = source.serverInfo === undefined;
  }

  get url(): URL | undefined {
    return this.#source.url;
  }

  get ready(): boolean {
    return this.#line !== undefined;
  }

  get hearsSince(): number | undefined {
    return this.#line?.connection.hearsSince;
  }

  get serverInfo(): ServerInfo | undefined {
    return this.#serverInfo ?? this.#source.serverInfo;
  }

  get logLevel(): string | undefined {
    return this.#logLevel;
  }

  get isCommon(): boolean {
    return this.#on.isCommon === true;
  }

  get isListening(): boolean {
    return this.#on.isListening?.() ?? false;
  }

  async start(signal?: AbortSignal): Promise<void> {
    await unlessAborted(this.#connected(), signal);
  }

  async request(method: string, params?: JsonObject, options: RequestOptions = {}): Promise<Answer> {
    options.signal?.throwIfAborted();
    for (let isRenewed = false; ; isRenewed = true) {
      const line = this.#line ?? (await this.#arrival(method, options));
      line.running += 1;
      try {
        const answer = await line.connection.request(method, params, options);
        if (this.#backOff.hasFailed) this.#backOff.succeeded();
        if (this.#source.backOff.hasFailed) this.#source.backOff.succeeded();
        return answer;
      } catch (thrown) {
        // The connection itself reports when it is lost in any other way.
        if (!(thrown instanceof SessionExpired)) throw thrown;
        if (isRenewed) return thrown.refusal();
        this.#source.expire(line);
        this.#on.log.info({ upstream: this.id }, 'the session expired');
      } finally {
        line.running -= 1;
        line.lastUsed = Date.now();
      }
    }
  }

  subscribe(listener: (notification: Notification) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async setLogLevel(level: string): Promise<void> {
    this.#logLevel = level;
    await this.#line?.tellLevel();
  }

  hear(notification: Notification): void {
    for (const listener of this.#listeners) listener(notification);
  }

  onEnd(line: PooledConnection, lost: boolean): void {
    if (line !== this.#line) return;
    this.#line = undefined;
    this.#isRenewed = true;
    if (!lost) return;
    if (line.isJoint) this.#hasMissed = true;
    else this.#backOff.failed();
  }

  /** Says that the server was reached, by this client or another. */
  onReached(serverInfo: ServerInfo): void {
    if (this.#hasMissed) this.#tellLists(serverInfo);
  }

  /** Puts it on a line that all use, so that it hears what the server says. */
  useJoint(line: PooledConnection): void {
    if (this.#line !== undefined) return;
    line.add(this);
    this.#stand(line);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(this.#source.closedFault());
    this.#listeners.clear();
    this.#on.onClose(this);
    // A line that is just being made is waited for, so that nothing stays behind.
    const line = this.#line ?? (await this.#attempt?.catch(() => undefined));
    this.#line = undefined;
    if (line !== undefined) this.#source.release(line, this);
  }

  /** The standing line, or a new one. Callers of one moment share the attempt. */
  #connected(): Promise<PooledConnection> {
    if (this.#closing.signal.aborted) return Promise.reject(this.#closing.signal.reason);
    if (this.#line !== undefined) return Promise.resolve(this.#line);
    this.#attempt ??= this.#connect().finally(() => {
      this.#attempt = undefined;
    });
    return this.#attempt;
  }

  /**
   * The line, for which a request waits no longer than for its answer. Where the server could not be reached before, it
   * waits half as long: whoever asks must hear why before losing patience.
   */
  async #arrival(method: string, options: RequestOptions): Promise<PooledConnection> {
    const { idle: most } = requestTimes(options, this.#on.times);
    const limit = this.#source.failure === undefined ? most : { ...most, ms: most.ms / 2 };
    const late = new AbortController();
    const { signal } = options;
    const timer = setTimeout(() => {
      late.abort(this.#source.failure ?? timeoutFault(this.id, method, limit));
    }, limit.ms);
    try {
      const either = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
      return await unlessAborted(this.#connected(), either);
    } finally {
      clearTimeout(timer);
    }
  }

  async #connect(): Promise<PooledConnection> {
    const began = Date.now();
    try {
      const line = await this.#join();
      if (Date.now() > began + patience) this.#hasMissed = true;
      this.#stand(line);
      return line;
    } catch (reason) {
      this.#hasMissed = true;
      throw reason;
    }
  }

  #stand(line: PooledConnection): void {
    const { serverInfo } = line.connection;
    const before = this.#serverInfo;
    this.#line = line;
    this.#serverInfo = serverInfo;
    if (this.#isRenewed || this.#hasMissed) this.#tellLists(serverInfo, before);
  }

  async #join(): Promise<PooledConnection> {
    for (;;) {
      await this.#backOff.pass(this.id, this.#closing.signal);
      const line = await this.#source.connect(this, this.#closing.signal);
      if (!line.isOver) return line;
      this.#backOff.failed();
    }
  }

  /** Who asked while it was not there must ask again; and where it was, it is another one, perhaps another version. */
  #tellLists(...all: readonly (ServerInfo | undefined)[]): void {
    this.#isRenewed = false;
    this.#hasMissed = false;
    for (const [kind, method] of Object.entries(listChanges)) {
      if (all.some(serverInfo => serverInfo?.capabilities[kind] !== undefined)) this.hear({ method });
    }
  }
}
