import type { Config } from '../config/config.ts';
import { ChainPlace } from '../hook/chain-place.ts';
import type { FederationPlugins } from './federation-list-check.ts';
import type { Generation } from './generation.ts';

type Binding = Config['bindings'][number];

/** The generation that new requests use, and earlier ones until their last request ends. Disposing closes all. */
export class Generations implements AsyncDisposable {
  /** The chain of each binding, which `replace` exchanges. */
  readonly chains: ReadonlyMap<Binding, ChainPlace>;
  #current: Generation;
  #federation: FederationPlugins;
  readonly #federated: readonly string[];
  readonly #open: Set<Generation>;

  constructor(first: Generation, { bindings, federation }: Pick<Config, 'bindings' | 'federation'>) {
    this.#current = first;
    this.#federated = federation;
    this.#federation = first.federationOf(federation);
    this.#open = new Set([first]);
    this.chains = new Map(bindings.map(binding => [binding, new ChainPlace(first.chainOf(binding))]));
  }

  get current(): Generation {
    return this.#current;
  }

  /** The plugins that decide about upstreams. */
  get federation(): FederationPlugins {
    return this.#federation;
  }

  /** Gives `next` to every request that begins from now on. */
  replace(next: Generation): void {
    const before = this.#current;
    const federation = this.#federation;
    this.#current = next;
    this.#federation = next.federationOf(this.#federated);
    this.#open.add(next);
    const ended = [...this.chains].map(([binding, chain]) => chain.replace(next.chainOf(binding)));
    void Promise.all([...ended, before.identity.idle(), federation.chain.idle()]).then(async () => {
      await before[Symbol.asyncDispose]();
      this.#open.delete(before);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#open].map(each => each[Symbol.asyncDispose]()));
  }
}
