import type { Patience } from './retry.ts';

/**
 * Ends one attempt when it takes too long, is silent for too long, or its caller gives up. Disposing it ends it too.
 */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
  /** Why it ended by itself; undefined while it runs and when the caller gave up. */
  readonly expired: string | undefined;
  /** Restarts the timeout after a sign of life. */
  touch(): void;
}

export function createDeadline({ silenceMs, attemptMs }: Patience, outer?: AbortSignal): Deadline {
  const controller = new AbortController();
  let expired: string | undefined;
  const expire = (why: string) => () => {
    expired ??= why;
    controller.abort();
  };
  const total = setTimeout(expire(`not finished after ${attemptMs} ms`), attemptMs);
  const silence = setTimeout(expire(`silent for ${silenceMs} ms`), silenceMs);
  const giveUp = () => controller.abort(outer?.reason);
  if (outer?.aborted) giveUp();
  outer?.addEventListener('abort', giveUp);
  return {
    signal: controller.signal,
    get expired() {
      return expired;
    },
    touch: () => void silence.refresh(),
    [Symbol.dispose]() {
      clearTimeout(total);
      clearTimeout(silence);
      outer?.removeEventListener('abort', giveUp);
      controller.abort();
    },
  };
}
