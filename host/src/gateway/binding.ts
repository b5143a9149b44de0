import { canonicalJson } from '../core/canonical-json.ts';
import { fail } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import type { HookChain } from '../hook/hook-chain.ts';
import { UnmatchedNames } from '../hook/unmatched-names.ts';
import { type Catalogs, createCatalogs } from '../upstream/catalog.ts';
import type { Upstream, UpstreamPool } from '../upstream/upstream.ts';
import { type Access, type AccessRules, accessRules } from './access.ts';
import { type AccessRule, namesInRules } from './access-rule.ts';
import type { Origins } from './handed-out-uris.ts';
import { createListWarnings, type ListWarnings } from './list-warnings.ts';
import { isOffered, type Quotas, type TenantSettings } from './quotas.ts';
import type { ToolSearchSettings } from './tool-search/search-tools.ts';
import { ToolSearch } from './tool-search/tool-search.ts';
import type { Unhooked } from './unhooked.ts';

/** A route of the gateway: chosen upstreams behind one chain of plugins. */
export interface Binding {
  readonly id: string;
  /** Whether `/mcp` also serves this binding. */
  readonly isDefault: boolean;
  readonly upstreams: readonly UpstreamPool[];
  readonly chain: HookChain;
  /** `drop` by default. */
  readonly unhooked?: Unhooked;
  /** The rules of who may do what. Without them everyone may do everything, and nobody once callers are identified. */
  readonly allow?: readonly AccessRule[] | undefined;
  /** Present if clients find tools by searching, instead of a list of all. */
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

/** What a binding is in one generation of the configuration. A request keeps the one that it begins with. */
export interface BindingGeneration {
  readonly upstreams: readonly UpstreamPool[];
  readonly chain: HookChain;
  readonly unhooked: Unhooked;
  /** Who may do what; undefined if everyone everything. */
  readonly rules: AccessRules | undefined;
  readonly named: UnmatchedNames<number>;
  /** What tenants may use; undefined if nothing is limited. */
  readonly quotas: Quotas | undefined;
  readonly toolSearch: ToolSearch | undefined;
  /** See `limits.list_ms`. */
  readonly listMs: number;
  /** The settings that `rules` and `toolSearch` were made of, and which tenants may use it, as text. */
  readonly made: { readonly rules: string; readonly toolSearch: string; readonly tenants: string };
}

export interface BindingContext {
  /** See `limits.list_ms`. */
  readonly listMs: number;
  /** Whether callers are identified. */
  readonly isIdentityConfigured: boolean;
  /** The quotas of tenants; undefined if there are none. */
  readonly quotas?: Quotas | undefined;
  readonly tenants: readonly TenantSettings[];
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Creates what a binding is from now on: the generation before, or of that what would be the same. */
export function createBindingGeneration(
  { id, chain, upstreams, unhooked = 'drop', allow, toolSearch }: Binding,
  { listMs, isIdentityConfigured, quotas, tenants, log }: BindingContext,
  before?: BindingGeneration,
): BindingGeneration {
  const made = {
    rules: canonicalJson({ allow, isIdentityConfigured }),
    toolSearch: canonicalJson(toolSearch),
    tenants: canonicalJson(tenants.map(tenant => [tenant.id, isOffered(tenant, id)])),
  };
  const ruled =
    before?.made.rules === made.rules
      ? before
      : {
          rules: accessRules(allow, isIdentityConfigured),
          named: new UnmatchedNames(namesInRules(allow), ({ owner: rule, ...about }) =>
            log.warn({ rule, ...about }, 'a rule of `allow` names what no upstream lists'),
          ),
        };
  const next: BindingGeneration = {
    ...{ upstreams, chain, unhooked, quotas, listMs, made },
    rules: ruled.rules,
    named: ruled.named,
    toolSearch:
      before?.made.toolSearch === made.toolSearch ? before.toolSearch : toolSearch && new ToolSearch(toolSearch),
  };
  return before !== undefined && isUnchanged(before, next) ? before : next;
}

const isUnchanged = (before: BindingGeneration, next: BindingGeneration): boolean =>
  isListedTheSame(before, next) &&
  before.unhooked === next.unhooked &&
  before.made.tenants === next.made.tenants &&
  before.quotas === next.quotas &&
  before.listMs === next.listMs;

/** Whether clients would be listed the same in both, as far as the gateway can know. */
export const isListedTheSame = (one: BindingGeneration, other: BindingGeneration): boolean =>
  one.chain === other.chain &&
  one.rules === other.rules &&
  one.toolSearch === other.toolSearch &&
  one.upstreams.length === other.upstreams.length &&
  one.upstreams.every((upstream, index) => upstream === other.upstreams[index]);

/** A client of a binding, which stays when the binding is changed. */
export interface BoundClient extends Disposable {
  /** Gives the client what the binding is from now on. */
  use(next: BindingGeneration): void;
  /** Ends what only requests of an earlier generation used. */
  retire(before: BindingGeneration): void;
  /** Ends the client's session, because the binding was removed. Requests that are running may finish. */
  end(): void;
}

/** A binding that is ready for requests. */
export class OpenBinding implements Disposable {
  readonly id: string;
  readonly notices: ListWarnings;
  readonly clients = new Set<BoundClient>();
  #current: BindingGeneration;
  #isEnded = false;
  #isClosing = false;
  /** How many requests use each generation. */
  readonly #running = new Map<BindingGeneration, number>();
  /** Earlier generations that end with the last request that uses them. */
  readonly #retired = new Set<BindingGeneration>();
  /** The remembered lists of upstreams whose clients share one connection. Those of a caller end with its connections. */
  readonly #sharedLists = new Map<Upstream, { readonly lists: Catalogs; readonly listMs: number }>();

