import type { HookChain } from './hook-chain.ts';

/** A chain of a binding, with the number of requests that keep it from their first hook to their last. */
export class HeldChain {
  readonly chain: HookChain;
  /** Called when the last request leaves. */
  onEmpty: (() => void) | undefined;
  #requests = 0;

  constructor(chain: HookChain) {
    this.chain = chain;
  }

  /** Whether no request keeps the chain. */
  get isEmpty(): boolean {
    return this.#requests === 0;
  }

  enter(): void {
    this.#requests += 1;
  }

  /** Must be called once for each `enter`, when the request is over. */
  leave(): void {
    this.#requests -= 1;
    if (this.#requests === 0) this.onEmpty?.();
  }
}

/** The place of a binding's chain, which another chain can take while requests run. */
export class ChainPlace {
  #held: HeldChain;

  constructor(chain: HookChain) {
    this.#held = new HeldChain(chain);
  }

  /** The chain of requests that begin now. */
  get chain(): HookChain {
    return this.#held.chain;
  }

  /**
   * Returns the chain of a request that begins now. The request keeps it until it leaves, so that its after hooks belong to
   * the plugins of its before hooks.
   */
  enter(): HeldChain {
    this.#held.enter();
    return this.#held;
  }

  /** Replaces the chain at once. Resolves when the last request that keeps the earlier chain is over. */
  replace(chain: HookChain): Promise<void> {
    const before = this.#held;
    this.#held = new HeldChain(chain);
    if (before.isEmpty) return Promise.resolve();
    return new Promise(resolve => {
      before.onEmpty = resolve;
    });
  }
}
