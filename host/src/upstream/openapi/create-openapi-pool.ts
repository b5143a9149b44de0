import { silentLog } from '../../core/log.ts';
import { createUpstreamAuth } from '../auth/create-auth.ts';
import { timesOf, type UpstreamContext, type UpstreamEntry } from '../mcp/create-upstream.ts';
import type { UpstreamPool } from '../upstream.ts';
import type { OpenapiEntry } from './openapi-entry.ts';
import { OpenapiPool } from './openapi-pool.ts';

/** One entry of `upstreams` in sallyport.yaml that has an OpenAPI document. */
export type OpenapiUpstreamEntry = Pick<UpstreamEntry, 'id' | 'auth' | 'timeout_ms' | 'max_timeout_ms' | 'confined'> & {
  readonly openapi: OpenapiEntry;
};

export interface OpenapiContext extends UpstreamContext {
  /** Characters of a tool's name; 64 when absent. */
  readonly longestName?: number;
}

/** Reads the document of an upstream as a start does, and leaves nothing open. @throws Faults */
export async function checkOpenapi(
  { auth: _, ...entry }: OpenapiUpstreamEntry,
  context: OpenapiContext,
  signal?: AbortSignal,
): Promise<void> {
  await using pool = createOpenapiPool(entry, context);
  await pool.start(signal);
}

/** Creates an upstream that is an HTTP API. Its document is not read before `start` or the first request. */
export function createOpenapiPool(entry: OpenapiUpstreamEntry, context: OpenapiContext = {}): UpstreamPool {
  const { secret = () => undefined, isPerTenant, tokenTimeoutMs: timeoutMs = 10_000, longestName = 64 } = context;
  return new OpenapiPool({
    id: entry.id,
    entry: entry.openapi,
    confined: entry.confined,
    auth:
      entry.auth &&
      createUpstreamAuth(entry.auth, { upstream: entry.id, secret, isPerTenant, timeoutMs }, context.accounts),
    times: timesOf(entry, context),
    startTimeoutMs: context.startTimeoutMs ?? 60_000,
    maxAnswerBytes: context.maxAnswerBytes ?? 32 * 1024 * 1024,
    longestName,
    secret,
    log: context.log ?? silentLog(),
    counts: context.counts,
    resolve: context.resolve,
  });
}
