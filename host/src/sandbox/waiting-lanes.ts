import type { Serve } from '../capability/capability.ts';
import { Fault, fail } from '../core/fault.ts';
import type { ChainInput, ChainOutput, HookRunner } from '../core/hook-call.ts';
import type { Log } from '../core/log.ts';
import { FairQueue } from './fair-queue.ts';
import { PendingJob } from './job.ts';
import type { FromLane, LanePlugin } from './lane/message.ts';
import { startingJob } from './lane/progress.ts';
import { Lane, type Refused, writeLogs } from './lane.ts';

const maximumInFlight = 32;
const answerWithinMs = 50;
/** Who asks while a plugin starts. */
const nobody = { requestId: '', binding: '', upstream: '' };

interface PoolOptions {
  readonly backlog: number;
  readonly log: Log;
  readonly refused?: Refused | undefined;
}

interface Flight {
  readonly job: PendingJob;
  readonly began: number;
  readonly timer: NodeJS.Timeout;
  readonly abort: AbortController;
  /** Whether the call has reached the outside world, so that it must not be run a second time. */
  asked: boolean;
}

/**
 * The lane of one plugin that has asynchronous capabilities, or a process of its own. The former runs with JSPI: a call that waits for the gateway's
 * thread parks its instance and not the thread, so many calls are in flight, each in an instance of its own.
 * A call past its deadline is dropped with its instance; when the thread does not even confirm that, it is ended.
 */
export class WaitingLanes implements HookRunner, AsyncDisposable {
  readonly #plugin: LanePlugin;
  /** The gateway's side of the plugin's asynchronous capabilities, by name. */
  readonly #serves: ReadonlyMap<string, Serve>;
  readonly #log: Log;
  readonly #refused: Refused | undefined;
  readonly #backlog: number;
  #lane: Lane | undefined;
  #restarting: Promise<void> | undefined;
  readonly #flights = new Map<number, Flight>();
  readonly #unconfirmed = new Map<number, NodeJS.Timeout>();
  readonly #queue = new FairQueue();
  #jobs = 0;
  #closed = false;

  private constructor(plugin: LanePlugin, serves: ReadonlyMap<string, Serve>, on: PoolOptions) {
    this.#refused = on.refused;
    this.#plugin = plugin;
    this.#serves = serves;
    this.#backlog = on.backlog;
    this.#log = on.log;
  }

  /** @throws Faults as Lane.start does */
  static async start(plugin: LanePlugin, serves: ReadonlyMap<string, Serve>, on: PoolOptions): Promise<WaitingLanes> {
    const lanes = new WaitingLanes(plugin, serves, on);
    try {
      lanes.#lane = await lanes.#startLane();
      return lanes;
    } catch (error) {
      await lanes[Symbol.asyncDispose]();
      throw error;
    }
  }

