import type { FromLane } from './message.ts';

/** Different refusals that one lane reports for plugins that are learning. */
const maximumRefusals = 1024;

interface HostCall {
  readonly job: number;
  readonly answer: PromiseWithResolvers<unknown>;
}

/** The requests of guests to the gateway's side of their capabilities, until they are answered. */
export class HostCalls {
  readonly #send: (message: FromLane) => void;
  readonly #waiting = new Map<number, HostCall>();
  #last = 0;
  readonly #reported = new Set<string>();

  constructor(send: (message: FromLane) => void) {
    this.#send = send;
  }

  ask(job: number, plugin: string, capability: string, request: unknown): Promise<unknown> {
    this.#last += 1;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(this.#last, { job, answer });
    this.#send({ type: 'ask', ask: this.#last, job, plugin, capability, request });
    return answer.promise;
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
