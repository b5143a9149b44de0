import { createHash } from 'node:crypto';
import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import type { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { SecretMask } from '../core/secret-mask.ts';
import type { TenantLabel } from '../core/tenant-label.ts';
import type { CallRecord } from '../gateway/call.ts';
import { countedOutcome, type Receipt, type TimedReceipt } from '../hook/receipt.ts';
import type { RequestFailure, RequestLine } from '../http/request-log.ts';
import { methodLabel } from '../http/request-metrics.ts';
import { errorNumber } from '../mcp/errors.ts';
import type { ExchangeRecord } from '../mcp/revision/revision.ts';
import type { RandomIds } from './random-ids.ts';
import type { RequestTrace } from './request-trace.ts';
import { shownName } from './shown-name.ts';
import type { TraceContext } from './trace-context.ts';
import { type OperationError, placeOf, type SentRequest, type TracedCall, type TracedNested } from './traced-call.ts';
import type { WallClock } from './wall-clock.ts';

export type Span = Parameters<typeof ProtobufTraceSerializer.serializeRequest>[0][number];
type Attributes = Record<string, string | number>;

/** What identifies the gateway in its spans. */
export type SpanOrigin = Pick<Span, 'resource' | 'instrumentationScope'>;

export interface CallSpansOptions {
  readonly origin: SpanOrigin;
  readonly ids: RandomIds;
  readonly clock: WallClock;
  readonly mask: SecretMask;
  readonly labelOf: TenantLabel;
}

/** Codes that plugins give to their blocks. Anything else could be content. */
const codePattern = /^[A-Za-z0-9_.:/-]{1,64}$/;
/** The longest id of a message. */
const longestId = 64;
/** The hashes of sessions that are kept, of ids up to this length. */
const mostSessions = 1_000;
const longestSession = 128;

/** A request that has been answered. */
export interface EndedRequest {
  readonly trace: RequestTrace;
  readonly line: RequestLine;
  readonly failure: RequestFailure | undefined;
}

/** A span before it has a place in a trace. Times are those of `performance.now()`. */
interface Described {
  readonly name: string;
  readonly kind: SpanKind;
  readonly began: number;
  readonly ended: number;
  readonly attributes: Attributes;
  readonly isError: boolean;
  readonly links?: Span['links'];
}

/**
 * Makes the spans of a request from its record, after it was answered: the log line, the metrics and the receipts are
 * views of the same record. Nothing of contents, arguments or secrets is in them.
 */
export class CallSpans {
  readonly #options: CallSpansOptions;
  readonly #sessions = new Map<string, string>();

  constructor(options: CallSpansOptions) {
    this.#options = options;
  }

  of(ended: EndedRequest): readonly Span[] {
    const { trace, line } = ended;
    const { span } = trace;
    if (span === undefined) return [];
    this.#options.clock.read();
    const { parent, transport } = trace.callers;
    const { request } = trace;
    const links = transport === undefined ? [] : [{ context: remote(transport) }];
    const attributes = this.#serverAttributes(ended);
    const server = this.#span(span, parent && remote(parent), {
      name: nameOf(line.method, attributes),
      kind: SpanKind.SERVER,
      began: request.began,
      ended: request.began + line.ms,
      attributes,
      isError: attributes['error.type'] !== undefined,
      links,
    });
    return [server, ...this.#within(ended, trace, request.call)];
  }

  /** Makes the spans of what happened within a call: its hook calls, its requests to upstreams, its plugins' calls. */
  #within(ended: EndedRequest, trace: TracedCall, { receipts }: CallRecord): readonly Span[] {
    const { span } = trace;
    if (span === undefined) return [];
    const hooks = receipts.timeline().map(timed => ({ ...timed, span: this.#hookSpan(ended, span, timed) }));
    const nested = trace.nestedCalls.flatMap(each => {
      const by = hooks.find(({ receipt, ended: at }) => isDuring(each, receipt, at));
      return this.#nestedSpans(ended, by?.span.spanContext() ?? contextOf(span), each);
    });
    return [...hooks.map(hook => hook.span), ...trace.sent.map(sent => this.#clientSpan(span, sent)), ...nested];
  }

  #nestedSpans(
    ended: EndedRequest,
    parent: ReturnType<Span['spanContext']>,
    { record, trace }: TracedNested,
  ): readonly Span[] {
    if (trace.span === undefined) return [];
    const { by, name, upstream, outcome, ms = 0 } = record.nestedSummary();
    const attributes: Attributes = {
      'mcp.method.name': 'tools/call',
      'gen_ai.operation.name': 'execute_tool',
      'sallyport.plugin.id': by,
      'sallyport.request': record.request,
    };
    // A name that leads nowhere is a text of the plugin.
    if (name !== undefined && upstream !== undefined) attributes['gen_ai.tool.name'] = this.#shown(name);
    if (upstream !== undefined) attributes['sallyport.upstream'] = upstream;
    const isError = outcome !== 'result';
    if (isError) attributes['error.type'] = outcome ?? 'aborted';
    const own = this.#span(trace.span, parent, {
      name: nameOf('tools/call', attributes),
      kind: SpanKind.INTERNAL,
      began: record.began,
      ended: record.began + ms,
      attributes,
      isError,
    });
    return [own, ...this.#within(ended, trace, record)];
  }

  #hookSpan({ trace: { plugins }, line }: EndedRequest, parent: TraceContext, { receipt, ended }: TimedReceipt): Span {
    const { plugin, hook, mode = 'enforce', wallMs } = receipt;
    const attributes: Attributes = { 'sallyport.plugin.id': plugin, 'sallyport.hook': hook, 'sallyport.mode': mode };
    const known = plugins.find(({ id }) => id === plugin);
    if (known !== undefined) {
      attributes['sallyport.plugin.version'] = known.version;
      attributes['sallyport.plugin.digest'] = known.digest;
    }
    if (line.binding !== undefined) attributes['sallyport.binding'] = line.binding;
    const isError = receipt.outcome === 'failed';
    attributes['sallyport.outcome'] = isError ? 'failed' : countedOutcome(receipt);
    if (receipt.outcome === 'failed') {
      attributes['sallyport.cause'] = receipt.cause;
      attributes['error.type'] = receipt.cause;
    } else if (receipt.outcome === 'block' && codePattern.test(receipt.violation.code)) {
      attributes['sallyport.code'] = this.#options.mask.text(receipt.violation.code);
    }
    const kind = SpanKind.INTERNAL;
    const context = { ...parent, spanId: this.#options.ids.spanId() };
    const name = `${hook} ${plugin}`;
    return this.#span(context, contextOf(parent), { name, kind, began: ended - wallMs, ended, attributes, isError });
  }

  #clientSpan(parent: TraceContext, { spanId, upstream, method, target, began, ended, error }: SentRequest): Span {
    const { transport, address, port } = placeOf(upstream);
    const attributes: Attributes = {
      'mcp.method.name': method,
      'network.transport': transport,
      'sallyport.upstream': upstream.id,
    };
    if (address !== undefined && port !== undefined) {
      attributes['network.protocol.name'] = 'http';
      attributes['server.address'] = address;
      attributes['server.port'] = port;
    }
    const revision = upstream.serverInfo?.revision;
    if (revision !== undefined) attributes['mcp.protocol.version'] = revision;
    this.#addTarget(attributes, method, target);
    addError(attributes, error);
    const name = nameOf(method, attributes);
    const isError = error !== undefined;
    return this.#span({ ...parent, spanId }, contextOf(parent), {
      ...{ name, kind: SpanKind.CLIENT, began, ended, attributes, isError },
    });
  }

  #serverAttributes({ trace, line, failure }: EndedRequest): Attributes {
    const { request } = trace;
    const { incoming, record } = request;
    const { method, name, upstream, binding, access } = line;
    const label = methodLabel(method);
    const attributes: Attributes = {
      'network.protocol.name': 'http',
      'network.protocol.version': incoming.httpVersion,
      'network.transport': 'tcp',
      'http.response.status_code': line.status === 0 ? clientLeft : line.status,
      'sallyport.request': line.request,
    };
    if (record.method === undefined) attributes['http.request.method'] = incoming.method ?? '_OTHER';
    else if (isMessage(record)) attributes['mcp.method.name'] = label;
    // A name that leads nowhere is a text of the client.
    if (upstream !== undefined) this.#addTarget(attributes, label, name);
    const { id } = record;
    if (typeof id === 'string') attributes['jsonrpc.request.id'] = shownName(id, this.#options.mask, longestId);
    else if (id !== undefined && id !== null) {
      attributes['jsonrpc.request.id'] = (typeof id === 'object' ? id.text : String(id)).slice(0, longestId);
    }
    const revision = trace.revision;
    if (revision !== undefined) attributes['mcp.protocol.version'] = revision;
    const session = incoming.headers['mcp-session-id'];
    if (typeof session === 'string') attributes['mcp.session.id'] = this.#hashed(session);
    if (binding !== undefined) attributes['sallyport.binding'] = binding;
    if (upstream !== undefined) attributes['sallyport.upstream'] = upstream;
    const tenant = this.#options.labelOf(line.tenant);
    if (tenant !== undefined) attributes['sallyport.tenant'] = tenant;
    if (access !== undefined) attributes['sallyport.access'] = access.kind;
    if (failure !== undefined) attributes['sallyport.code'] = failure.code;
    addError(attributes, errorOfRequest(trace, failure));
    return attributes;
  }

  #addTarget(attributes: Attributes, method: string, target: string | undefined): void {
    if (target === undefined) return;
    if (method === 'prompts/get') attributes['gen_ai.prompt.name'] = this.#shown(target);
    if (method !== 'tools/call') return;
    attributes['gen_ai.tool.name'] = this.#shown(target);
    attributes['gen_ai.operation.name'] = 'execute_tool';
  }

  /** Session ids are credentials of a kind. The hash of one, which is random, joins the spans of a session. */
  #hashed(session: string): string {
    const known = this.#sessions.get(session);
    if (known !== undefined) return known;
    if (this.#sessions.size >= mostSessions) this.#sessions.clear();
    const hash = createHash('sha256').update(session).digest('hex').slice(0, 16);
    if (session.length <= longestSession) this.#sessions.set(session, hash);
    return hash;
  }

  #shown(name: string): string {
    return shownName(name, this.#options.mask);
  }

  #span(own: TraceContext, parent: ReturnType<Span['spanContext']> | undefined, described: Described): Span {
    const { origin, clock } = this.#options;
    return new EndedSpan(own, parent, described, origin, clock);
  }
}