  run(input: ChainInput, signal?: AbortSignal): Promise<ChainOutput> {
    if (this.#closed) return fail('lanes_closed');
    signal?.throwIfAborted();
    // Calls that plugins wait for must not wait for those very plugins: each has one such call at a time.
    const isAwaited = this.#plugin.component.asynchronous && (input.tools?.within.length ?? 0) > 0;
    const lane = isAwaited ? this.#lane : undefined;
    if (lane === undefined && this.#queue.length >= this.#backlog) {
      return fail('overloaded', { waiting: this.#queue.length });
    }
    this.#jobs += 1;
    const job = new PendingJob(this.#jobs, input, signal);
    if (lane === undefined) {
      this.#queue.push(job);
      this.#flush();
    } else this.#launch(lane, job);
    signal?.addEventListener('abort', () => this.#flights.has(job.id) && this.#drop(job.id), { once: true });
    return job.output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const timer of this.#unconfirmed.values()) clearTimeout(timer);
    for (const flight of this.#flights.values()) {
      this.#land(flight);
      flight.abort.abort();
      if (!flight.job.isSettled) flight.job.reject(new Fault('lanes_closed'));
    }
    for (const job of this.#queue.takeAll()) if (!job.isSettled) job.reject(new Fault('lanes_closed'));
    await this.#restarting;
    await this.#lane?.terminate();
  }

  #flush(): void {
    const lane = this.#lane;
    if (lane === undefined) return;
    // A plugin that never waits serves one call after the other: its time begins when the one before has ended.
    const most = this.#plugin.component.asynchronous ? maximumInFlight : 1;
    while (this.#flights.size < most) {
      const [job] = this.#queue.take(1);
      if (job === undefined) return;
      this.#launch(lane, job);
    }
  }

  #launch(lane: Lane, job: PendingJob): void {
    const timer = setTimeout(() => this.#overdue(job.id), this.#plugin.limits.timeoutMs);
    this.#flights.set(job.id, { job, began: performance.now(), timer, abort: new AbortController(), asked: false });
    lane.send({ type: 'run', jobs: [{ id: job.id, input: job.input }] });
  }

  #message(lane: Lane, message: FromLane): void {
    if (message.type === 'ask') return void this.#serve(lane, message);
    if (message.type === 'dropped') {
      clearTimeout(this.#unconfirmed.get(message.job));
      this.#unconfirmed.delete(message.job);
    } else if (message.type === 'done') {
      for (const { id, output, logs } of message.results) {
        const flight = this.#flights.get(id);
        if (flight === undefined) continue;
        this.#land(flight);
        // Whatever it asked for and did not wait for, nobody waits for now.
        if (flight.asked) flight.abort.abort();
        writeLogs(this.#log, logs, flight.job.input.context.requestId);
        flight.job.resolve(output);
      }
    }
    this.#flush();
  }

  async #serve(lane: Lane, { ask, job, capability, request }: Extract<FromLane, { type: 'ask' }>): Promise<void> {
    const flight = this.#flights.get(job);
    const serve = this.#serves.get(capability);
    const call =
      flight === undefined
        ? undefined
        : { ...flight.job.input.context, signal: flight.abort.signal, tools: flight.job.tools };
    const starting =
      job === startingJob ? { ...nobody, signal: AbortSignal.timeout(this.#plugin.limits.startMs) } : undefined;
    const asker = call ?? starting;
    if (asker === undefined || serve === undefined) {
      return lane.send({ type: 'answer', ask, error: `${capability} cannot be asked now` });
    }
    if (flight !== undefined) flight.asked = true;
    try {
      lane.send({ type: 'answer', ask, value: await serve(request, asker) });
    } catch (error) {
      lane.send({ type: 'answer', ask, error: error instanceof Error ? error.message : String(error) });
    }
  }

  #overdue(id: number): void {
    const flight = this.#flights.get(id);
    if (flight === undefined) return;
    const limit = this.#plugin.limits.timeoutMs;
    flight.job.failCall(0, 'timeout', `no answer within ${limit} ms`, performance.now() - flight.began);
    this.#drop(id);
  }

  #drop(id: number): void {
    const flight = this.#flights.get(id);
    if (flight === undefined) return;
    this.#land(flight);
    flight.abort.abort();
    this.#lane?.send({ type: 'drop', job: id });
    this.#unconfirmed.set(
      id,
      setTimeout(() => void this.#lane?.terminate(), answerWithinMs),
    );
  }

  #land(flight: Flight): void {
    clearTimeout(flight.timer);
    this.#flights.delete(flight.job.id);
  }

  #ended(lane: Lane, reason: string): void {
    if (this.#closed || this.#lane !== lane) return;
    this.#lane = undefined;
    for (const timer of this.#unconfirmed.values()) clearTimeout(timer);
    this.#unconfirmed.clear();
    const again: PendingJob[] = [];
    for (const flight of [...this.#flights.values()]) {
      this.#land(flight);
      flight.abort.abort();
      flight.job.attempts += 1;
      if (flight.asked || flight.job.attempts > 1)
        flight.job.failCall(0, 'unavailable', `its lane ended: ${reason}`, performance.now() - flight.began);
      if (!flight.job.isSettled) again.push(flight.job);
    }
    this.#queue.putBack(again);
    this.#restarting = this.#restart(100);
  }

  async #restart(delayMs: number): Promise<void> {
    try {
      const lane = await this.#startLane();
      if (this.#closed) return void (await lane.terminate());
      this.#lane = lane;
      this.#flush();
    } catch (error) {
      if (this.#closed) return;
      this.#log.error(
        { plugin: this.#plugin.id, reason: error instanceof Error ? error.message : String(error) },
        'a lane did not start',
      );
      for (const job of this.#queue.takeAll())
        while (!job.isSettled) job.failCall(0, 'unavailable', 'its lane cannot be started', 0);
      await new Promise(resolve => setTimeout(resolve, delayMs).unref());
      if (!this.#closed) await this.#restart(Math.min(delayMs * 2, 10_000));
    }
  }

  #startLane(): Promise<Lane> {
    return Lane.start(
      [this.#plugin],
      {
        message: (lane, message) => this.#message(lane, message),
        ended: (lane, reason) => this.#ended(lane, reason),
        refused: this.#refused,
      },
      this.#log,
    );
  }
}
