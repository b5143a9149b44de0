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
  readonly chain: HookChain;
}

/** An upstream with what the gateway remembers of its lists. */
export interface Member {
  readonly upstream: Upstream;
  readonly tools: ToolCatalog;
  readonly resources: Catalog;
  readonly templates: Catalog;
}

/** A binding with its members, ready to be called. */
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

export function createRoute({ id, chain, upstreams }: Binding): Route {
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
    chain,
    members,
    [Symbol.dispose]() {
      for (const { tools, resources, templates } of members) {
        for (const catalog of [tools, resources, templates]) catalog[Symbol.dispose]();
      }
    },
  };
}
