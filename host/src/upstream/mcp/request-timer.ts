import { Fault } from '../../core/fault.ts';
import type { RequestOptions } from '../upstream.ts';
import type { RequestTimes, TimeLimit } from './connection.ts';

/** The operator's limits for an upstream, unless the caller of a request has a stricter one, which progress does not extend. */
export function requestTimes(options: RequestOptions, { idle, whole }: RequestTimes): RequestTimes {
  const { timeoutMs, timeoutSetting = idle.setting } = options;
  if (timeoutMs === undefined || timeoutMs > idle.ms) return { idle, whole };
  const own = { ms: timeoutMs, setting: timeoutSetting };
  return { idle: own, whole: own };
}

/** Measures the time of one request, and calls `onExpire` once when it is over. */
export class RequestTimer {
  readonly #upstream: string;
  readonly #method: string;
  readonly #times: RequestTimes;
  readonly #onExpire: (fault: Fault) => void;
  readonly #end: number;
  #timer: NodeJS.Timeout;
  #limit: TimeLimit;

  constructor(upstream: string, method: string, times: RequestTimes, onExpire: (fault: Fault) => void) {
    this.#upstream = upstream;
    this.#method = method;
    this.#times = times;
    this.#onExpire = onExpire;
    this.#end = performance.now() + times.whole.ms;
    this.#limit = times.idle;
    this.#timer = setTimeout(this.#expire, times.idle.ms);
  }

  /** The server showed progress: it has its time again, up to the end of the whole. */
  extend(): void {
    const { idle, whole } = this.#times;
    const left = this.#end - performance.now();
    if (left > idle.ms) this.#timer.refresh();
    else if (this.#limit !== whole && whole.ms > idle.ms) {
      clearTimeout(this.#timer);
      this.#limit = whole;
      this.#timer = setTimeout(this.#expire, Math.max(0, left));
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  readonly #expire = () => {
    const { ms, setting } = this.#limit;
    const about = { upstream: this.#upstream, method: this.#method, after_ms: ms, setting };
    this.#onExpire(new Fault('upstream_timeout', about));
  };
}
