import type { JsonObject } from '../core/json.ts';
import type { RequestTrace as HttpRequestTrace, OpenRequest } from '../http/open-request.ts';
import type { RequestFailure, RequestLine } from '../http/request-log.ts';
import type { Answer } from '../mcp/answer.ts';
import { methods } from '../mcp/methods.ts';
import { contextInMeta, readTraceContext, type TraceContext } from './trace-context.ts';
import { errorOf, type OperationError, TracedCall, type TracedCallContext } from './traced-call.ts';

/** The revisions that clients can use. */
const revisions: ReadonlySet<string> = new Set(Object.values(methods).flatMap(method => method.revisions));

/** How traces begin. */
export interface TraceSettings {
  /** The share of the requests that are sampled, of those whose caller does not decide. */
  readonly sample: number;
  /** Whether the caller decides if its request is sampled. */
  readonly trustsParent: boolean;
}

/** What the spans name of a plugin. */
export interface TracedPlugin {
  readonly id: string;
  readonly version: string;
  readonly digest: string;
}

export interface RequestTraceOptions extends TracedCallContext {
  /** Undefined where traces are off. */
  readonly traces: TraceSettings | undefined;
  end(trace: RequestTrace, line: RequestLine, failure: RequestFailure | undefined): void;
}

/** Who called, in the caller's words. */
export interface Callers {
  /** The span that the request is part of. */
  readonly parent: TraceContext | undefined;
  /** Another span that sent the HTTP request. */
  readonly transport: TraceContext | undefined;
}

/** Follows the request of a client. Its place in a trace is settled as late as possible, because `_meta` may state it. */
export class RequestTrace extends TracedCall implements HttpRequestTrace {
  readonly request: OpenRequest;
  /** How the answer was an error. */
  error: OperationError | undefined;
  /** The plugins of the generation that serves it. */
  readonly plugins: readonly TracedPlugin[];
  readonly #whole: RequestTrace | undefined;
  readonly #options: RequestTraceOptions;
  #meta: TraceContext | undefined;
  #asked: string | undefined;
  #isReceived = false;
  #span: TraceContext | undefined;
  #callers: Callers | undefined;

  /** @param whole the batch that it is part of */
  constructor(
    options: RequestTraceOptions,
    request: OpenRequest,
    whole: RequestTrace | undefined,
    plugins: readonly TracedPlugin[],
  ) {
    super(options);
    this.#options = options;
    this.request = request;
    this.plugins = plugins;
    this.#whole = whole;
    request.call.receipts.keepTimes();
  }

  /** A context in `_meta` names the parent, because a message may be one of several in an HTTP request. */
  receive(params: JsonObject): void {
    if (this.#isReceived) return;
    this.#isReceived = true;
    this.#asked = typeof params.protocolVersion === 'string' ? params.protocolVersion : undefined;
    if (this.#options.traces !== undefined) this.#meta = contextInMeta(params);
  }

  answered(answer: Answer): void {
    this.error = errorOf(answer);
  }

  /** The revision of MCP, as the client states it; undefined if it is unknown. */
  get revision(): string | undefined {
    const stated = this.request.headers['mcp-protocol-version'] ?? this.#asked;
    return typeof stated === 'string' && revisions.has(stated) ? stated : undefined;
  }

  get callers(): Callers {
    this.#callers ??= this.#findCallers();
    return this.#callers;
  }

  get span(): TraceContext | undefined {
    const { traces } = this.#options;
    if (traces === undefined) return undefined;
    this.#span ??= this.#begin(traces);
    return this.#span;
  }

  end(line: RequestLine, failure: RequestFailure | undefined): void {
    this.#options.end(this, line, failure);
  }

  #findCallers(): Callers {
    const { traceparent, tracestate } = this.request.headers;
    const transport = this.#whole?.span ?? readTraceContext(traceparent, tracestate);
    const parent = this.#meta ?? transport;
    const isSame = transport?.traceId === parent?.traceId && transport?.spanId === parent?.spanId;
    return { parent, transport: isSame ? undefined : transport };
  }

  #begin({ sample, trustsParent }: TraceSettings): TraceContext {
    const { ids } = this.context;
    const { parent } = this.callers;
    // The span of a batch is the gateway's own, so its parts are sampled as it is.
    const isDecided = parent !== undefined && (trustsParent || parent === this.#whole?.span);
    return {
      traceId: parent?.traceId ?? ids.traceId(),
      spanId: ids.spanId(),
      // By a number of ours, not by the id of the trace, which the client may have chosen to be sampled.
      isSampled: isDecided ? parent.isSampled : sample >= 1 || ids.fraction() < sample,
      state: parent?.state,
    };
  }
}
