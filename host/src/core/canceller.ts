/** The cancellation of one call: Node's signal, or the canceller of the call itself. */
export type Cancellation = AbortSignal | Canceller;

/**
 * Cancels one call. It is a controller and its signal in one object, for the way of every call: Node's own cost
 * microseconds and kilobytes even if nothing is ever aborted. `signalOf` returns a signal of Node where one is needed.
 */
export class Canceller {
  /** Absent while there are none, and made as long as it is: most calls have one listener, for a short time. */
  #listeners: readonly (() => void)[] | undefined;
  #controller: AbortController | undefined;
  #isAborted = false;
  #reason: unknown;

  get aborted(): boolean {
    return this.#isAborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  /** Returns a signal of Node that aborts with the call. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isAborted) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Aborts the call, once. */
  abort(reason: unknown): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
    const listeners = this.#listeners ?? [];
    this.#listeners = undefined;
    for (const listener of listeners) listener();
  }

  throwIfAborted(): void {
    if (this.#isAborted) throw this.#reason;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners = this.#listeners === undefined ? [listener] : [...this.#listeners, listener];
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    if (this.#listeners === undefined) return;
    const isOnly = this.#listeners.length === 1 && this.#listeners[0] === listener;
    this.#listeners = isOnly ? undefined : this.#listeners.filter(each => each !== listener);
  }
}

/** Returns the cancellation as a signal of Node. */
export const signalOf = (cancellation: Cancellation): AbortSignal =>
  cancellation instanceof Canceller ? cancellation.signal : cancellation;
