import { setTimeout as sleep } from 'node:timers/promises';
import { type Fault, fail } from '../../core/fault.ts';

/** How long a registry may take, and how often it is asked again. */
export interface Patience {
  /** Longest silence: before the answer's head, and between two chunks of its body. Milliseconds. */
  readonly silenceMs: number;
  /** Longest time of one attempt, to the last byte. Milliseconds. */
  readonly attemptMs: number;
  /** Attempts in all. */
  readonly attempts: number;
  /** Pause before the second attempt, doubled each time, of which a random half is taken off. Milliseconds. */
  readonly pauseMs: number;
  /** A `Retry-After` beyond this ends the attempts. Milliseconds. */
  readonly longestPauseMs: number;
}

export const defaultPatience: Patience = {
  silenceMs: 15_000,
  attemptMs: 300_000,
  attempts: 4,
  pauseMs: 250,
  longestPauseMs: 30_000,
};

/** A failure that may be gone the next time. `retryAfterMs` is what the registry asked for. */
export class Transient extends Error {
  override readonly name = 'Transient';
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs?: number, cause?: unknown) {
    super(message, { cause });
    this.retryAfterMs = retryAfterMs;
  }
}

/** What stays as it is: not implemented, and no room (RFC 4918 § 11.5). */
const lasting: ReadonlySet<number> = new Set([501, 507]);

/** Statuses that ask for another attempt: too many requests, and the server's own trouble. */
export const isTransientStatus = (status: number): boolean => status === 429 || (status >= 500 && !lasting.has(status));

/** `Retry-After` in milliseconds from now (RFC 9110 § 10.2.3): seconds or a date. */
export function retryAfterMs(field: string | null, now = Date.now()): number | undefined {
  if (field === null) return undefined;
  if (/^\s*\d+\s*$/.test(field)) return Number(field) * 1000;
  const date = Date.parse(field);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/**
 * Runs `attempt` until it does not throw a Transient, with pauses that grow and differ from one caller to the next.
 * @throws Fault `registry_unreachable` when the attempts are used up; whatever else `attempt` throws, at once
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  patience: Patience,
  about: { readonly reference: string },
  signal?: AbortSignal,
): Promise<T> {
  for (let count = 1; ; count++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Transient)) throw error;
      const pause = error.retryAfterMs ?? patience.pauseMs * 2 ** (count - 1) * (0.5 + Math.random() / 2);
      if (count >= patience.attempts || pause > patience.longestPauseMs) {
        return fail('registry_unreachable', { ...about, what: error.message, attempts: count }, error);
      }
      await sleep(pause, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
    }
  }
}

/** Whether a fault says that the registry is away, and not that it refused. */
export const isUnreachable = (fault: Fault): boolean => fault.code === 'registry_unreachable';
