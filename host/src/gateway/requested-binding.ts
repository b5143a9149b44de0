import type { IncomingHttpHeaders } from 'node:http';
import { type Principal, principalKey } from '../identity/principal.ts';
import type { Answer } from '../mcp/answer.ts';
import { blockedAnswer } from '../mcp/blocked-answer.ts';
import type { Client, ClientListener, ClientRequest, RequestedBinding } from '../mcp/revision/gateway-port.ts';
import type { Access } from './access.ts';
import { checkEntry } from './authorize.ts';
import type { BindingGeneration, ClientScope, OpenBinding, Route } from './binding.ts';
import { BindingClient, passable } from './binding-client.ts';
import type { CallRecord, EntryTrace } from './call.ts';
import { dispatch } from './dispatch.ts';
import type { QuotaUse } from './quotas.ts';
import { type Patience, reachUpstreams } from './reach-upstreams.ts';
import type { RequestHandlers } from './request-handlers.ts';
import { upstreamError } from './unhooked.ts';

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

/** The binding of one request, as a revision of MCP sees it. The request keeps the generation that it begins with. */
export class EnteredBinding implements RequestedBinding {
  readonly #binding: OpenBinding;
  readonly #request: EnteringRequest;
  readonly #settings: BindingSettings;
  readonly #access: Access | undefined;
  readonly #generation: BindingGeneration;
  readonly #use: QuotaUse | undefined;

  /** @throws Fault `access_denied`, `insufficient_scope` if the caller may use nothing of the binding; `quota_exceeded` */
  constructor(binding: OpenBinding, request: EnteringRequest, settings: BindingSettings) {
    const generation = binding.current;
    this.#binding = binding;
    this.#request = request;
    this.#settings = settings;
    this.#generation = generation;
    this.#access = generation.rules?.of(request.principal);
    checkEntry(this.#access, binding.id, request.call);
    this.#use = generation.quotas?.enter(request.principal, binding.id);
    binding.enter(generation);
  }

  get id(): string {
    return this.#binding.id;
  }

  /** Must be called once, when the request ends. */
  leave(): void {
    const use = this.#use;
    use?.leave(this.#request.call.receipts.takeWorkMs(ms => use.charge(ms)));
    this.#binding.leave(this.#generation);
  }

  get principalKey(): string {
    return principalKey(this.#request.principal);
  }

  get sessionLimits() {
    return this.#generation.quotas?.sessionLimits(this.#request.principal) ?? [];
  }

  reachUpstreams(): Promise<void> {
    const { id, notices } = this.#binding;
    const { upstreams } = this.#generation;
    return reachUpstreams({ id, notices, upstreams }, this.#request.principal, this.#settings);
  }

  openClient(listener: ClientListener): Client {
    const caller = this.#request.principal;
    const { version } = this.#settings;
    return new BindingClient({ binding: this.#binding, generation: this.#generation, caller, listener, version });
  }

  async dispatch(client: BindingClient, { method, params, signal, onNotification }: ClientRequest): Promise<Answer> {
    const { id: requestId, headers, principal, call: record, trace } = this.#request;
    const scope = client.scopeOf(this.#generation);
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
    const { id, notices } = this.#binding;
    const { chain, named, toolSearch } = this.#generation;
    return { id, chain, access: this.#access, named, notices, toolSearch, members, origins, withholds };
  }
}
