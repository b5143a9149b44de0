/** The ids of a span, in lower-case hexadecimal. */
export interface TraceIds {
  readonly traceId: string;
  readonly spanId: string;
}

/** Returns the members of a log line with the ids of a span; none without telemetry. */
export const traceMembers = (ids: TraceIds | undefined): { readonly trace_id?: string; readonly span_id?: string } =>
  ids === undefined ? {} : { trace_id: ids.traceId, span_id: ids.spanId };
