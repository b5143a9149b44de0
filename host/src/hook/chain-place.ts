import type { HookChain } from './hook-chain.ts';

/** A chain of a binding, with the number of requests that use it. */
export class HeldChain {
  readonly chain: HookChain;
  /** Called when the last request ends. */
  onEmpty: (() => void) | undefined;
  #requests = 0;

  constructor(chain: HookChain) {
    this.chain = chain;
  }

  /** Whether no request uses the chain. */
  get isEmpty(): boolean {
    return this.#requests === 0;
  }

  enter(): void {
    this.#requests += 1;
  }

  /** Must be called once for each `enter`, when the request ends. */
  leave(): void {
    this.#requests -= 1;
    if (this.#requests === 0) this.onEmpty?.();
  }
}

/** Holds a binding's chain, which can be replaced while requests run. */
export class ChainPlace {
  #held: HeldChain;

  constructor(chain: HookChain) {
    this.#held = new HeldChain(chain);
  }

  /** The chain for new requests. */
  get chain(): HookChain {
    return this.#held.chain;
  }

  /**
   * Returns the chain for a new request. The request keeps it until it ends, so that its after hooks are those of the
   * plugins of its before hooks.
   */
  enter(): HeldChain {
    this.#held.enter();
    return this.#held;
  }

  /** Replaces the chain immediately. Resolves when the last request of the previous chain has ended. */
  replace(chain: HookChain): Promise<void> {
    const before = this.#held;
    this.#held = new HeldChain(chain);
    if (before.isEmpty) return Promise.resolve();
    return new Promise(resolve => {
      before.onEmpty = resolve;
    });
  }
}
