import { Deadlines, type Expiring } from '../../core/deadlines.ts';
import { Fault } from '../../core/fault.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import type { Answer } from '../../mcp/answer.ts';
import type { Notification } from '../../mcp/message.ts';
import type { RequestOptions } from '../upstream.ts';
import type { RequestTimes, TimeLimit } from './connection.ts';

/** The operator's limits for an upstream, unless the caller of a request has a stricter one, which progress does not extend. */
export function requestTimes(options: RequestOptions, limits: RequestTimes): RequestTimes {
  const { timeoutMs, timeoutSetting = limits.idle.setting } = options;
  if (timeoutMs === undefined || timeoutMs > limits.idle.ms) return limits;
  const limit = { ms: timeoutMs, setting: timeoutSetting };
  return { idle: limit, whole: limit };
}

/** The fault of a request that was not answered within `limit`. */
export const timeoutFault = (upstream: string, method: string, { ms, setting }: TimeLimit): Fault =>
  new Fault('upstream_timeout', { upstream, method, after_ms: ms, setting });

/** Why the gateway no longer waits for an answer, as the server reads it. */
export type CancelReason = 'timed out' | 'the caller cancelled';

/** The time limits of all requests. */
const deadlines = new Deadlines<PendingRequest>();

/**
 * A request that waits for its answer, over any transport. It is settled once: by its answer, by a failure, by its time
 * limits or by its caller's signal. A transport adds how a request is cancelled and how its server is made to wait.
 */
export abstract class PendingRequest implements Expiring {
  readonly upstream: string;
  readonly id: number;
  readonly method: string;
  /** Rejects with a Fault `upstream_…`, SessionExpired, or the reason of the caller's signal. */
  readonly answer: Promise<Answer>;
  /** See `Deadlines`. */
  place: number | undefined;
  expiresAt: number;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #times: RequestTimes;
  readonly #options: RequestOptions;
  readonly #end: number;
  readonly #onAbort: (() => void) | undefined;
  #isSettled = false;
  /** The caller is still handling a notification. */
  #isBusy = false;

  constructor(upstream: string, id: number, method: string, times: RequestTimes, options: RequestOptions) {
    this.upstream = upstream;
    this.id = id;
    this.method = method;
    this.#times = times;
    this.#options = options;
    const now = performance.now();
    this.#end = now + times.whole.ms;
    this.expiresAt = now + times.idle.ms;
    deadlines.add(this);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.answer = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    if (options.signal === undefined) return;
    // A variable first: V8 allocates a function that is assigned directly to a member in the old generation, and from
    // there it keeps the whole request from being collected young. Node wraps an object listener in such a function.
    const onAbort = () => this.#giveUp(options.signal?.reason, 'the caller cancelled');
    this.#onAbort = onAbort;
    options.signal.addEventListener('abort', onAbort);
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  resolve(answer: Answer): void {
    this.#settle();
    this.#resolve(answer);
  }

  reject(reason: unknown): void {
    this.#settle();
    this.#reject(reason);
  }

  /** Passes a notification to the caller. Those that arrive while the caller handles an earlier one are dropped. */
  notify(notification: Notification): void {
    if (notification.method === 'notifications/progress') this.#extend();
    if (this.#isBusy) return;
    const handled = this.#options.onNotification?.(notification);
    if (!(handled instanceof Promise)) return;
    this.#isBusy = true;
    this.pause();
    const goOn = () => {
      this.#isBusy = false;
      this.resume();
    };
    handled.then(goOn, goOn);
  }

  /** The time limit was reached. */
  onExpired(): void {
    const { idle, whole } = this.#times;
    const limit = this.expiresAt < this.#end ? idle : whole;
    this.#giveUp(timeoutFault(this.upstream, this.method, limit), 'timed out');
  }

  /** Ends the transport's work on this request, and sends the server `notifications/cancelled`. */
  protected abstract cancel(reason: CancelReason): void;

  /** Makes the server wait, where the transport can do that. */
  protected pause(): void {}

  protected resume(): void {}

  protected onSettled(): void {}

  /** The server showed progress: the idle time begins again, within the whole time. */
  #extend(): void {
    this.expiresAt = Math.min(performance.now() + this.#times.idle.ms, this.#end);
  }

  #giveUp(reason: unknown, why: CancelReason): void {
    if (this.#isSettled) return;
    this.reject(reason);
    this.cancel(why);
  }

  #settle(): void {
    this.#isSettled = true;
    deadlines.delete(this);
    if (this.#onAbort !== undefined) this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.onSettled();
  }
}

/** The message that cancels a request. The handshake must not be cancelled (Cancellation § Behavior Requirements). */
export function cancelledMessage({ id, method }: PendingRequest, reason: CancelReason): JsonObject | undefined {
  if (method === 'initialize') return undefined;
  return { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id, reason } };
}

/** The params that are really sent: a caller's progress token is only unique to that caller. */
export function withOwnProgressToken(
  params: JsonObject | undefined,
  token: number | undefined,
): JsonObject | undefined {
  const meta = params?._meta;
  if (!isJsonObject(meta) || meta.progressToken === undefined) return params;
  const { progressToken: _, ...rest } = meta;
  return { ...params, _meta: token === undefined ? rest : { ...rest, progressToken: token } };
}
