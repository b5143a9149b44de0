import { fail } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import type { ChainPlace, HeldChain } from '../hook/chain-place.ts';
import type { HookChain } from '../hook/hook-chain.ts';
import { UnmatchedNames } from '../hook/unmatched-names.ts';
import type { Principal } from '../identity/principal.ts';
import { type Catalogs, createCatalogs } from '../upstream/catalog.ts';
import type { Upstream, UpstreamPool } from '../upstream/upstream.ts';
import { type Access, type AccessRules, accessRules } from './access.ts';
import { type AccessRule, namesInRules } from './access-rule.ts';
import { createOrigins, type Origins } from './handed-out-uris.ts';
import { createListWarnings, type ListWarnings } from './list-warnings.ts';
import type { Quotas } from './quotas.ts';
import type { ToolSearchSettings } from './tool-search/search-tools.ts';
import { ToolSearch } from './tool-search/tool-search.ts';
import { isWithheld, type Unhooked } from './unhooked.ts';

/** A route of the gateway: chosen upstreams behind one chain of plugins. */
export interface Binding {
  readonly id: string;
  /** Whether `/mcp` also serves this binding. */
  readonly isDefault: boolean;
  readonly upstreams: readonly UpstreamPool[];
  readonly chain: ChainPlace;
  /** `drop` by default. */
  readonly unhooked?: Unhooked;
  /** The rules of who may do what. Without them everybody may do everything, and nobody once callers are identified. */
  readonly allow?: readonly AccessRule[] | undefined;
  /** Present if clients find tools by searching, in place of a list of all. */
  readonly toolSearch?: ToolSearchSettings | undefined;
}

/** One client's connection to an upstream, with the remembered lists. */
export interface Member {
  readonly upstream: Upstream;
  readonly lists: Catalogs;
}

/** One client's connections to the upstreams of a binding. */
export interface ClientScope {
  readonly members: readonly [Member, ...Member[]];
  /** The origins of URIs that the client has seen. */
  readonly origins: Origins;
  /** Whether text of an upstream that no hook has seen is withheld from the client. */
  readonly withholds: () => boolean;
}

/** A binding for one request, with its client's connections to the upstreams. */
export interface Route extends ClientScope {
  readonly id: string;
  readonly chain: HookChain;
  /** What the caller may do; undefined if everything. */
  readonly access: Access | undefined;
  /** Compares lists with the names in the rules. */
  readonly named: UnmatchedNames<number>;
  readonly notices: ListWarnings;
  /** Present if clients find tools by searching. */
  readonly toolSearch?: ToolSearch | undefined;
}

/**
 * Returns the members whose upstreams have been reached so far, and those at which the caller may have to connect an
 * account; all of them if none has.
 */
export function reachedMembers({ members }: Pick<Route, 'members'>): readonly Member[] {
  const reached = members.filter(({ upstream }) => upstream.serverInfo !== undefined || upstream.awaitsAccount);
  return reached.length === 0 ? members : reached;
}

/**
 * Whether an upstream may have this kind of list: it offered it, was never reached, or could not report that it was
 * replaced by one that offers it.
 */
export const mayOffer = ({ serverInfo, ready, listeningSince }: Upstream, kind: string): boolean =>
  serverInfo === undefined || serverInfo.capabilities[kind] !== undefined || (ready && listeningSince === undefined);

export interface OpenBindingOptions {
  /** See `limits.list_ms`. */
  readonly listMs: number;
  /** Whether callers are identified. */
  readonly isIdentityConfigured: boolean;
  /** The quotas of tenants; undefined if there are none. */
  readonly quotas?: Quotas | undefined;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** A binding that is ready for requests. */
export class OpenBinding implements Disposable {
  readonly id: string;
  readonly notices: ListWarnings;
  /** Who may do what; undefined if everybody everything. */
  readonly rules: AccessRules | undefined;
  readonly named: UnmatchedNames<number>;
  /** What tenants may use; undefined if nothing is limited. */
  readonly quotas: Quotas | undefined;
  readonly toolSearch: ToolSearch | undefined;
  #upstreams: readonly UpstreamPool[];
  readonly #chain: ChainPlace;
  readonly #unhooked: Unhooked;
  readonly #listMs: number;
  /** The remembered lists of upstreams whose clients share one connection. Those of a caller end with its connections. */
  readonly #sharedLists = new WeakMap<Upstream, Catalogs>();

