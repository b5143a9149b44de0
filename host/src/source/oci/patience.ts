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
