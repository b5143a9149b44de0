import { Fault, fail } from '../../core/fault.ts';
import { type Placed, PlacedSet } from '../../core/placed-set.ts';
import type { Step } from './step.ts';

/** A request that can be ended. */
interface Running extends Placed {
  /** Whether it has what it needs of the configuration. */
  readonly isAccepted?: boolean;
  /** Answers with the fault and cancels the request's work. */
  cut(fault: Fault): void;
}

interface AwaitedRequests<T> {
  readonly requests: Set<T>;
  /** Called when the last of them has ended. */
  ended(): void;
}

/**
 * Tracks running requests until their answers have been read. As a step, it refuses a request if too many are running
 * or the gateway is draining.
 */
export class RunningRequests<T extends Running = Running> implements Step, Iterable<T> {
  readonly name = 'overload';
  readonly #requests = new PlacedSet<T>();
  /** See `limits.concurrent_requests`. */
  most: number;
  #isDraining = false;
  #onIdle: (() => void) | undefined;
  /** The requests that something waits for, and what is called when they have ended; undefined where nothing waits. */
  #awaited: Set<AwaitedRequests<T>> | undefined;
  /** Requests that use nothing of later configurations. */
  readonly #earlier = new WeakSet<T>();

  /** @param most see `limits.concurrent_requests` */
  constructor(most: number) {
    this.most = most;
  }

  get count(): number {
    return this.#requests.size;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#requests[Symbol.iterator]();
  }

  add(request: T): void {
    this.#requests.add(request);
  }

  remove(request: T): void {
    this.#requests.delete(request);
    if (this.#requests.size === 0) this.#onIdle?.();
    if (this.#awaited !== undefined) this.#noteEnd(request, this.#awaited);
  }

  /**
   * Must be called when a configuration is replaced. Resolves when all requests that can use that one have ended: those
   * that are running, but for those that an earlier one had accepted.
   */
  ended(): Promise<void> {
    const requests = new Set([...this.#requests].filter(each => !this.#earlier.has(each)));
    for (const each of requests) if (each.isAccepted) this.#earlier.add(each);
    if (requests.size === 0) return Promise.resolve();
    const { promise, resolve: ended } = Promise.withResolvers<void>();
    this.#awaited ??= new Set();
    this.#awaited.add({ requests, ended });
    return promise;
  }

  /** @throws Fault `draining`, `overloaded` */
  pass(): void {
    if (this.#isDraining) fail('draining');
    this.checkRoom();
  }

  /** @throws Fault `overloaded` if too many requests are running */
  checkRoom(): void {
    if (this.#requests.size <= this.most) return;
    const hint = `${this.most} requests are running: try again later, or raise \`limits.concurrent_requests\``;
    fail('overloaded', { hint });
  }

  /** Refuses all requests from now on. */
  startDraining(): void {
    this.#isDraining = true;
  }

  /** Waits until no request is running, for at most `ms` milliseconds. */
  async idle(ms: number): Promise<void> {
    if (this.#requests.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>(resolve => {
      this.#onIdle = resolve;
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
    this.#onIdle = undefined;
  }

  #noteEnd(request: T, awaited: Set<AwaitedRequests<T>>): void {
    for (const each of awaited) {
      if (!each.requests.delete(request) || each.requests.size > 0) continue;
      awaited.delete(each);
      each.ended();
    }
    if (awaited.size === 0) this.#awaited = undefined;
  }

  /** Ends every running request. */
  cut(): void {
    const hint = 'it was still running after `limits.drain_ms`; the upstream may have executed it';
    for (const request of this.#requests) request.cut(new Fault('draining', { hint }));
  }
}
