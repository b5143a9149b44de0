import { bounded } from '../core/bounded.ts';
import type { FaultCode } from '../core/codes/index.ts';
import { toFault } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import type { CallSummary, NestedSummary } from '../gateway/call.ts';
import { receiptLine } from '../hook/receipt.ts';

/** What the one log line of a request tells. */
export interface RequestLine extends CallSummary {
  /** Its id, which clients get with an error and plugins in their context. */
  readonly request: string;
  /** Of the message, or else of HTTP. */
  readonly method: string | undefined;
  readonly binding: string | undefined;
  /** Who called; absent when the caller is anonymous. */
  readonly subject?: string | undefined;
  readonly tenant?: string | undefined;
  readonly status: number;
  /** Milliseconds until the answer was written. */
  readonly ms: number;
  /** Progress and log messages that were not sent, because the client did not read. */
  readonly dropped?: number | undefined;
}

/** Why a request was refused or failed, as its line tells it. */
export interface RequestFailure {
  readonly code: FaultCode;
  readonly [member: string]: unknown;
}

/** HTTP status that stands in the log when the client left before it was answered. */
export const clientLeft = 499;

/** Writes it: a request that was refused or failed is a warning, and a mistake of our own an error. */
export function logRequest(log: Log, line: RequestLine, failure: RequestFailure | undefined): void {
  const { request, method, binding, subject, tenant, name, upstream, status, ms, dropped, plugins, calls } = line;
  const members = {
    ...{ request, method, binding, subject, tenant, name, upstream },
    status: status === 0 ? clientLeft : status,
    ms: rounded(ms),
    plugins: plugins?.map(receiptLine),
    calls: calls?.map(nestedLine),
    dropped,
  };
  if (failure === undefined) log.info(members, 'request');
  else log[failure.code === 'internal' ? 'error' : 'warn']({ ...members, ...failure }, 'request');
}

/** The call of a tool by a plugin, in the line of the client's request. */
function nestedLine({ plugins, ms, blocked, refused: _, ...call }: NestedSummary) {
  return {
    ...call,
    ...(blocked && { code: codeOf(blocked) }),
    ms: rounded(ms),
    plugins: plugins?.map(receiptLine),
  };
}

/** Why the request was not served as it was asked: what was thrown, or the plugin that blocked it. */
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

/** The code of the table: one that a plugin gave its block is its own word, and stands in the details. */
function codeOf({ code, details }: NonNullable<CallSummary['blocked']>): FaultCode {
  if (code === 'not_showable') return code;
  const isFailure = typeof details === 'object' && details !== null && 'cause' in details;
  return code === 'plugin_failed' && isFailure ? code : 'plugin_blocked';
}

const rounded = (ms: number | undefined) => (ms === undefined ? undefined : Math.round(ms * 100) / 100);
