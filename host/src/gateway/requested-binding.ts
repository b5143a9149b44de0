import type { IncomingHttpHeaders } from 'node:http';
import type { HeldChain } from '../hook/chain-place.ts';
import { type Principal, principalKey } from '../identity/principal.ts';
import type { Answer } from '../mcp/answer.ts';
import { blockedAnswer } from '../mcp/blocked-answer.ts';
import type { Notification } from '../mcp/message.ts';
import { listShape } from '../mcp/methods.ts';
import type { Client, ClientListener, ClientRequest, RequestedBinding } from '../mcp/revision/gateway-port.ts';
import type { Access } from './access.ts';
import { checkEntry } from './authorize.ts';
import type { ClientScope, OpenBinding, Route } from './binding.ts';
import type { CallRecord, EntryTrace } from './call.ts';
import { dispatch } from './dispatch.ts';
import type { QuotaUse } from './quotas.ts';
import { type Patience, reachUpstreams } from './reach-upstreams.ts';
import type { RequestHandlers } from './request-handlers.ts';
import { capabilitiesOf, instructionsOf, serverInfoOf } from './server-capabilities.ts';
import { upstreamError, withoutText } from './unhooked.ts';

export interface BindingSettings extends Patience {
  /** The gateway's own version, for `serverInfo`. */
  readonly version: string;
  /** The handlers of the embedding program. */
  readonly handlers?: RequestHandlers | undefined;
}

/** The HTTP request that uses a binding. */
export interface EnteringRequest {
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  readonly principal: Principal;
  readonly call: CallRecord;
  /** Follows it for telemetry; absent if that is off. */
  readonly trace?: EntryTrace | undefined;
}

/** The binding of one request, as a revision of MCP sees it. The request keeps the chain it starts with. */
export class EnteredBinding implements RequestedBinding {
  readonly #binding: OpenBinding;
  readonly #request: EnteringRequest;
  readonly #settings: BindingSettings;
  readonly #access: Access | undefined;
  readonly #held: HeldChain;
  readonly #use: QuotaUse | undefined;

  /** @throws Fault `access_denied`, `insufficient_scope` if the caller may use nothing of the binding; `quota_exceeded` */
  constructor(binding: OpenBinding, request: EnteringRequest, settings: BindingSettings) {
    this.#binding = binding;
    this.#request = request;
    this.#settings = settings;
    this.#access = binding.rules?.of(request.principal);
    checkEntry(this.#access, binding.id, request.call);
    this.#use = binding.quotas?.enter(request.principal, binding.id);
    this.#held = binding.enter();
  }

  get id(): string {
    return this.#binding.id;
  }

  /** Must be called once, when the request ends. */
  leave(): void {
    this.#held.leave();
    const use = this.#use;
    use?.leave(this.#request.call.receipts.takeWorkMs(ms => use.charge(ms)));
  }

  get principalKey(): string {
    return principalKey(this.#request.principal);
  }

  get sessionLimits() {
    return this.#binding.quotas?.sessionLimits(this.#request.principal) ?? [];
  }

  reachUpstreams(): Promise<void> {
    return reachUpstreams(this.#binding, this.#request.principal, this.#settings);
  }

  openClient(listener: ClientListener): Client {
    const client = { caller: this.#request.principal, access: this.#access, listener };
    return new BindingClient(this.#binding, client, this.#settings.version);
  }

  async dispatch(client: BindingClient, { method, params, signal, onNotification }: ClientRequest): Promise<Answer> {
    const { id: requestId, headers, principal, call: record, trace } = this.#request;
    const { scope } = client;
    trace?.receive(params);
    const outcome = await dispatch({
      requestId,
      route: this.#routeOf(scope),
      method,
      params,
      headers,
      principal,
      record,
      signal,
      trace,
      tellLater: notification => client.notify(notification, true),
      onNotification: onNotification && (notification => passable(scope, notification, onNotification)),
      handlers: this.#settings.handlers?.registered,
    });
    if (outcome.kind === 'block') {
      record.end({ blocked: outcome.data });
      return blockedAnswer(outcome.data);
    }
    trace?.answered(outcome);
    if (outcome.kind === 'error') {
      const refused = upstreamError(outcome.error, record.upstream);
      record.end({ refused });
      if (scope.withholds()) throw refused;
    }
    return outcome;
  }

  #routeOf({ members, origins, withholds }: ClientScope): Route {
    const { id, named, notices, toolSearch } = this.#binding;
    const { chain } = this.#held;
    return { id, chain, access: this.#access, named, notices, toolSearch, members, origins, withholds };
  }
}

interface NewClient {
  readonly caller: Principal;
  readonly access: Access | undefined;
  readonly listener: ClientListener;
}

/** One client's access to a binding's upstreams, from `initialize` or its first request to its end. */
class BindingClient implements Client {
  readonly scope: ClientScope & Disposable;
  readonly #binding: string;
  readonly #version: string;
  readonly #access: Access | undefined;
  readonly #listener: ClientListener;
  /** Whether the client finds tools by searching. */
  readonly #searches: boolean;

  constructor(binding: OpenBinding, { caller, access, listener }: NewClient, version: string) {
    this.#binding = binding.id;
    this.#access = access;
    this.#version = version;
    this.#listener = listener;
    this.#searches = binding.toolSearch !== undefined;
    this.scope = binding.open(caller, () => listener.isListening());
    for (const { upstream } of this.scope.members) {
      const pool = binding.upstreams.find(each => each.id === upstream.id)?.for(caller);
      upstream.subscribe(notification => this.notify(notification, pool?.common !== undefined));
    }
  }

  describe() {
    const instructions = instructionsOf({ members: this.scope.members, access: this.#access });
    return {
      implementation: serverInfoOf(this.#binding, this.scope, this.#version),
      capabilities: capabilitiesOf(this.scope),
      ...(instructions === undefined ? {} : { instructions }),
    };
  }

  connect(): void {
    for (const { upstream } of this.scope.members) upstream.start().catch(() => {});
  }

  async setLogLevel(level: string): Promise<void> {
    await Promise.all(this.scope.members.map(({ upstream }) => upstream.setLogLevel(level)));
  }

  notify(notification: Notification, isShared: boolean): void {
    // The list of tools that the client gets never changes.
    if (this.#searches && notification.method === listShape('tools/list').changed) return;
    passable(this.scope, notification, shown => this.#listener.onNotification(shown, isShared));
  }

  [Symbol.dispose](): void {
    this.scope[Symbol.dispose]();
  }
}

/** Passes a notification on, without text that plugins would have to see, but cannot. */
function passable<T>(
  { withholds }: ClientScope,
  notification: Notification,
  next: (shown: Notification) => T,
): T | undefined {
  const shown = withholds() ? withoutText(notification) : notification;
  return shown === undefined ? undefined : next(shown);
}
