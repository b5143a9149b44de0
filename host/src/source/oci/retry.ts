import { setTimeout as sleep } from 'node:timers/promises';
import { type Fault, fail } from '../../core/fault.ts';

/** How long a registry may take, and how often it is asked again. */
export interface Patience {
  /** The longest silence, in milliseconds: before the response's headers, and between two chunks of its body. */
  readonly silenceMs: number;
  /** The longest time of one attempt, to the last byte, in milliseconds. */
  readonly attemptMs: number;
  /** The number of attempts. */
  readonly attempts: number;
  /** The pause before the second attempt, in milliseconds, doubled each time and shortened at random by up to half. */
  readonly pauseMs: number;
  /** A `Retry-After` beyond this, in milliseconds, ends the attempts. */
  readonly longestPauseMs: number;
}

export const defaultPatience: Patience = {
  silenceMs: 15_000,
  attemptMs: 300_000,
  attempts: 4,
  pauseMs: 250,
  longestPauseMs: 30_000,
};

/** A failure that may be temporary. `retryAfterMs` is the pause that the registry asked for. */
export class Transient extends Error {
  override readonly name = 'Transient';
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs?: number, cause?: unknown) {
    super(message, { cause });
    this.retryAfterMs = retryAfterMs;
  }
}

/** Statuses that another attempt does not change: not implemented, and no storage (RFC 4918 § 11.5). */
const lasting: ReadonlySet<number> = new Set([501, 507]);

/** Whether a status may be temporary: too many requests, or an error of the server. */
export const isTransientStatus = (status: number): boolean => status === 429 || (status >= 500 && !lasting.has(status));

/** Reads `Retry-After`, which is seconds or a date, as milliseconds from now (RFC 9110 § 10.2.3). */
export function retryAfterMs(field: string | null, now = Date.now()): number | undefined {
  if (field === null) return undefined;
  if (/^\s*\d+\s*$/.test(field)) return Number(field) * 1000;
  const date = Date.parse(field);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/**
 * Runs `attempt` until it does not throw a Transient, with pauses that grow and differ from one caller to the next.
 * @throws Fault `registry_unreachable` after the last attempt; any other error of `attempt`, at once
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

/** Whether a fault says that the registry cannot be reached, and not that it refused. */
export const isUnreachable = (fault: Fault): boolean => fault.code === 'registry_unreachable';