  constructor(binding: Binding, context: BindingContext) {
    this.id = binding.id;
    this.notices = createListWarnings(binding.id, context.log, context.metrics);
    this.#current = createBindingGeneration(binding, context);
  }

  /** What it is for requests that begin now. */
  get current(): BindingGeneration {
    return this.#current;
  }

  get upstreams(): readonly UpstreamPool[] {
    return this.#current.upstreams;
  }

  /** Becomes another one for requests that begin from now on. The sessions of its clients continue. */
  use(next: BindingGeneration): void {
    this.#current = next;
    for (const client of this.clients) client.use(next);
  }

  /** Counts a request that uses a generation. It must leave. */
  enter(generation: BindingGeneration): void {
    this.#running.set(generation, (this.#running.get(generation) ?? 0) + 1);
  }

  leave(generation: BindingGeneration): void {
    const left = (this.#running.get(generation) ?? 1) - 1;
    this.#running.set(generation, left);
    if (left === 0 && (this.#isClosing || this.#retired.has(generation))) this.#endUnused();
  }

  /** Ends an earlier generation with the last request that uses it. No request may begin to use it any more. */
  retire(before: BindingGeneration): void {
    this.#retired.add(before);
    this.#endUnused();
  }

  /** Ends the binding, which was removed, with the last request that uses it. */
  close(): void {
    this.#isClosing = true;
    this.#endUnused();
  }

  #endUnused(): void {
    if (this.#isClosing && [...this.#running.values()].every(count => count === 0)) {
      this[Symbol.dispose]();
      return;
    }
    for (const generation of this.#retired) {
      if ((this.#running.get(generation) ?? 0) > 0) continue;
      this.#retired.delete(generation);
      this.#running.delete(generation);
      for (const client of this.clients) client.retire(generation);
    }
    const kept = [this.#current, ...this.#running.keys()];
    const used = new Set(kept.flatMap(({ upstreams }) => upstreams.map(({ common }) => common)));
    for (const [upstream, { lists }] of this.#sharedLists) {
      if (used.has(upstream)) continue;
      lists[Symbol.dispose]();
      this.#sharedLists.delete(upstream);
    }
  }

  /** Ends the sessions of all clients, because the binding was removed. */
  end(): void {
    this.#isEnded = true;
    for (const client of this.clients) client.end();
  }

  /** Whether it was removed. A request that began before may still open a client. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Returns the lists of an upstream whose clients share one connection; undefined for another one. */
  listsOf({ common: upstream }: UpstreamPool, listMs: number): Catalogs | undefined {
    if (upstream === undefined) return undefined;
    const known = this.#sharedLists.get(upstream);
    if (known?.listMs === listMs) return known.lists;
    known?.lists[Symbol.dispose]();
    const lists = createCatalogs(upstream, listMs);
    this.#sharedLists.set(upstream, { lists, listMs });
    return lists;
  }

  [Symbol.dispose](): void {
    for (const client of this.clients) client[Symbol.dispose]();
    for (const { lists } of this.#sharedLists.values()) lists[Symbol.dispose]();
  }
}

/** Refuses a request to a binding for which its program has registered no upstream yet. @throws Fault `upstream_unavailable` */
export const refuseWithoutUpstream = (binding: string): never =>
  fail('upstream_unavailable', { binding, hint: 'no upstream has been registered for the binding yet' });
