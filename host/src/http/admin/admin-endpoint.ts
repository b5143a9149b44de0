import type { IncomingMessage } from 'node:http';
import { Fault, fail } from '../../core/fault.ts';
import { isJsonObject, type Json, withDoubles } from '../../core/json.ts';
import { RepeatedWarning } from '../../core/repeated-warning.ts';
import type { SecretMask } from '../../core/secret-mask.ts';
import type { Authenticate } from '../../identity/scheme.ts';
import { Cancelled } from '../../mcp/cancelled.ts';
import { parseBody } from '../../mcp/message.ts';
import type { ReplyHeaders } from '../../mcp/revision/reply.ts';
import { readBody } from '../body.ts';
import { isJson } from '../media-type.ts';
import { type OpenRequest, type RequestContext, type Routed, serveRequest } from '../open-request.ts';
import type { HttpReply } from '../reply.ts';
import type { AuthenticationRecord } from '../step/authentication-record.ts';
import type { HostAndOrigin } from '../step/host-and-origin.ts';
import type { Step } from '../step/step.ts';
import { type AdminAuthentication, checkScope } from './admin-authentication.ts';
import { adminHeaders, answerRefusal } from './answer-refusal.ts';
import { looksLikeCredentials, textsIn } from './credentials-in-url.ts';

/** An operation of the management API, as the endpoint calls it. */
export interface AdminCall {
  /** Its method and path, for the log. */
  readonly name: string;
  /** The scope that its callers need. */
  readonly scope: string;
  readonly takesBody: boolean;
  /** Runs it, and returns its answer. @throws Fault, Faults */
  run(request: {
    readonly id: string;
    readonly address: string;
    readonly subject: string | undefined;
    readonly query: Readonly<Record<string, string>>;
    readonly body: Json | undefined;
    readonly ifMatch?: string | undefined;
  }): Promise<unknown>;
}

/** How the management API is served. */
export interface AdminEndpointOptions {
  readonly api: {
    /** @throws Fault `path_unknown`, `http_method_refused` */
    find(method: string, path: string): AdminCall;
  };
  readonly schemes: readonly Authenticate[];
  readonly record: AuthenticationRecord | undefined;
  /** Whether a text is the token of the configuration. */
  isToken(text: string): boolean;
  /** Gets refusals. */
  audit(refusal: RefusedAdminRequest): void;
  readonly mask: SecretMask;
}

/** A request to the management API that was refused for its credentials, for the audit trail. */
export interface RefusedAdminRequest {
  readonly event: 'admin.refused';
  readonly request: string;
  readonly subject: string | undefined;
  readonly details: { readonly reason: string; readonly address: string; readonly operation?: string };
  readonly suppressed?: number;
}

export interface AdminEndpointContext {
  /** Outlives the endpoint, which a reload replaces. */
  readonly authentication: AdminAuthentication;
  readonly hostAndOrigin: HostAndOrigin;
  readonly context: RequestContext;
  readonly bodyBytes: number;
  /** Steps between the check of the host and the authentication. */
  readonly steps?: readonly Step[];
}

/** Requests that run at once. The limit is the API's own, so that an operator reaches a gateway that is too busy. */
const mostRequests = 32;
/** Milliseconds that a client has to send a body. */
const bodyMs = 10_000;

/** Serves the management API: refuses what must not reach it, and answers with JSON. */
export class AdminEndpoint {
  readonly #options: AdminEndpointOptions;
  readonly #context: AdminEndpointContext;
  readonly #refusals: RepeatedWarning;
  #running = 0;

  constructor(options: AdminEndpointOptions, context: AdminEndpointContext) {
    this.#options = options;
    this.#context = context;
    this.#refusals = new RepeatedWarning({ warn: line => options.audit(line as RefusedAdminRequest) }, '');
  }