/** The status of a request whose client disconnected, as in its log line. */
const clientLeft = 499;

const sampled = TraceFlags.SAMPLED;

class EndedSpan implements Span {
  readonly name: string;
  readonly kind: SpanKind;
  readonly parentSpanContext?: ReturnType<Span['spanContext']>;
  readonly startTime: Span['startTime'];
  readonly endTime: Span['endTime'];
  readonly status: Span['status'];
  readonly attributes: Attributes;
  readonly links: Span['links'];
  readonly events = [];
  readonly duration: Span['duration'] = [0, 0];
  readonly ended = true;
  readonly resource: Span['resource'];
  readonly instrumentationScope: Span['instrumentationScope'];
  readonly droppedAttributesCount = 0;
  readonly droppedEventsCount = 0;
  readonly droppedLinksCount = 0;
  readonly #context: ReturnType<Span['spanContext']>;

  constructor(
    own: TraceContext,
    parent: ReturnType<Span['spanContext']> | undefined,
    { name, kind, began, ended, attributes, isError, links = [] }: Described,
    { resource, instrumentationScope }: SpanOrigin,
    clock: WallClock,
  ) {
    this.name = name;
    this.kind = kind;
    this.#context = contextOf(own);
    if (parent !== undefined) this.parentSpanContext = parent;
    this.startTime = clock.at(began);
    this.endTime = clock.at(ended);
    this.status = isError ? failed : unset;
    this.attributes = attributes;
    this.links = links;
    this.resource = resource;
    this.instrumentationScope = instrumentationScope;
  }

