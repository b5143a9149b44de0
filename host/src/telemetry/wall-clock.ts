/** Seconds and nanoseconds since the epoch, as OpenTelemetry writes times. */
export type HrTime = [seconds: number, nanoseconds: number];

/** A difference in milliseconds above which the system's clock was set. */
const setBack = 2;

/**
 * Converts times of `performance.now()`. `Date.now()` has whole milliseconds, so the largest difference that was seen is
 * the nearest one; the difference of the start would drift from the system's clock, which is corrected all the time.
 */
export class WallClock {
  #offset = Number.NEGATIVE_INFINITY;

  /** Compares the two clocks. It must be called before times of now are converted. */
  read(): void {
    const offset = Date.now() - performance.now();
    if (offset > this.#offset || this.#offset - offset > setBack) this.#offset = offset;
  }

  /** @param time of `performance.now()` */
  at(time: number): HrTime {
    const ms = time + this.#offset;
    const seconds = Math.floor(ms / 1000);
    return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
  }
}
