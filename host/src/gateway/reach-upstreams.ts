import { fail } from '../core/fault.ts';
import type { UpstreamPool } from '../upstream/upstream.ts';
import type { OpenBinding } from './binding.ts';

/** How long a client may be kept waiting for upstreams. */
export interface Patience {
  /** As `limits.request_timeout_ms`. */
  readonly requestTimeoutMs: number;
  /** As `limits.list_ms`. */
  readonly listMs: number;
}

/** Milliseconds that `initialize` waits for upstreams none of which is there. */
const longest = 15_000;

/**
 * Makes sure that the upstreams of a binding can be used, but for those that were never reached while others were. One of
 * several that cannot is left out; once another one is there, it is waited for no longer than for a list.
 * @throws Fault when none can
 */
export async function reachUpstreams(
  { upstreams, notices }: Pick<OpenBinding, 'upstreams' | 'notices'>,
  patience: Patience,
): Promise<void> {
  const reached = upstreams.filter(({ serverInfo }) => serverInfo !== undefined);
  const needed = reached.length === 0 ? upstreams : reached;
  const late = new AbortController();
  const attempts = needed.map(upstream => reach(upstream, late.signal, Math.min(longest, patience.requestTimeoutMs)));
  let timer: NodeJS.Timeout | undefined;
  Promise.any(attempts).then(
    () => {
      timer = setTimeout(() => late.abort(patience.listMs), patience.listMs).unref();
    },
    () => {},
  );
  const results = await Promise.allSettled(attempts);
  clearTimeout(timer);
  const failed = results.flatMap((result, place) => {
    const id = needed[place]?.id ?? '';
    if (result.status === 'fulfilled') notices.isBack(id, 'initialize');
    else notices.leftOut(id, 'initialize', result.reason, false);
    return result.status === 'rejected' ? [result.reason] : [];
  });
  if (failed.length === needed.length) throw failed[0];
}

/** @throws Fault `upstream_…`, and `overloaded` when it has no connection for a client more */
async function reach(upstream: UpstreamPool, late: AbortSignal, withinMs: number): Promise<void> {
  const slow = AbortSignal.timeout(withinMs);
  await upstream.start(AbortSignal.any([slow, late])).catch(reason => {
    if (reason !== slow.reason && reason !== late.reason) throw reason;
    const after = late.aborted ? { after_ms: late.reason, setting: 'limits.list_ms' } : { after_ms: withinMs };
    fail('upstream_timeout', { upstream: upstream.id, method: 'initialize', ...after });
  });
  upstream.checkRoom();
}