  serve(routed: Routed): Promise<void> {
    return serveRequest(this.#context.context, routed, async (request, reply) => {
      this.#running += 1;
      try {
        const answer = await this.#answer(request);
        reply.answer(200, JSON.stringify(this.#options.mask.value(answer)), { ...adminHeaders, ...etagOf(answer) });
      } catch (reason) {
        if (reason instanceof Cancelled) throw reason;
        this.#refuse(request, reply, reason);
      } finally {
        this.#running -= 1;
      }
    });
  }

  async #answer(request: OpenRequest): Promise<unknown> {
    const { incoming } = request;
    const { hostAndOrigin, authentication, steps = [], context } = this.#context;
    const address = context.addressOf(incoming);
    hostAndOrigin.passPage(request);
    checkPage(incoming);
    const { url = '' } = incoming;
    // Credentials in a URL may have been logged on the way, so they are not accepted even if they are valid.
    if (looksLikeCredentials(url)) fail('credentials_in_url');
    if (context.running.isDraining) fail('draining');
    if (this.#running > mostRequests) fail('overloaded', { hint: `${mostRequests} requests to /admin are running` });
    for (const step of steps) await step.pass(request);
    await authentication.pass(request, address);
    // Only now: the answer to callers that are not known must not depend on whether they have guessed the token.
    if (textsIn(url).some(text => this.#options.isToken(text))) fail('credentials_in_url');
    const call = this.#options.api.find(incoming.method ?? '', url.split('?', 1)[0] ?? '');
    request.record.method = call.name;
    checkScope(request.principal, call.scope);
    const body = await this.#bodyOf(incoming, call);
    const { subject } = request.principal;
    const about = { id: request.id, address, subject };
    return call.run({ ...about, query: queryOf(url), body, ifMatch: incoming.headers['if-match'] });
  }

  async #bodyOf(incoming: IncomingMessage, { takesBody }: AdminCall): Promise<Json | undefined> {
    if (!takesBody || !hasBody(incoming)) return undefined;
    if (!isJson(incoming.headers)) fail('media_type_refused');
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Fault('body_late', { after_ms: bodyMs })), bodyMs);
    try {
      return withDoubles(parseBody(await Promise.race([readBody(incoming, this.#context.bodyBytes), late.promise])));
    } finally {
      clearTimeout(timer);
    }
  }

  #refuse(request: OpenRequest, reply: HttpReply, reason: unknown): void {
    const fault = answerRefusal(reply, reason, { request: request.id, mask: this.#options.mask });
    request.finish(fault);
    if (fault.code !== 'credentials_in_url' && fault.code !== 'insufficient_scope') return;
    const address = this.#context.context.addressOf(request.incoming);
    const { method: operation } = request.record;
    this.#refusals.write(`${fault.code} ${request.principal.subject ?? ''}`, {
      ...{ event: 'admin.refused', request: request.id, subject: request.principal.subject },
      details: { reason: fault.code, address, ...(operation !== undefined && { operation }) },
    });
  }
}

const hasBody = ({ headers }: IncomingMessage) =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** Refuses what a page in a browser sends: no page is served here, and no other may call. @throws Fault `origin_refused` */
function checkPage({ headers: { origin, 'sec-fetch-site': site = 'none' } }: IncomingMessage): void {
  const hint = 'the management API answers no page in a browser, whatever its origin';
  if (origin !== undefined || (site !== 'none' && site !== 'same-origin')) throw new Fault('origin_refused', { hint });
}

/** Returns the header ETag of an answer that names its version. */
const etagOf = (answer: unknown): ReplyHeaders =>
  isJsonObject(answer) && typeof answer.etag === 'string' ? { etag: answer.etag } : {};

/** Returns the query. @throws Fault `admin_input_invalid` if a name is in it twice */
function queryOf(url: string): Readonly<Record<string, string>> {
  const query = new URLSearchParams(url.split('?').slice(1).join('?'));
  const names = [...query.keys()];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) fail('admin_input_invalid', { path: `query.${twice}`, message: 'stated more than once' });
  return Object.fromEntries(query);
}
