import type { Principal } from '../../identity/principal.ts';
import type { ServerInfo } from '../../mcp/server-info.ts';
import type { ConnectFailure, Upstream, UpstreamPool } from '../upstream.ts';
import { CheckedLists, type CheckedListsOptions } from './checked-lists.ts';
import { CheckedUpstream, type ListSource } from './checked-upstream.ts';

/**
 * The connections with an upstream of which only checked lists are used. Callers with credentials of their own have lists
 * of their own. It does not dispose of the connections.
 */
export class CheckedPool implements UpstreamPool, ListSource {
  readonly id: string;
  readonly #inner: UpstreamPool;
  readonly #options: CheckedListsOptions;
  /** Those of all callers, if these are the connections of one, which end when its last client leaves. */
  readonly #whole: CheckedPool | undefined;
  readonly #callers = new WeakMap<UpstreamPool, CheckedPool>();
  /** The callers whose lists are open. */
  readonly #withLists = new Set<CheckedPool>();
  readonly #listeners = new Set<(notification: string) => void>();
  #lists: CheckedLists | undefined;
  #clients = 0;
  #common: { readonly inner: Upstream; readonly checked: Upstream } | undefined;

  constructor(inner: UpstreamPool, options: CheckedListsOptions, whole?: CheckedPool) {
    this.id = inner.id;
    this.#inner = inner;
    this.#options = options;
    this.#whole = whole;
  }

  start(signal?: AbortSignal): Promise<void> {
    return this.#inner.start(signal);
  }

  get ready(): boolean {
    return this.#inner.ready;
  }

  get lastFailure(): ConnectFailure | undefined {
    return this.#inner.lastFailure;
  }

  get serverInfo(): ServerInfo | undefined {
    return this.#inner.serverInfo;
  }

  get wasReached(): boolean {
    return this.#inner.wasReached;
  }

  for(caller: Principal): UpstreamPool {
    const inner = this.#inner.for(caller);
    if (inner === this.#inner) return this;
    const known = this.#callers.get(inner) ?? new CheckedPool(inner, this.#options, this);
    this.#callers.set(inner, known);
    return known;
  }

  get common(): Upstream | undefined {
    // What is kept for a common client would outlive those of the caller.
    if (this.#whole !== undefined) return undefined;
    const { common: inner } = this.#inner;
    if (inner === undefined) return undefined;
    if (this.#common?.inner !== inner) {
      this.#common = { inner, checked: new CheckedUpstream(inner, this, () => {}) };
    }
    return this.#common.checked;
  }

  open(isListening?: () => boolean, onSessionLost?: () => void): Upstream {
    this.#clients += 1;
    const inner = this.#inner.open(isListening, onSessionLost);
    return new CheckedUpstream(inner, this, () => this.#left());
  }

  checkRoom(): void {
    this.#inner.checkRoom();
  }

  lists(): CheckedLists {
    if (this.#whole !== undefined) this.#whole.#withLists.add(this);
    this.#lists ??= new CheckedLists(this.#inner.open(), this.#options, {
      isWaiting: () => this.#listeners.size > 0,
      onChange: notification => this.#report(notification),
    });
    return this.#lists;
  }

  get isRefused(): boolean {
    return this.#lists?.isRefused === true;
  }

  changed(notification: string): void {
    if (this.#lists === undefined) this.#report(notification);
    else this.#lists.changed(notification);
  }

  /** Checks lists again about which something else decides now, and notifies clients of what changed. */
  checkAgain(): void {
    for (const pool of [this, ...this.#withLists]) pool.#lists?.checkAgain();
  }

  subscribe(listener: (notification: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const lists = this.#lists;
    this.#lists = undefined;
    if (this.#whole !== undefined) this.#whole.#withLists.delete(this);
    await lists?.[Symbol.asyncDispose]();
  }

  #left(): void {
    this.#clients -= 1;
    if (this.#clients === 0 && this.#whole !== undefined) void this[Symbol.asyncDispose]();
  }

  #report(notification: string): void {
    for (const listener of this.#listeners) listener(notification);
  }
}
