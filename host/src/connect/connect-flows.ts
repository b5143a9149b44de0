import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Fault, fail, toFault } from '../core/fault.ts';
import { authenticatedAs } from '../identity/authenticated-as.ts';
import { isSamePrincipal, type Principal } from '../identity/principal.ts';
import type { AccountConnection, AccountTerms, BegunAuthorization } from '../upstream/auth/account-connection.ts';
import type { ConnectRecord } from './connect-record.ts';
import type { PendingLink, PendingLinks } from './pending-links.ts';
import type { BegunSignIn, SignIn } from './sign-in.ts';

export interface ConnectFlowsOptions {
  /** The URL that browsers use, without a trailing slash. */
  readonly publicUrl: string;
  readonly links: PendingLinks;
  /** By the id of the scheme. */
  readonly signIns: ReadonlyMap<string, Pick<SignIn, 'begin' | 'finish'>>;
  readonly record: ConnectRecord;
}

/** A cookie of the browser that follows a link. */
export interface FlowCookie {
  readonly name: string;
  readonly value: string;
}

/** The step that comes next in the browser. */
export type NextStep =
  | { readonly kind: 'redirect'; readonly url: string; readonly cookie?: FlowCookie }
  | ({ readonly kind: 'consent'; readonly upstream: string; readonly csrf: string } & ConsentText)
  | { readonly kind: 'connected'; readonly upstream: string; readonly ended: string };

export interface ConsentText extends AccountTerms {
  readonly user: string;
  /** The client whose token the request had, if the token names it. */
  readonly client: string | undefined;
}

/** What one browser does with one link. */
interface Flow {
  readonly link: PendingLink;
  /** The value of the cookie, which binds all steps to one browser. */
  readonly secret: string;
  readonly csrf: string;
  /** The authorization request whose response is expected, by its state. */
  step:
    | { readonly is: 'signing in'; readonly begun: BegunSignIn }
    | { readonly is: 'signed in' }
    | { readonly is: 'connecting'; readonly begun: BegunAuthorization }
    | { readonly is: 'over' }
    | { readonly is: 'of another user' };
  expiresAt: number;
}

/** Reads a cookie of the request by its name. */
export type ReadCookie = (name: string) => string | undefined;

/** Browsers that follow one link, at one time; and in all. */
const mostFlows = { ofLink: 8, all: 20_000 };
/** Milliseconds that a browser may take at the upstream's authorization server. */
const connectingMs = 600_000;

/**
 * What browsers do with links. The user signs in first, and only the user whom the link was made for gets further: a link
 * that was sent on to someone else connects nothing. Each step is bound to one browser by a cookie, so that neither a page
 * of the gateway nor one of an authorization server can be continued in another browser.
 */
export class ConnectFlows {
  readonly #options: ConnectFlowsOptions;
  readonly #connections = new Map<string, AccountConnection>();
  /** By the value of the cookie. */
  readonly #flows = new Map<string, Flow>();
  /** By the state of the authorization request whose response is expected. */
  readonly #byState = new Map<string, Flow>();

  constructor(options: ConnectFlowsOptions) {
    this.#options = options;
  }

  offer(upstream: string, connection: AccountConnection): void {
    this.#connections.set(upstream, connection);
  }

