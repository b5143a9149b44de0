import { Fault } from '../../core/fault.ts';
import { isUnreachable } from '../mcp/http-fault.ts';
import type { Upstream, UpstreamPool } from '../upstream.ts';
import type { Choosable } from './choose-instance.ts';
import { type HealthRules, InstanceHealth } from './instance-health.ts';

/** How instances are checked. */
export interface HealthChecks extends HealthRules {
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** Receives what happens to an instance, for log and metrics. */
export interface InstanceEvents {
  onHealth(isHealthy: boolean, reason: unknown): void;
  /** A request was answered, or failed because of the instance. */
  onRequest(outcome: 'answered' | 'failed'): void;
}

export interface InstanceOptions {
  readonly id: string;
  readonly url: URL;
  readonly weight: number;
  readonly pool: UpstreamPool;
  readonly checks: HealthChecks;
  readonly events: InstanceEvents;
  /** Milliseconds, never going back. */
  readonly now?: (() => number) | undefined;
}

/** One of several servers that do the same, with its connections and its health. Disposing ends all of them. */
export class Instance implements Choosable, AsyncDisposable {
  readonly id: string;
  readonly url: URL;
  readonly weight: number;
  readonly pool: UpstreamPool;
  /** How many requests are running, and how many clients have a session with it. */
  running = 0;
  sessions = 0;
  credit = 0;
  readonly #health: InstanceHealth;
  readonly #events: InstanceEvents;
  readonly #checks: HealthChecks;
  readonly #now: () => number;
  #prober: Upstream | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isChecking = false;
  #reason: unknown;
  #failedAt = 0;

  constructor({ id, url, weight, pool, checks, events, now = () => performance.now() }: InstanceOptions) {
    this.#now = now;
    this.id = id;
    this.url = url;
    this.weight = weight;
    this.pool = pool;
    this.#checks = checks;
    this.#events = events;
    this.#health = new InstanceHealth(checks, isHealthy => events.onHealth(isHealthy, this.#reason), now);
  }

  get load(): number {
    return this.running + this.sessions;
  }

  /** Whether it gets work. Where it is not checked, it gets some after a while, which shows how it is. */
  get isHealthy(): boolean {
    if (this.#health.isHealthy || this.#timer !== undefined) return this.#health.isHealthy;
    return this.#now() >= this.#failedAt + this.#checks.intervalMs * this.#health.needed;
  }

  /** Whether its clients have no session of their own, so that each request may go to another instance. */
  get isStateless(): boolean {
    return this.pool.common !== undefined;
  }

  /** Checks it from now on, with requests of one more client. */
  startChecks(): void {
    this.#timer ??= setInterval(() => void this.#check(), this.#checks.intervalMs).unref();
  }

  /** Notes that it answered a request. */
  answered(): void {
    this.#events.onRequest('answered');
    // One that is checked gets work again for its checks alone: answers of its sessions would outnumber them.
    if (this.#health.isHealthy || this.#timer === undefined) this.#health.succeeded();
  }

  /** Notes how a request failed. What concerns the request alone says nothing about the instance. */
  failed(thrown: unknown): void {
    if (!isFailureOfInstance(thrown)) return;
    this.#events.onRequest('failed');
    this.#fail(thrown);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#prober?.[Symbol.asyncDispose]();
    await this.pool[Symbol.asyncDispose]();
  }

  async #check(): Promise<void> {
    if (this.#isChecking) return;
    this.#isChecking = true;
    this.#prober ??= this.pool.open();
    try {
      await this.#prober.request('ping', {}, { timeoutMs: this.#checks.timeoutMs });
      this.#health.succeeded();
    } catch (thrown) {
      if (isFailureOfInstance(thrown) || isTimeout(thrown)) this.#fail(thrown);
    } finally {
      this.#isChecking = false;
    }
  }

  #fail(thrown: unknown): void {
    this.#reason = thrown;
    this.#failedAt = this.#now();
    this.#health.failed(isUnreachable(thrown));
  }
}

const isTimeout = (thrown: unknown) => thrown instanceof Fault && thrown.code === 'upstream_timeout';

/** Codes of failures of a whole server. A time-out may be the fault of one slow tool, so it counts for checks alone. */
const failures: ReadonlySet<string> = new Set([
  ...['upstream_unavailable', 'upstream_tls', 'upstream_closed', 'upstream_garbage'],
]);

/** Whether an error is the failure of an instance, and not of a request or of its caller. */
export const isFailureOfInstance = (thrown: unknown): boolean =>
  thrown instanceof Fault && (failures.has(thrown.code) || isServerError(thrown));

const isServerError = ({ code, details: { status } }: Fault) => code === 'upstream_status' && Number(status) >= 500;
