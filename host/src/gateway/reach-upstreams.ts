import { fail } from '../core/fault.ts';
import type { Principal } from '../identity/principal.ts';
import { elicitationOf } from '../mcp/url-elicitation.ts';
import type { UpstreamPool } from '../upstream/upstream.ts';
import { type OpenBinding, refuseWithoutUpstream } from './binding.ts';

/** How long a client waits for upstreams. */
export interface Patience {
  /** See `limits.request_timeout_ms`. */
  readonly requestTimeoutMs: number;
  /** See `limits.list_ms`. */
  readonly listMs: number;
}

/** The milliseconds that `initialize` waits if no upstream is available. */
const longest = 15_000;

/**
 * Waits until the upstreams of a binding can be used, except for those that were never reached while others were. One
 * of several that cannot be used is left out; once another one is available, it is waited for only as long as for a
 * list.
 * One at which the caller has to connect an account first counts as usable.
 * @throws Fault if none can be used
 */
export async function reachUpstreams(
  { id: binding, upstreams: all, notices }: Pick<OpenBinding, 'id' | 'upstreams' | 'notices'>,
  caller: Principal,
  patience: Patience,
): Promise<void> {
  if (all.length === 0) refuseWithoutUpstream(binding);
  const reached = all.filter(({ wasReached }) => wasReached);
  const needed = (reached.length === 0 ? all : reached).map(upstream => upstream.for(caller));
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
    if (result.status === 'rejected' && elicitationOf(result.reason) !== undefined) return [];
    if (result.status === 'fulfilled') notices.isBack(id, 'initialize');
    else notices.leftOut(id, 'initialize', result.reason, false);
    return result.status === 'rejected' ? [result.reason] : [];
  });
  if (failed.length === needed.length) throw failed[0];
}

/** @throws Fault `upstream_…`; `overloaded` if the upstream has no free connection for another client */
async function reach(upstream: UpstreamPool, late: AbortSignal, withinMs: number): Promise<void> {
  const slow = AbortSignal.timeout(withinMs);
  await upstream.start(AbortSignal.any([slow, late])).catch(reason => {
    if (reason !== slow.reason && reason !== late.reason) throw reason;
    const after = late.aborted ? { after_ms: late.reason, setting: 'limits.list_ms' } : { after_ms: withinMs };
    fail('upstream_timeout', { upstream: upstream.id, method: 'initialize', ...after });
  });
  upstream.checkRoom();
}
