import type { ChainPlace } from '../hook/chain-place.ts';
import type { HookChain } from '../hook/hook-chain.ts';
import { type Catalog, createCatalog } from '../upstream/catalog.ts';
import { createToolCatalog, type ToolCatalog } from '../upstream/tool-catalog.ts';
import type { Upstream } from '../upstream/upstream.ts';

/** A route of the gateway: chosen upstreams behind one chain of plugins. */
export interface Binding {
  readonly id: string;
  /** Whether `/mcp` is this binding too. */
  readonly isDefault: boolean;
  readonly upstreams: readonly Upstream[];
  readonly chain: ChainPlace;
}

/** An upstream with what the gateway remembers of its lists. */
export interface Member {
  readonly upstream: Upstream;
  readonly tools: ToolCatalog;
  readonly resources: Catalog;
  readonly templates: Catalog;
}

/** A binding as one request finds it, to the end. Disposing says that the request is over. */
export interface Route extends Disposable {
  readonly id: string;
  readonly chain: HookChain;
  readonly members: readonly [Member, ...Member[]];
}

/** The members whose upstreams were reached so far; all of them while that is none. */
export function reachedMembers({ members }: Route): readonly Member[] {
  const reached = members.filter(({ upstream }) => upstream.initialized !== undefined);
  return reached.length === 0 ? members : reached;
}

/** A binding with its members, ready for requests. */
export interface Entrance extends Disposable {
  readonly id: string;
  /** For each request anew: the plugins of a binding may be replaced. */
  enter(): Route;
}

export function createEntrance({ id, chain: place, upstreams }: Binding): Entrance {
  const [first, ...others] = upstreams.map(upstream => ({
    upstream,
    tools: createToolCatalog(upstream),
    resources: createCatalog(upstream, 'resources/list'),
    templates: createCatalog(upstream, 'resources/templates/list'),
  }));
  if (first === undefined) throw new RangeError(`binding ${id} has no upstream`);
  const members: [Member, ...Member[]] = [first, ...others];
  return {
    id,
    enter() {
      const held = place.enter();
      return { id, members, chain: held.chain, [Symbol.dispose]: held[Symbol.dispose] };
    },
    [Symbol.dispose]() {
      for (const { tools, resources, templates } of members) {
        for (const catalog of [tools, resources, templates]) catalog[Symbol.dispose]();
      }
    },
  };
}