  constructor(binding: Binding, { listMs, isIdentityConfigured, quotas, log, metrics }: OpenBindingOptions) {
    const { id, chain, upstreams, unhooked = 'drop', allow, toolSearch } = binding;
    this.id = id;
    this.#upstreams = upstreams;
    this.quotas = quotas;
    this.toolSearch = toolSearch && new ToolSearch(toolSearch);
    this.rules = accessRules(allow, isIdentityConfigured);
    this.named = new UnmatchedNames(namesInRules(allow), ({ owner: rule, ...about }) =>
      log.warn({ rule, ...about }, 'a rule of `allow` names what no upstream lists'),
    );
    this.notices = createListWarnings(id, log, metrics);
    this.#chain = chain;
    this.#unhooked = unhooked;
    this.#listMs = listMs;
  }

  get upstreams(): readonly UpstreamPool[] {
    return this.#upstreams;
  }

  /** Adds an upstream, for clients that connect from now on. */
  add(upstream: UpstreamPool): void {
    this.#upstreams = [...this.#upstreams, upstream];
  }

  /** Returns the chain for a new request. The plugins of a binding may be replaced while requests run. */
  enter(): HeldChain {
    return this.#chain.enter();
  }

  /**
   * Opens the upstreams for a client, until the scope is disposed of. Nothing is connected yet.
   * @param isListening whether the client listens for messages that upstreams send on their own
   */
  open(caller: Principal, isListening: () => boolean): ClientScope & Disposable {
    const [first, ...others] = this.upstreams
      .map(pool => pool.for(caller))
      .map(pool => new ClientMember(pool.open(isListening), this.#listMs, () => this.#listsOf(pool)));
    if (first === undefined) return refuseWithoutUpstream(this.id);
    const members: readonly [ClientMember, ...ClientMember[]] = [first, ...others];
    return {
      members,
      withholds: () => isWithheld(this.#unhooked, this.#chain.chain),
      origins: createOrigins(),
      [Symbol.dispose]() {
        for (const member of members) member[Symbol.dispose]();
      },
    };
  }

  #listsOf({ common: upstream }: UpstreamPool): Catalogs | undefined {
    if (upstream === undefined) return undefined;
    const known = this.#sharedLists.get(upstream) ?? createCatalogs(upstream, this.#listMs);
    this.#sharedLists.set(upstream, known);
    return known;
  }

  [Symbol.dispose](): void {
    for (const { common } of this.#upstreams)
      if (common !== undefined) this.#sharedLists.get(common)?.[Symbol.dispose]();
  }
}

/** Refuses a request to a binding for which its program has registered no upstream yet. @throws Fault `upstream_unavailable` */
export const refuseWithoutUpstream = (binding: string): never =>
  fail('upstream_unavailable', { binding, hint: 'no upstream has been registered for the binding yet' });

/** Creates a member with the lists of the client's own connection, or with the common ones if clients share one. */
class ClientMember implements Member, Disposable {
  readonly upstream: Upstream;
  readonly #listMs: number;
  readonly #common: () => Catalogs | undefined;
  #own: Catalogs | undefined;

  constructor(upstream: Upstream, listMs: number, common: () => Catalogs | undefined) {
    this.upstream = upstream;
    this.#listMs = listMs;
    this.#common = common;
  }

  get lists(): Catalogs {
    const common = this.#common();
    if (common !== undefined) return common;
    this.#own ??= createCatalogs(this.upstream, this.#listMs);
    return this.#own;
  }

  [Symbol.dispose](): void {
    this.#own?.[Symbol.dispose]();
    void this.upstream[Symbol.asyncDispose]();
  }
}
