import type { Principal } from '../identity/principal.ts';
import type { Notification } from '../mcp/message.ts';
import { listShape } from '../mcp/methods.ts';
import type { Client, ClientListener } from '../mcp/revision/gateway-port.ts';
import { type Catalogs, createCatalogs } from '../upstream/catalog.ts';
import type { Upstream, UpstreamPool } from '../upstream/upstream.ts';
import {
  type BindingGeneration,
  type BoundClient,
  type ClientScope,
  isListedTheSame,
  type Member,
  type OpenBinding,
  refuseWithoutUpstream,
} from './binding.ts';
import { createOrigins } from './handed-out-uris.ts';
import { capabilitiesOf, instructionsOf, serverInfoOf } from './server-capabilities.ts';
import { isWithheld, withoutText } from './unhooked.ts';

interface BindingClientOptions {
  readonly binding: OpenBinding;
  /** What the binding is for the request that opens the client. */
  readonly generation: BindingGeneration;
  readonly caller: Principal;
  readonly listener: ClientListener;
  /** The gateway's own version. */
  readonly version: string;
}

/** The kinds of lists, and how a client is notified that one has changed. */
const listKinds = (['tools/list', 'prompts/list', 'resources/list'] as const).map(listShape);

/**
 * One client's access to a binding's upstreams, from `initialize` or its first request to its end. When the binding
 * changes, it keeps its connections with the upstreams that stay; those with others end after the requests that use them.
 */
export class BindingClient implements Client, BoundClient {
  readonly #binding: OpenBinding;
  readonly #caller: Principal;
  readonly #version: string;
  readonly #listener: ClientListener;
  readonly #origins = createOrigins();
  readonly #members = new Map<UpstreamPool, ClientMember>();
  readonly #scopes = new Map<BindingGeneration, ClientScope>();
  #current: BindingGeneration;
  #isConnecting = false;
  #isEnded = false;
  #logLevel: string | undefined;

  constructor({ binding, generation, caller, listener, version }: BindingClientOptions) {
    this.#binding = binding;
    this.#caller = caller;
    this.#version = version;
    this.#listener = listener;
    this.#current = generation;
    this.scopeOf(generation);
    binding.clients.add(this);
    // The request may have begun before the binding changed.
    if (binding.isEnded) this.end();
    else if (binding.current !== generation) this.use(binding.current);
  }