  spanContext() {
    return this.#context;
  }
}

const failed = { code: SpanStatusCode.ERROR };
const unset = { code: SpanStatusCode.UNSET };

const contextOf = ({ traceId, spanId }: TraceContext) => ({ traceId, spanId, traceFlags: sampled });

/** The context of a span of someone else. */
const remote = ({ traceId, spanId, isSampled }: TraceContext) => ({
  traceId,
  spanId,
  traceFlags: isSampled ? sampled : TraceFlags.NONE,
  isRemote: true,
});

/** Whether a plugin made a call while this hook call ran. */
const isDuring = ({ record }: TracedNested, { plugin, wallMs }: Receipt, ended: number) =>
  record.by === plugin && record.began >= ended - wallMs - clockError && record.began <= ended;

/** Hook calls are timed in lanes, by another clock. */
const clockError = 1;

/** Names a span: the method, and the tool or prompt. */
function nameOf(method: string | undefined, attributes: Attributes): string {
  const target = attributes['gen_ai.tool.name'] ?? attributes['gen_ai.prompt.name'];
  const said = attributes['mcp.method.name'] ?? method ?? 'request';
  return target === undefined ? String(said) : `${said} ${target}`;
}

function addError(attributes: Attributes, error: OperationError | undefined): void {
  if (error === undefined) return;
  attributes['error.type'] = error.type;
  if (error.rpc !== undefined) attributes['rpc.response.status_code'] = String(error.rpc);
}

/** Whether a request is a message of MCP. A batch is a list of them. */
export const isMessage = ({ method }: ExchangeRecord): boolean => method !== undefined && method !== 'batch';

/** Returns how a request failed: by an error of JSON-RPC, or by a result that is an error of its tool. */
export function errorOfRequest(
  { request, error }: RequestTrace,
  failure: RequestFailure | undefined,
): OperationError | undefined {
  if (failure === undefined) return error;
  if (request.record.method === undefined) return { type: failure.code };
  const rpc = error?.rpc ?? errorNumber(request.errorNumbers, failure.code);
  return { type: String(rpc), rpc };
}
