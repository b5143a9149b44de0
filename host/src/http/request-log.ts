import { bounded } from '../core/bounded.ts';
import type { FaultCode } from '../core/codes/index.ts';
import { toFault } from '../core/fault.ts';
import { type Log, memberWriterOf } from '../core/log.ts';
import { RepeatedWarning } from '../core/repeated-warning.ts';
import { type TraceIds, traceMembers } from '../core/trace-ids.ts';
import type { Decision } from '../gateway/access.ts';
import type { CallSummary, NestedSummary } from '../gateway/call.ts';
import { receiptLine } from '../hook/receipt.ts';

/** The content of a request's log line. */
export interface RequestLine extends CallSummary {
  /** The request id, which clients get with an error and plugins in their context. */
  readonly request: string;
  /** The ids of its span, if traces are on. */
  readonly trace?: TraceIds | undefined;
  /** The method of the message, or else of HTTP. */
  readonly method: string | undefined;
  readonly binding: string | undefined;
  /** The caller; absent if anonymous. */
  readonly subject?: string | undefined;
  readonly tenant?: string | undefined;
  /** The address of the client, if the request was refused or failed. */
  readonly address?: string | undefined;
  readonly status: number;
  /** The milliseconds until the answer was written. */
  readonly ms: number;
  /** The number of progress and log messages that were dropped because the client did not read. */
  readonly dropped?: number | undefined;
}

/** Why a request was refused or failed, for its log line. */
export interface RequestFailure {
  readonly code: FaultCode;
  readonly [member: string]: unknown;
}

/** The status logged if the client disconnected before it was answered. */
export const clientLeft = 499;

/** Writes the log line of a request. */
export type LogRequest = (line: RequestLine, failure: RequestFailure | undefined) => void;

/** Creates what writes the log lines: refused and failed requests are warnings, internal errors are errors. */
export function createRequestLog(log: Log): LogRequest {
  const write = memberWriterOf(log);
  const targetOf = createTargetText();
  const refusals = new RepeatedWarning(log, 'request');
  return (line, failure) => {
    if (failure === undefined && !log.isLevelEnabled('info')) return;
    if (failure !== undefined || write?.(servedLine(line, targetOf(line))) !== true)
      logObject(log, refusals, line, failure);
  };
}

/** Refusals of which anyone, or a tenant at its limit, can cause thousands a second. */
const repeated: ReadonlySet<FaultCode> = new Set([
  ...(['unauthenticated', 'credentials_refused', 'authentication_throttled', 'quota_exceeded'] as const),
  ...(['authentication_blocked', 'identity_unavailable'] as const),
  ...(['host_refused', 'host_ambiguous', 'origin_refused', 'path_unknown', 'http_method_refused'] as const),
  ...(['connect_link_unknown', 'connect_other_user', 'connect_failed'] as const),
]);

function logObject(log: Log, refusals: RepeatedWarning, line: RequestLine, failure: RequestFailure | undefined): void {
  const { request, trace, method, binding, subject, tenant, address, name, access, upstream, ...rest } = line;
  const { status, ms, dropped, plugins, calls } = rest;
  const members = {
    request,
    ...traceMembers(trace),
    ...{ method, binding, subject, tenant, name, access: access && accessLine(access), upstream },
    status: status === 0 ? clientLeft : status,
    address,
    ms: rounded(ms),
    plugins: plugins?.map(receiptLine),
    calls: calls?.map(nestedLine),
    dropped,
  };
  if (failure === undefined) log.info(members, 'request');
  else if (repeated.has(failure.code)) refusals.write(kindOf(failure), { ...members, ...failure });
  else log[failure.code === 'internal' ? 'error' : 'warn']({ ...members, ...failure }, 'request');
}

/** Returns the kind of a refusal: its code, and the reason or the setting, whose number is bounded. */
function kindOf({ code, details }: RequestFailure): string {
  const { reason = '', setting = '' }: { reason?: unknown; setting?: unknown } = details ?? {};
  return `${code} ${reason}${setting}`;
}

/** Writes the members of a served request as JSON, in the same order as `logObject`. */
function servedLine({ request, trace, status, ms, plugins, calls, dropped }: RequestLine, target: string): string {
  const ids = trace === undefined ? '' : `,"trace_id":"${trace.traceId}","span_id":"${trace.spanId}"`;
  const hooks =
    plugins === undefined ? '' : `,"plugins":${plugins.length === 0 ? '[]' : listText(plugins, receiptLine)}`;
  const nested = calls === undefined ? '' : `,"calls":${listText(calls, nestedLine)}`;
  const lost = dropped === undefined ? '' : `,"dropped":${dropped}`;
  return `"request":"${request}"${ids}${target},"status":${status || clientLeft},"ms":${rounded(ms)}${hooks}${nested}${lost},"msg":"request"`;
}

const listText = <T>(list: readonly T[], format: (each: T) => object) => JSON.stringify(list.map(each => format(each)));

/** Creates what writes the members that most requests share with the one before: it keeps the latest text. */
function createTargetText(): (line: RequestLine) => string {
  let latest: Target = {};
  let text = '';
  return line => {
    if (!isSameTarget(latest, line)) {
      const { method, binding, subject, tenant, name, access, upstream } = line;
      latest = { method, binding, subject, tenant, name, access, upstream };
      const members = JSON.stringify({ ...latest, access: access && accessLine(access) });
      text = members === '{}' ? '' : `,${members.slice(1, -1)}`;
    }
    return text;
  };
}

type Target = Partial<Pick<RequestLine, 'method' | 'binding' | 'subject' | 'tenant' | 'name' | 'access' | 'upstream'>>;

const isSameTarget = (one: Target, other: Target) =>
  one.method === other.method &&
  one.binding === other.binding &&
  one.subject === other.subject &&
  one.tenant === other.tenant &&
  one.name === other.name &&
  one.access?.kind === other.access?.kind &&
  one.access?.rule === other.access?.rule &&
  one.upstream === other.upstream;

/** Formats a decision: which rule decided, and how. */
const accessLine = ({ kind, rule }: Decision) => ({ decision: kind, rule });

/** Formats a plugin's tool call for the log line of the client's request. */
function nestedLine({ plugins, ms, blocked, refused: _, access, ...call }: NestedSummary) {
  return {
    ...call,
    ...(access && { access: accessLine(access) }),
    ...(blocked && { code: codeOf(blocked) }),
    ms: rounded(ms),
    plugins: plugins?.map(receiptLine),
  };
}

/** Returns why the request was not served: the thrown error, or the plugin that blocked it. */
export function failureOf({ blocked, refused }: CallSummary, failed: unknown): RequestFailure | undefined {
  const thrown = failed ?? refused;
  if (thrown !== undefined) {
    const { code, hint, details, cause } = toFault(thrown);
    const { hint: _, ...about } = details;
    return {
      ...{ code, hint: bounded(hint), details: bounded(about) },
      ...(code === 'internal' ? { error: bounded(cause ?? thrown) } : {}),
      ...(code !== 'internal' && cause instanceof Error && { cause: bounded(cause.message) }),
    };
  }
  return blocked && { code: codeOf(blocked), details: bounded(blocked) };
}

/** Returns the code from the table. A code that a plugin chose for its block is in the details. */
function codeOf({ code, details }: NonNullable<CallSummary['blocked']>): FaultCode {
  if (code === 'not_showable') return code;
  const isFailure = typeof details === 'object' && details !== null && 'cause' in details;
  return code === 'plugin_failed' && isFailure ? code : 'plugin_blocked';
}

const rounded = (ms: number | undefined) => (ms === undefined ? undefined : Math.round(ms * 100) / 100);