  /** Returns its connections for a request, which began with this generation. */
  scopeOf(generation: BindingGeneration): ClientScope {
    const known = this.#scopes.get(generation);
    if (known !== undefined) return known;
    const [first, ...others] = generation.upstreams.map(pool => this.#memberOf(pool));
    if (first === undefined) return refuseWithoutUpstream(this.#binding.id);
    const scope: ClientScope = {
      members: [first, ...others],
      origins: this.#origins,
      withholds: () => isWithheld(generation.unhooked, generation.chain),
    };
    this.#scopes.set(generation, scope);
    return scope;
  }

  describe() {
    const scope = this.scopeOf(this.#current);
    const access = this.#current.rules?.of(this.#caller);
    const instructions = instructionsOf({ members: scope.members, access });
    return {
      implementation: serverInfoOf(this.#binding.id, scope, this.#version),
      capabilities: capabilitiesOf(scope),
      ...(instructions === undefined ? {} : { instructions }),
    };
  }

  connect(): void {
    this.#isConnecting = true;
    for (const { upstream } of this.#members.values()) upstream.start().catch(() => {});
  }

  async setLogLevel(level: string): Promise<void> {
    this.#logLevel = level;
    await Promise.all([...this.#members.values()].map(({ upstream }) => upstream.setLogLevel(level)));
  }

  notify(notification: Notification, isShared: boolean): void {
    // The list of tools that the client gets never changes.
    if (this.#current.toolSearch !== undefined && notification.method === listShape('tools/list').changed) return;
    passable(this.scopeOf(this.#current), notification, shown => this.#listener.onNotification(shown, isShared));
  }

  use(next: BindingGeneration): void {
    if (this.#isEnded) return;
    const before = this.#current;
    const isLetIn = (next.rules?.of(this.#caller).entry.kind ?? 'allow') === 'allow';
    const mayEnter = isLetIn && next.quotas?.admits(this.#caller, this.#binding.id) !== false;
    if (!mayEnter || next.upstreams.length === 0) {
      this.end();
      return;
    }
    this.#current = next;
    const { members } = this.scopeOf(next);
    if (isListedTheSame(before, next)) return;
    const all = [...(this.#scopes.get(before)?.members ?? []), ...members];
    for (const { capability, changed } of listKinds) {
      const mayBeListed = all.some(
        ({ upstream: { serverInfo } }) => serverInfo?.capabilities[capability] !== undefined,
      );
      if (mayBeListed) this.#listener.onNotification({ method: changed }, false);
    }
  }

  retire(before: BindingGeneration): void {
    if (before === this.#current && !this.#isEnded) return;
    this.#scopes.delete(before);
    if (this.#isEnded && this.#scopes.size === 0) this[Symbol.dispose]();
    const used = new Set([...this.#scopes.values()].flatMap(({ members }) => members));
    for (const [pool, member] of this.#members) {
      if (used.has(member)) continue;
      this.#members.delete(pool);
      member[Symbol.dispose]();
    }
  }

  end(): void {
    this.#isEnded = true;
    this.#listener.onRemoved?.();
  }

  [Symbol.dispose](): void {
    this.#binding.clients.delete(this);
    for (const member of this.#members.values()) member[Symbol.dispose]();
    this.#members.clear();
  }

  #memberOf(whole: UpstreamPool): ClientMember {
    const known = this.#members.get(whole);
    if (known !== undefined) return known;
    const pool = whole.for(this.#caller);
    const upstream = pool.open(() => this.#listener.isListening());
    const lists = () => this.#binding.listsOf(pool, this.#current.listMs);
    const member = new ClientMember(upstream, () => this.#current.listMs, lists);
    this.#members.set(whole, member);
    upstream.subscribe(notification => {
      // Requests that began before may still use one that is not of the binding any more.
      if (this.#current.upstreams.includes(whole)) this.notify(notification, pool.common !== undefined);
    });
    if (this.#logLevel !== undefined) upstream.setLogLevel(this.#logLevel).catch(() => {});
    if (this.#isConnecting) upstream.start().catch(() => {});
    return member;
  }
}

/** Passes a notification on, without text that plugins would have to see, but cannot. */
export function passable<T>(
  { withholds }: ClientScope,
  notification: Notification,
  next: (shown: Notification) => T,
): T | undefined {
  const shown = withholds() ? withoutText(notification) : notification;
  return shown === undefined ? undefined : next(shown);
}

/** A member with the lists of the client's own connection, or with the common ones if clients share one. */
class ClientMember implements Member, Disposable {
  readonly upstream: Upstream;
  readonly #listMs: () => number;
  readonly #common: () => Catalogs | undefined;
  #own: { readonly lists: Catalogs; readonly listMs: number } | undefined;

  constructor(upstream: Upstream, listMs: () => number, common: () => Catalogs | undefined) {
    this.upstream = upstream;
    this.#listMs = listMs;
    this.#common = common;
  }

  get lists(): Catalogs {
    const common = this.#common();
    if (common !== undefined) return common;
    const listMs = this.#listMs();
    if (this.#own?.listMs !== listMs) {
      this.#own?.lists[Symbol.dispose]();
      this.#own = { lists: createCatalogs(this.upstream, listMs), listMs };
    }
    return this.#own.lists;
  }

  [Symbol.dispose](): void {
    this.#own?.lists[Symbol.dispose]();
    void this.upstream[Symbol.asyncDispose]();
  }
}