  /** Ends the offer of an upstream that is closed, unless another one of the same id has replaced it. */
  withdraw(upstream: string, connection: AccountConnection): void {
    if (this.#connections.get(upstream) === connection) this.#connections.delete(upstream);
  }

  /** The ids of upstreams at which accounts can be connected. */
  get upstreams(): Iterable<string> {
    return this.#connections.keys();
  }

  /** A browser opens a link. @throws Fault `connect_link_unknown`, `connect_failed` */
  async open(token: string, cookie: ReadCookie): Promise<NextStep> {
    const link = this.#options.links.find(token);
    const known = this.#flowOf(link, cookie);
    if (known?.step.is === 'signed in') return this.#consent(known);
    const signIn = this.#options.signIns.get(link.user.scheme) ?? fail('connect_failed', { reason: 'sign_in' });
    const asksAgain = known?.step.is === 'of another user';
    const begun = await signIn.begin(`${this.#options.publicUrl}/connect/signed-in`, asksAgain);
    const flow: Flow = {
      ...{ link, secret: random(), csrf: random(), expiresAt: link.expiresAt },
      step: { is: 'signing in', begun },
    };
    this.#add(flow);
    this.#byState.set(begun.state, flow);
    return { kind: 'redirect', url: begun.url.href, cookie: { name: cookieName(token), value: flow.secret } };
  }

  /** The provider sends the browser back. @throws Fault `connect_…` */
  async signedIn(response: URLSearchParams, cookie: ReadCookie): Promise<NextStep> {
    const { flow, step } = this.#expected('signing in', response, cookie);
    const { link } = flow;
    const { links, signIns, publicUrl, record } = this.#options;
    links.find(link.token);
    try {
      const user = await signIns.get(link.user.scheme)?.finish(step.begun, response);
      // Plugins that check callers are called for requests and not for pages, so a tenant that they give is not known here.
      if (user === undefined || !isSamePrincipal(user, authenticatedAs(link.user))) {
        flow.step = { is: 'of another user' };
        const other = user === undefined ? {} : { signed_in: user.subject, signed_in_tenant: user.tenant };
        fail('connect_other_user', { upstream: link.upstream, ...other });
      }
      flow.step = { is: 'signed in' };
    } catch (reason) {
      record.refused(link, toFault(reason));
      throw reason;
    }
    return { kind: 'redirect', url: `${publicUrl}/connect/link/${link.token}` };
  }

  /** The user agrees on the page of the gateway, which uses the link up. @throws Fault `connect_…`, `upstream_auth_…` */
  async agree(token: string, csrf: string, cookie: ReadCookie): Promise<NextStep> {
    const { links, publicUrl, record } = this.#options;
    const link = links.find(token);
    const flow = this.#flowOf(link, cookie);
    if (flow?.step.is !== 'signed in' || !isEqual(csrf, flow.csrf))
      return fail('connect_failed', { reason: 'browser' });
    links.use(token);
    try {
      const begun = await this.#connection(link).begin(`${publicUrl}/connect/callback/${link.upstream}`);
      flow.expiresAt = Date.now() + connectingMs;
      flow.step = { is: 'connecting', begun };
      this.#byState.set(begun.state, flow);
      return { kind: 'redirect', url: begun.url.href };
    } catch (reason) {
      this.#end(flow);
      record.refused(link, toFault(reason));
      throw reason;
    }
  }

  /** The upstream's authorization server sends the browser back. @throws Fault `connect_…`, `upstream_auth_…` */
  async connected(upstream: string, response: URLSearchParams, cookie: ReadCookie): Promise<NextStep> {
    const { flow, step } = this.#expected('connecting', response, cookie, upstream);
    const { link } = flow;
    const { links, record } = this.#options;
    this.#end(flow);
    try {
      await this.#connection(link).finish(step.begun, response, link.user);
    } catch (reason) {
      record.refused(link, toFault(reason));
      throw reason;
    }
    record.connected(link);
    links.connected(link);
    return { kind: 'connected', upstream, ended: cookieName(link.token) };
  }

  /**
   * Returns the flow whose response this is, and takes the response as its only one. The response of another browser, or
   * for another upstream, ends nothing.
   * @throws Fault `connect_failed`
   */
  #expected<Is extends 'signing in' | 'connecting'>(
    is: Is,
    response: URLSearchParams,
    cookie: ReadCookie,
    upstream?: string,
  ): { readonly flow: Flow; readonly step: Extract<Flow['step'], { is: Is }> } {
    const state = response.get('state') ?? '';
    const flow = this.#byState.get(state);
    if (flow?.step.is === is && this.#isOwn(flow, cookie) && (upstream ?? flow.link.upstream) === flow.link.upstream) {
      const step = flow.step as Extract<Flow['step'], { is: Is }>;
      flow.step = { is: 'over' };
      this.#byState.delete(state);
      return { flow, step };
    }
    const fault = new Fault('connect_failed', { reason: 'browser' });
    this.#options.record.refused(undefined, fault);
    throw fault;
  }

  async #consent({ link, csrf }: Flow): Promise<NextStep> {
    const { upstream, user } = link;
    const terms = await this.#connection(link).terms();
    return { kind: 'consent', upstream, csrf, ...terms, user: nameOf(user), client: clientOf(user) };
  }

  #connection({ upstream }: PendingLink): AccountConnection {
    return this.#connections.get(upstream) ?? fail('connect_link_unknown');
  }

  #isOwn({ link, secret, expiresAt }: Flow, cookie: ReadCookie): boolean {
    return expiresAt > Date.now() && isEqual(cookie(cookieName(link.token)) ?? '', secret);
  }

  #flowOf({ token }: PendingLink, cookie: ReadCookie): Flow | undefined {
    const flow = this.#flows.get(cookie(cookieName(token)) ?? '');
    return flow?.link.token === token && flow.expiresAt > Date.now() ? flow : undefined;
  }

  #add(flow: Flow): void {
    const now = Date.now();
    const ofLink: Flow[] = [];
    for (const each of this.#flows.values()) {
      if (each.expiresAt <= now) this.#end(each);
      else if (each.link === flow.link) ofLink.push(each);
    }
    const [oldestOfLink] = ofLink;
    if (ofLink.length >= mostFlows.ofLink && oldestOfLink !== undefined) this.#end(oldestOfLink);
    const [oldest] = this.#flows.values();
    if (this.#flows.size >= mostFlows.all && oldest !== undefined) this.#end(oldest);
    this.#flows.set(flow.secret, flow);
  }

  #end(flow: Flow): void {
    if ('begun' in flow.step) this.#byState.delete(flow.step.begun.state);
    flow.step = { is: 'over' };
    this.#flows.delete(flow.secret);
  }
}

const random = () => randomBytes(32).toString('base64url');

/** Compares in a time that depends on neither text. */
const isEqual = (one: string, other: string): boolean =>
  timingSafeEqual(hash('sha256', one, 'buffer'), hash('sha256', other, 'buffer'));

/** Each link has a cookie of its own, so that several can be followed at one time. */
const cookieName = (token: string): string => `sallyport-${hash('sha256', token, 'hex').slice(0, 16)}`;

const nameOf = ({ subject = '', tenant }: Principal) => (tenant === undefined ? subject : `${subject} (${tenant})`);

function clientOf({ claims: { client_id, azp } }: Principal): string | undefined {
  const client = client_id ?? azp;
  return typeof client === 'string' ? client : undefined;
}
