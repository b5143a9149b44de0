import type { ConnectionContext, RequestTimes, UpstreamLimits } from './connection.ts';
import { timeoutFault } from './pending-request.ts';

const setting = 'limits.upstream_start_ms';

/** The limits of a request that belongs to the handshake. */
export function startTimes({ startTimeoutMs }: UpstreamLimits): RequestTimes {
  const limit = { ms: startTimeoutMs, setting };
  return { idle: limit, whole: limit };
}

/**
 * Starts a connection within the time that the operator allows. The returned promise settles when the time is over or the
 * gateway closes, whatever `work` waits for; both abort the signal of `work`.
 * @throws Fault `upstream_timeout`, the reason of `context.signal`, and what `work` throws
 */
export async function withinStartDeadline<T>(
  upstream: string,
  context: Pick<ConnectionContext, 'limits' | 'signal'>,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { startTimeoutMs } = context.limits;
  const controller = new AbortController();
  const { signal } = controller;
  const ended = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
  const close = () => controller.abort(context.signal.reason);
  const timer = setTimeout(() => {
    controller.abort(timeoutFault(upstream, 'initialize', { ms: startTimeoutMs, setting }));
  }, startTimeoutMs);
  context.signal.addEventListener('abort', close);
  try {
    if (context.signal.aborted) close();
    return await Promise.race([ended, work(signal)]);
  } finally {
    clearTimeout(timer);
    context.signal.removeEventListener('abort', close);
  }
}
