import type { Log } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import type { ChainPlace } from '../hook/chain-place.ts';
import type { HookChain } from '../hook/hook-chain.ts';
import { type Catalogs, createCatalogs } from '../upstream/catalog.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { createNotices, type Notices } from './notices.ts';
import { createOrigins, type Origins } from './origins.ts';

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
  readonly lists: Catalogs;
}

/** A binding as one request finds it, to the end. Disposing says that the request is over. */
export interface Route extends Disposable {
  readonly id: string;
  readonly chain: HookChain;
  readonly members: readonly [Member, ...Member[]];
  /** Where uris came from that its clients have seen. */
  readonly origins: Origins;
  readonly notices: Notices;
}

/** The members whose upstreams were reached so far; all of them while that is none. */
export function reachedMembers({ members }: Route): readonly Member[] {
  const reached = members.filter(({ upstream }) => upstream.initialized !== undefined);
  return reached.length === 0 ? members : reached;
}

/**
 * Whether an upstream may have this kind of list: it offered it, was never reached, or could not tell that it was
 * replaced by one that offers it.
 */
export const mayOffer = ({ initialized, ready, hearsSince }: Upstream, kind: string): boolean =>
  initialized === undefined || initialized.capabilities[kind] !== undefined || (ready && hearsSince === undefined);

/** A binding with its members, ready for requests. */
export interface Entrance extends Disposable {
  readonly id: string;
  /** For each request anew: the plugins of a binding may be replaced. */
  enter(): Route;
}

export interface EntranceOptions {
  /** As `limits.list_ms`. */
  readonly listMs: number;
  readonly log: Log;
  readonly metrics: Metrics;
}

export function createEntrance(binding: Binding, { listMs, log, metrics }: EntranceOptions): Entrance {
  const { id, chain: place, upstreams } = binding;
  const [first, ...others] = upstreams.map(upstream => ({ upstream, lists: createCatalogs(upstream, listMs) }));
  if (first === undefined) throw new RangeError(`binding ${id} has no upstream`);
  const members: [Member, ...Member[]] = [first, ...others];
  const origins = createOrigins();
  const notices = createNotices(id, log, metrics);
  return {
    id,
    enter() {
      const held = place.enter();
      return { id, members, origins, notices, chain: held.chain, [Symbol.dispose]: held[Symbol.dispose] };
    },
    [Symbol.dispose]() {
      for (const { lists } of members) lists[Symbol.dispose]();
    },
  };
}
