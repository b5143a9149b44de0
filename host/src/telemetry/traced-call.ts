import { toFault } from '../core/fault.ts';
import type { HeaderList } from '../core/http-header.ts';
import type { JsonObject } from '../core/json.ts';
import type { TraceIds } from '../core/trace-ids.ts';
import type { CallTrace, NestedRecord } from '../gateway/call.ts';
import type { Answer } from '../mcp/answer.ts';
import type { RequestOptions, Upstream } from '../upstream/upstream.ts';
import type { OperationDurations } from './operation-durations.ts';
import type { RandomIds } from './random-ids.ts';
import { type TraceContext, traceHeaders, withTraceMeta } from './trace-context.ts';

/** What all calls share. */
export interface TracedCallContext {
  readonly ids: RandomIds;
  /** Absent where metrics are off. */
  readonly durations?: OperationDurations | undefined;
}

/** How an operation failed. */
export interface OperationError {
  /** `error.type` of the semantic conventions: an error number of JSON-RPC, a code of the gateway, or a word. */
  readonly type: string;
  /** The error number of JSON-RPC, if there was one. */
  readonly rpc?: number | undefined;
}

/** A request to an upstream that has ended. Times are those of `performance.now()`. */
export interface SentRequest {
  readonly spanId: string;
  readonly upstream: Upstream;
  readonly method: string;
  /** The tool or the prompt, under its name there. */
  readonly target: string | undefined;
  readonly began: number;
  readonly ended: number;
  readonly error: OperationError | undefined;
}

/** A plugin's call with what it led to. */
export interface TracedNested {
  readonly record: NestedRecord;
  readonly trace: TracedCall;
}

/** Follows one call: a client's, or one that a plugin makes within it. */
export abstract class TracedCall implements CallTrace {
  protected readonly context: TracedCallContext;
  /** The requests to upstreams that have ended. */
  sent: readonly SentRequest[] = none;
  nestedCalls: readonly TracedNested[] = none;

  constructor(context: TracedCallContext) {
    this.context = context;
  }

  /** The span of the call; undefined where traces are off. */
  abstract readonly span: TraceContext | undefined;

  get ids(): TraceIds | undefined {
    return this.span;
  }

  async send(upstream: Upstream, method: string, params: JsonObject, options: RequestOptions): Promise<Answer> {
    const { span } = this;
    const began = performance.now();
    const spanId = span === undefined ? '' : this.context.ids.spanId();
    const headers = span && traceHeaders({ ...span, spanId });
    const about = { upstream, method, target: targetOf(method, params), began, spanId };
    let error: OperationError | undefined;
    try {
      const answer = await (headers === undefined
        ? upstream.request(method, params, options)
        : upstream.request(method, withTraceMeta(params, headers), traced(options, headers)));
      error = errorOf(answer);
      return answer;
    } catch (thrown) {
      error = { type: options.signal?.aborted === true ? 'cancelled' : toFault(thrown).code };
      throw thrown;
    } finally {
      this.#ended({ ...about, ended: performance.now(), error });
    }
  }

  nested(record: NestedRecord): CallTrace {
    record.receipts.keepTimes();
    const trace = new NestedTrace(this.context, this.span);
    this.nestedCalls = [...this.nestedCalls, { record, trace }];
    return trace;
  }

  #ended(request: SentRequest): void {
    if (this.span?.isSampled) this.sent = [...this.sent, request];
    const { upstream, method, target, error, began, ended } = request;
    this.context.durations?.requested(
      {
        method,
        upstream: upstream.id,
        [method === 'prompts/get' ? 'prompt' : 'tool']: target,
        ...placeOf(upstream),
        revision: upstream.serverInfo?.revision,
        error: error?.type,
      },
      ended - began,
    );
  }
}

const none: readonly never[] = [];

/** A plugin's call within the call of a client: a span of its own in the same trace. */
class NestedTrace extends TracedCall {
  readonly span: TraceContext | undefined;

  constructor(context: TracedCallContext, outer: TraceContext | undefined) {
    super(context);
    this.span = outer && { ...outer, spanId: context.ids.spanId() };
  }
}

const traced = (options: RequestOptions, headers: HeaderList): RequestOptions => ({
  ...options,
  traceHeaders: headers,
});

/** Returns the name of a tool or prompt. A URI names a resource of a user, so it is no target. */
function targetOf(method: string, { name }: JsonObject): string | undefined {
  const isNamed = method === 'tools/call' || method === 'prompts/get';
  return isNamed && typeof name === 'string' ? name : undefined;
}

/** Returns how an answer is an error: of JSON-RPC, or a tool's own. */
export function errorOf({ error, result }: Answer): OperationError | undefined {
  if (error !== undefined) return { type: String(error.code), rpc: error.code };
  return result.isError === true ? { type: 'tool_error' } : undefined;
}

/** Returns where an upstream is, in the words of the semantic conventions. */
export function placeOf({ url }: Upstream): {
  readonly transport: 'tcp' | 'pipe';
  readonly address?: string;
  readonly port?: number;
} {
  if (url === undefined) return { transport: 'pipe' };
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { transport: 'tcp', address: url.hostname, port };
}
