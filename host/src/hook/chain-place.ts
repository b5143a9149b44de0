import type { HookChain } from './hook-chain.ts';

/** The chain of one request, from its first hook to its last. Disposing says that the request is over. */
export interface HeldChain extends Disposable {
  readonly chain: HookChain;
}

interface Tenure {
  readonly chain: HookChain;
  requests: number;
  onEmpty?: () => void;
}

/** The place of a binding's chain, which another chain can take while requests pass. */
export class ChainPlace {
  #now: Tenure;

  constructor(chain: HookChain) {
    this.#now = { chain, requests: 0 };
  }

  /** The chain of requests that begin now. */
  get chain(): HookChain {
    return this.#now.chain;
  }

  /** A request that begins keeps the chain that it finds, so that its after hooks are of the plugins of its before hooks. */
  enter(): HeldChain {
    const tenure = this.#now;
    tenure.requests += 1;
    return {
      chain: tenure.chain,
      [Symbol.dispose]() {
        tenure.requests -= 1;
        if (tenure.requests === 0) tenure.onEmpty?.();
      },
    };
  }

  /** Gives the place to another chain at once. Resolves when the last request that keeps the one before is over. */
  replace(chain: HookChain): Promise<void> {
    const before = this.#now;
    this.#now = { chain, requests: 0 };
    if (before.requests === 0) return Promise.resolve();
    return new Promise(resolve => {
      before.onEmpty = resolve;
    });
  }
}
