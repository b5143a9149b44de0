import { receiveMessageOnPort } from 'node:worker_threads';
import type { AnswersEnd, FromLane } from './message.ts';

/** Different refusals that one lane reports for plugins that are learning. */
const maximumRefusals = 1024;

/** What comes through the channel for answers. */
export interface Answered {
  readonly value?: unknown;
  readonly error?: string;
}

interface HostCall {
  readonly job: number;
  readonly answer: PromiseWithResolvers<unknown>;
}

/** The requests of guests to the gateway's side of their capabilities, until they are answered. */
export class HostCalls {
  readonly #send: (message: FromLane) => void;
  readonly #answers: AnswersEnd | undefined;
  readonly #waiting = new Map<number, HostCall>();
  #last = 0;
  readonly #reported = new Set<string>();

  constructor(send: (message: FromLane) => void, answers: AnswersEnd | undefined) {
    this.#send = send;
    this.#answers = answers;
  }

  ask(job: number, plugin: string, capability: string, request: unknown): Promise<unknown> {
    this.#last += 1;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(this.#last, { job, answer });
    this.#send({ type: 'ask', ask: this.#last, job, plugin, capability, request, now: false });
    return answer.promise;
  }

  /**
   * Asks, and holds up this thread until the answer is there. The deadline of the hook call ends the thread if there is
   * none. A process shares no memory with the gateway, so it waits for a promise.
   */
  askNow(job: number, plugin: string, capability: string, request: unknown): unknown {
    if (this.#answers === undefined) return this.ask(job, plugin, capability, request);
    const { port, answered } = this.#answers;
    this.#last += 1;
    const word = new Int32Array(answered);
    this.#send({ type: 'ask', ask: this.#last, job, plugin, capability, request, now: true });
    const expected = this.#last | 0;
    for (let last = Atomics.load(word, 0); last !== expected; last = Atomics.load(word, 0)) Atomics.wait(word, 0, last);
    const received: { readonly message: Answered } | undefined = receiveMessageOnPort(port);
    if (received === undefined) throw new Error(`the answer of ${capability} is missing`);
    const { error, value } = received.message;
    if (error !== undefined) throw new Error(error);
    return value;
  }

  /** Removes and returns a request that is still waiting. */
  take(ask: number): HostCall | undefined {
    const call = this.#waiting.get(ask);
    this.#waiting.delete(ask);
    return call;
  }

  /** Drops the requests of a job. They are never answered. */
  drop(job: number): void {
    for (const [ask, call] of this.#waiting) if (call.job === job) this.#waiting.delete(ask);
  }

  /** Reports what a plugin that is learning was refused. Equal refusals are reported once. */
  refused(plugin: string, capability: string, value: unknown): void {
    const need = JSON.stringify(value);
    const key = `${plugin} ${capability} ${need}`;
    if (this.#reported.has(key) || this.#reported.size >= maximumRefusals) return;
    this.#reported.add(key);
    this.#send({ type: 'refused', plugin, capability, need });
  }
}
