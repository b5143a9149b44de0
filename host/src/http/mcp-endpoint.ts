import { fail } from '../core/fault.ts';
import type { OpenBinding } from '../gateway/binding.ts';
import { type BindingSettings, EnteredBinding } from '../gateway/requested-binding.ts';
import type { Principal } from '../identity/principal.ts';
import type { Body } from '../mcp/message.ts';
import { type Classify, createClassify } from '../mcp/revision/classify.ts';
import type { Reply } from '../mcp/revision/reply.ts';
import type { Exchange, HttpMethod, Revision } from '../mcp/revision/revision.ts';
import { idInText, readBody, readMessage } from './body.ts';
import type { CallerRecheck } from './caller-recheck.ts';
import { accepts, isJson } from './media-type.ts';
import { type OpenRequest, type RequestContext, type Routed, serveRequest, settle } from './open-request.ts';
import type { ServedRoute } from './route-map.ts';
import { passSteps, type Step } from './step/step.ts';

export interface McpEndpointOptions {
  /** The revisions of MCP that are served. */
  readonly revisions: readonly Revision[];
  /** The steps that each request passes first. */
  readonly steps: readonly Step[];
  readonly context: RequestContext;
  /** Checks the callers of streams. */
  readonly recheck: CallerRecheck;
  readonly settings: BindingSettings;
  /** Returns the binding for a caller at a URL where the tenant decides. */
  defaultFor(caller: Principal): OpenBinding | undefined;
  /** The maximum size of a request's body, in bytes. */
  readonly bodyBytes: number;
}

/** Bodies above this length are parsed only if the request's headers are accepted. No `initialize` is as long. */
const largeText = 64 * 1024;

/** Answers requests to `/mcp/{binding}`, in any revision. */
export class McpEndpoint {
  readonly #options: McpEndpointOptions;
  readonly #classify: Classify<Revision>;

  constructor(options: McpEndpointOptions) {
    this.#options = options;
    this.#classify = createClassify(options.revisions);
  }

  /** Serves a request to a binding. Never rejects: an error is answered and logged. */
  serve(route: ServedRoute, method: HttpMethod, { incoming, outgoing }: Routed): Promise<void> {
    const { context, steps, defaultFor } = this.#options;
    return serveRequest(context, { incoming, outgoing, route }, async (request, reply) => {
      const passing = passSteps(steps, request);
      if (passing !== undefined) await passing;
      request.isAccepted = true;
      if (route.tenant !== undefined) checkTenant(request, route.tenant);
      const binding = route.binding ?? defaultFor(request.principal) ?? fail('path_unknown');
      const exchange = new HttpExchange(request, binding, method, this.#options);
      try {
        await this.#handle(exchange);
      } finally {
        exchange.binding.leave();
      }
      // Notification streams stay open for hours. The revision bounds their number.
      if (!reply.isKeptOpen) return;
      context.running.remove(request);
      this.#options.recheck.addStream(request);
    });
  }

  #handle(exchange: HttpExchange): Promise<void> | void {
    switch (exchange.httpMethod) {
      case 'POST':
        return this.#post(exchange);
      case 'GET':
        if (exchange.request.incoming.method === 'HEAD') fail('http_method_refused', { method: 'HEAD' });
        if (!accepts(exchange.headers, 'text/event-stream')) fail('not_acceptable');
        return this.#revisionOf(exchange).handle(exchange);
      case 'DELETE':
        return this.#revisionOf(exchange).handle(exchange);
    }
  }

  async #post(exchange: HttpExchange): Promise<void> {
    const { request, headers, record } = exchange;
    if (!isJson(headers)) fail('media_type_refused');
    if (!accepts(headers, 'application/json')) fail('not_acceptable');
    const text = await readBody(request.incoming, this.#options.bodyBytes);
    if (text.length > largeText) {
      record.id = idInText(text);
      await this.#revisionOf(exchange).checkBeforeBody?.(exchange);
    }
    const message = readMessage(text, record);
    if (request.trace !== undefined && 'params' in message) request.trace.receive(message.params);
    await this.#revisionOf(exchange, message).handle(exchange, message);
  }

  /** @throws Fault when no revision serves the request */
  #revisionOf({ request, httpMethod, headers }: HttpExchange, body?: Body): Revision {
    const { revision, refusal } = this.#classify(httpMethod, headers, body);
    if (revision === undefined) throw refusal;
    request.errorNumbers = revision.errorNumbers;
    return revision;
  }
}

/**
 * Checks that the caller is of the tenant to which the URL belongs. Nothing else is said to callers of others.
 * @throws Fault `access_denied`, or `unauthenticated` for an anonymous caller
 */
function checkTenant({ principal, call, binding }: OpenRequest, tenant: string): void {
  if (principal.tenant === tenant) return;
  const kind = principal.subject === undefined ? 'unauthenticated' : 'access_denied';
  call.decide({ kind });
  fail(kind, { binding, hint: 'the URL belongs to a tenant that the caller does not belong to' });
}

/** One HTTP request to a binding, or one message of a batch, as a revision sees it. */
class HttpExchange implements Exchange {
  readonly request: OpenRequest;
  readonly httpMethod: HttpMethod;
  readonly binding: EnteredBinding;
  readonly #opened: OpenBinding;
  readonly #options: McpEndpointOptions;

  constructor(request: OpenRequest, binding: OpenBinding, httpMethod: HttpMethod, options: McpEndpointOptions) {
    this.request = request;
    this.httpMethod = httpMethod;
    this.#opened = binding;
    this.#options = options;
    this.binding = new EnteredBinding(binding, request, options.settings);
  }

  get requestId() {
    return this.request.id;
  }

  get headers() {
    return this.request.headers;
  }

  get clientAddress() {
    return this.#options.context.addressOf(this.request.incoming);
  }

  get reply() {
    return this.request.reply;
  }

  get record() {
    return this.request.record;
  }

  onLeave(listener: () => void): void {
    this.request.onLeave(listener);
  }

  async part(reply: Reply, work: (exchange: Exchange) => Promise<void>): Promise<void> {
    const { running } = this.#options.context;
    const part = this.request.part(reply);
    running.add(part);
    await settle(part, async () => {
      running.checkRoom();
      const exchange = new HttpExchange(part, this.#opened, this.httpMethod, this.#options);
      try {
        await work(exchange);
      } finally {
        exchange.binding.leave();
      }
    });
    running.remove(part);
  }
}
