import { Fault, fail } from '../../core/fault.ts';
import type { JsonObject } from '../../core/json.ts';
import { forEach, type ListMethod, listMethods, listShape } from '../../mcp/methods.ts';
import { canExpandTo } from '../../mcp/uri-template.ts';
import { type Catalogs, createCatalogs } from '../catalog.ts';
import type { Upstream } from '../upstream.ts';
import { CheckedList } from './checked-list.ts';
import type { ListCheck } from './list-check.ts';
import { resolvedUri } from './resolved-uri.ts';

/** Milliseconds between two times that changed lists are read without anyone having asked for them. */
const pauseMs = 1_000;

export interface CheckedListsOptions {
  readonly check: ListCheck;
  /** See `limits.list_ms`. */
  readonly listMs: number;
}

/** Who uses the lists. */
export interface ListUsers {
  /** Whether anyone waits for changes. */
  isWaiting(): boolean;
  /** Called with the notification of a list of which other entries are used than before. */
  onChange(notification: string): void;
}

/**
 * The lists of one upstream, of which only what a check accepted is used. They are read through a client of their own, so
 * they are not those of any client's session.
 */
export class CheckedLists implements AsyncDisposable {
  readonly #upstream: Upstream;
  readonly #catalogs: Catalogs;
  readonly #lists: Readonly<Record<ListMethod, CheckedList>>;
  readonly #users: ListUsers;
  readonly #unsubscribe: () => void;
  /** The notifications of changes that are about to be followed. */
  readonly #pending = new Set<string>();
  /** Removed URIs, resolved. */
  #resolved: { readonly of: ReadonlySet<string>; readonly uris: ReadonlySet<string> } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #followedAt = 0;

  /** @param upstream the client of their own, which they dispose of */
  constructor(upstream: Upstream, { check, listMs }: CheckedListsOptions, users: ListUsers) {
    this.#upstream = upstream;
    this.#users = users;
    this.#catalogs = createCatalogs(upstream, listMs);
    this.#lists = forEach(listMethods, method => {
      const onChange = () => users.onChange(listShape(method).changed);
      return new CheckedList(upstream.id, this.#catalogs[method], check, onChange);
    });
    this.#unsubscribe = upstream.subscribe(({ method }) => this.changed(method));
  }

  /** Returns what is used of a list. @throws as `CheckedList.items` */
  items(method: ListMethod): Promise<readonly JsonObject[]> {
    return this.#lists[method].items();
  }

  /** Checks that a tool or prompt is used. @throws Fault `name_unknown`, `upstream_…` */
  async checkName(method: 'tools/list' | 'prompts/list', name: string): Promise<void> {
    if (await this.#lists[method].has(name)) return;
    const hint = 'it is not in the list of its upstream, or a plugin of `federation` removed it: list the names';
    throw new Fault('name_unknown', { name, upstream: this.#upstream.id, hint });
  }

  /**
   * Checks that a resource or a template may be read: it is listed, or was not removed from a list, also not in another
   * spelling. Servers also have resources that no list names.
   * @throws Fault `resource_unknown`, `upstream_…`
   */
  async checkUri(uri: string): Promise<void> {
    const resources = this.#lists['resources/list'];
    const templates = this.#lists['resources/templates/list'];
    if (await resources.has(uri)) return;
    const listed = await templates.items();
    const resolved = resolvedUri(uri);
    const [removed, removedTemplates] = [resources.refused, templates.refused];
    if (removed === undefined || this.#resolvedOf(removed).has(resolved)) this.#refuseUri(uri);
    const fits = (template: string) =>
      canExpandTo(template, uri) && (template === uri || canExpandTo(template, resolved));
    if (listed.some(({ uriTemplate }) => fits(String(uriTemplate)))) return;
    const canBe = (template: string) => canExpandTo(template, uri) || canExpandTo(template, resolved);
    if (removedTemplates === undefined || [...removedTemplates].some(canBe)) this.#refuseUri(uri);
  }

  /** Whether a list is refused, and will be read again although the server reports no change. */
  get isRefused(): boolean {
    return listMethods.some(method => this.#lists[method].isRefused);
  }

  /** Reads lists again whose change the server reported, on the connection of any client. */
  changed(notification: string): void {
    const known = listMethods.filter(method => listShape(method).changed === notification);
    if (known.length === 0) return;
    for (const method of known) this.#lists[method].changed();
    this.#followSoon(notification);
  }

  /** Checks lists again about which something else decides now. */
  checkAgain(): void {
    for (const method of listMethods) {
      if (this.#lists[method].isOutdated) this.#followSoon(listShape(method).changed);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    this.#unsubscribe();
    this.#catalogs[Symbol.dispose]();
    await this.#upstream[Symbol.asyncDispose]();
  }

  #followSoon(notification: string): void {
    if (!this.#users.isWaiting()) return;
    this.#pending.add(notification);
    this.#timer ??= setTimeout(() => this.#follow(), Math.max(0, this.#followedAt + pauseMs - Date.now())).unref();
  }

  /** Reads changed lists. Clients learn of one that cannot be read as well, because what they know may be outdated. */
  #follow(): void {
    this.#timer = undefined;
    this.#followedAt = Date.now();
    const pending = [...this.#pending];
    this.#pending.clear();
    for (const method of listMethods) {
      const { changed } = listShape(method);
      if (pending.includes(changed)) this.#lists[method].items().catch(() => this.#users.onChange(changed));
    }
  }

  #resolvedOf(uris: ReadonlySet<string>): ReadonlySet<string> {
    if (this.#resolved?.of !== uris) this.#resolved = { of: uris, uris: new Set([...uris].map(resolvedUri)) };
    return this.#resolved.uris;
  }

  #refuseUri(uri: string): never {
    const hint = 'a plugin of `federation` removed it, or the list of its upstream was refused';
    return fail('resource_unknown', { uri, upstream: this.#upstream.id, hint });
  }
}
