import { Fault } from '../../core/fault.ts';
import type { ConnectionEvents } from './connection.ts';

/**
 * Starts a connection within the time that the operator allows. Whatever `work` waits for, the returned promise settles
 * when the time is over or the gateway closes; `work` is told by its signal.
 * @throws Fault `upstream_timeout`, the reason of `on.signal`, and what `work` throws
 */
export async function withinStartDeadline<T>(
  upstream: string,
  on: Pick<ConnectionEvents, 'limits' | 'signal'>,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { startTimeoutMs } = on.limits;
  const controller = new AbortController();
  const { signal } = controller;
  const ended = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
  const close = () => controller.abort(on.signal.reason);
  const timer = setTimeout(() => {
    const about = { upstream, method: 'initialize', after_ms: startTimeoutMs, setting: 'limits.upstream_start_ms' };
    controller.abort(new Fault('upstream_timeout', about));
  }, startTimeoutMs);
  on.signal.addEventListener('abort', close);
  try {
    if (on.signal.aborted) close();
    return await Promise.race([ended, work(signal)]);
  } finally {
    clearTimeout(timer);
    on.signal.removeEventListener('abort', close);
  }
}
