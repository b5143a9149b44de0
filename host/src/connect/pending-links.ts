import { randomBytes, randomUUID } from 'node:crypto';
import { fail } from '../core/fault.ts';
import { type Principal, principalKey } from '../identity/principal.ts';
import type { UrlElicitation } from '../mcp/url-elicitation.ts';

/** A link with which one user can connect an account at one upstream. */
export interface PendingLink {
  /** The secret part of the URL. */
  readonly token: string;
  readonly upstream: string;
  /** The only user whom it serves. */
  readonly user: Principal;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly elicitation: UrlElicitation;
}

interface OpenLink extends PendingLink {
  readonly owner: string;
  readonly timer: NodeJS.Timeout;
  isUsed: boolean;
  settle(isConnected: boolean): void;
}

export interface PendingLinksOptions {
  /** The URL that browsers use, without a trailing slash. */
  readonly publicUrl: string;
  readonly lifetimeMs: number;
  /** The ids of the schemes whose users can sign in with a browser. */
  readonly schemes: ReadonlySet<string>;
}

/** The number of links whose clients wait; beyond it, the oldest are dropped. */
const most = 10_000;

/** The links that were given to clients. They are kept in memory alone, until the account is connected or they expire. */
export class PendingLinks implements Disposable {
  readonly #options: PendingLinksOptions;
  readonly #links = new Map<string, OpenLink>();
  /** The latest link of a user at an upstream. */
  readonly #latest = new Map<string, OpenLink>();

  constructor(options: PendingLinksOptions) {
    this.#options = options;
  }

  /**
   * Returns a link of a user at an upstream: the latest one, unless it was used or has less than half of its lifetime left.
   * @throws Fault `upstream_auth_caller`
   */
  request(upstream: string, user: Principal): UrlElicitation {
    const { schemes, lifetimeMs } = this.#options;
    if (!schemes.has(user.scheme)) {
      const hint = `users of the scheme ${user.scheme} cannot sign in with a browser: see \`accounts.sign_in\``;
      fail('upstream_auth_caller', { upstream, hint });
    }
    const owner = ownerOf(upstream, user);
    const latest = this.#latest.get(owner);
    const isFresh = latest !== undefined && !latest.isUsed && Date.now() + lifetimeMs / 2 < latest.expiresAt;
    return (isFresh ? latest : this.#open(owner, upstream, user)).elicitation;
  }

  /** @throws Fault `connect_link_unknown`, also for a link that was used or has expired */
  find(token: string): PendingLink {
    return this.#usable(token);
  }

  /** Uses a link up. @throws Fault `connect_link_unknown` */
  use(token: string): PendingLink {
    const link = this.#usable(token);
    link.isUsed = true;
    return link;
  }

  /** Reports that the user of a link has connected the account. Other links for the same purpose end with it. */
  connected({ upstream, user }: PendingLink): void {
    const owner = ownerOf(upstream, user);
    for (const link of [...this.#links.values()]) if (link.owner === owner) this.#end(link, true);
  }

  [Symbol.dispose](): void {
    for (const link of [...this.#links.values()]) this.#end(link, false);
  }

  #usable(token: string): OpenLink {
    const link = this.#links.get(token);
    return link === undefined || link.isUsed || link.expiresAt <= Date.now() ? fail('connect_link_unknown') : link;
  }

  #open(owner: string, upstream: string, user: Principal): OpenLink {
    const { publicUrl, lifetimeMs } = this.#options;
    const token = randomBytes(32).toString('base64url');
    const { promise: completed, resolve: settle } = Promise.withResolvers<boolean>();
    const message = `Connect your account at ${upstream}, and then repeat the request.`;
    const elicitation = { id: randomUUID(), url: `${publicUrl}/connect/link/${token}`, message, completed };
    // A user who has followed the link to the authorization server has as long again.
    const timer = setTimeout(() => this.#end(link, false), 2 * lifetimeMs).unref();
    const expiresAt = Date.now() + lifetimeMs;
    const link: OpenLink = { token, upstream, user, expiresAt, elicitation, owner, timer, isUsed: false, settle };
    this.#links.set(token, link);
    this.#latest.set(owner, link);
    const [oldest] = this.#links.values();
    if (this.#links.size > most && oldest !== undefined) this.#end(oldest, false);
    return link;
  }

  #end(link: OpenLink, isConnected: boolean): void {
    clearTimeout(link.timer);
    this.#links.delete(link.token);
    if (this.#latest.get(link.owner) === link) this.#latest.delete(link.owner);
    link.settle(isConnected);
  }
}

const ownerOf = (upstream: string, user: Principal) => JSON.stringify([upstream, principalKey(user)]);
