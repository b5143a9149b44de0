import type { HeaderList } from '../core/http-header.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';

/** A span, as it is named to others (W3C Trace Context). */
export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
  /** `tracestate`, which is passed on as it came. */
  readonly state?: string | undefined;
}

const sampledFlag = 1;
const parentPattern =
  /^(?<version>[0-9a-f]{2})-(?<trace>[0-9a-f]{32})-(?<span>[0-9a-f]{16})-(?<flags>[0-9a-f]{2})(?<more>-.*)?$/;
const zeros = /^0+$/;
/** The longest `traceparent` that is looked at. Version 00 has 55 characters; later ones may append to it. */
const longestParent = 128;

/** The members of `tracestate`, and its length that everyone must pass on (§ 3.3.1). */
const mostMembers = 32;
const longestState = 512;
const statePattern =
  /^(?:[a-z0-9][a-z0-9_*/-]{0,240}@)?[a-z][a-z0-9_*/-]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/** Reads the context that a caller states in two values; undefined if `traceparent` is not valid. */
export function readTraceContext(parent: unknown, state: unknown): TraceContext | undefined {
  if (typeof parent !== 'string' || parent.length > longestParent) return undefined;
  const { version = '', trace = '', span = '', flags = '', more } = parentPattern.exec(parent)?.groups ?? {};
  if (trace === '' || version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (zeros.test(trace) || zeros.test(span)) return undefined;
  const isSampled = (Number.parseInt(flags, 16) & sampledFlag) === sampledFlag;
  return { traceId: trace, spanId: span, isSampled, state: readState(state) };
}

/** Reads the context in the `_meta` of a message (MCP 2026-07-28, OpenTelemetry trace context). */
export function contextInMeta({ _meta: meta }: JsonObject): TraceContext | undefined {
  return isJsonObject(meta) && meta.traceparent !== undefined
    ? readTraceContext(meta.traceparent, meta.tracestate)
    : undefined;
}

/** Returns `tracestate` if each of its members is valid. Without it, a trace is still whole. */
function readState(state: unknown): string | undefined {
  if (typeof state !== 'string' || state.length > longestState) return undefined;
  const members = state.split(',').map(member => member.trim());
  const isValid = members.length <= mostMembers && members.every(member => statePattern.test(member));
  return isValid ? members.join(',') : undefined;
}

/** Returns the headers that name a span as the parent of what the recipient does. */
export function traceHeaders({ traceId, spanId, isSampled, state }: TraceContext): HeaderList {
  const parent = ['traceparent', `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`] as const;
  return state === undefined ? [parent] : [parent, ['tracestate', state]];
}

/** Returns params whose `_meta` has these headers, instead of a context of the client. Its baggage is not passed on. */
export function withTraceMeta(params: JsonObject, headers: HeaderList): JsonObject {
  const {
    traceparent: _,
    tracestate: _state,
    baggage: _baggage,
    ...meta
  } = isJsonObject(params._meta) ? params._meta : {};
  return { ...params, _meta: { ...meta, ...Object.fromEntries(headers) } };
}
