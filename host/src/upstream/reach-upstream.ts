import { setTimeout as delay } from 'node:timers/promises';
import { bounded } from '../core/bounded.ts';
import { toFault } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import type { UpstreamPool } from './upstream.ts';

/** Milliseconds between two attempts. */
const pause = { first: 1_000, most: 30_000 };

/**
 * Tries until the upstream has been reached once, or `signal` is aborted. Later requests connect again where necessary.
 * Only the first failure is logged as a warning. Never rejects.
 */
export async function reachUpstream(upstream: UpstreamPool, log: Log, signal: AbortSignal): Promise<void> {
  for (let ms = pause.first; !signal.aborted; ms = Math.min(ms * 2, pause.most)) {
    try {
      return await upstream.start(signal);
    } catch (error) {
      if (signal.aborted) return;
      const { code, hint, details } = toFault(error);
      const failure = {
        upstream: upstream.id,
        code,
        hint: bounded(hint),
        details: bounded({ ...details, hint: undefined }),
      };
      log[ms === pause.first ? 'warn' : 'debug'](failure, 'the upstream could not be reached yet');
    }
    await delay(ms, undefined, { signal, ref: false }).catch(() => {});
  }
}
