import type { HeardCall } from '../../../capability/capability.ts';
import type {
  CallCost,
  CallReport,
  ChainInput,
  ChainOutput,
  FailureCause,
  HookCall,
  Tools,
  UpstreamRequest,
} from '../../../contract/hook-call.ts';
import { weightOf } from '../lane/payload.ts';
import { checkOutput } from './check-output.ts';

/** One chain on its way through a pool of lanes, until it settles: once, whatever else happens. */
export class PendingJob {
  readonly id: number;
  /** What is left to be run: all calls, or those that a failure has left. Plain data, as lanes get it. */
  input: ChainInput;
  /** What its plugins may be let to call, for the gateway's side of their capabilities. */
  readonly tools: Tools | undefined;
  /** The HTTP request to the upstream, where its plugins may be let to set headers. */
  readonly upstreamRequest: UpstreamRequest | undefined;
  attempts = 0;
  isSettled = false;
  readonly #calls: readonly HookCall[];
  /** The places of the calls of `input` among all calls. */
  #places: readonly number[];
  /** Failures that no lane could report, by place. */
  readonly #failures = new Map<number, CallReport>();
  readonly #settled = Promise.withResolvers<ChainOutput>();
  readonly #release: () => void;

  constructor(id: number, { tools, upstreamRequest, ...input }: ChainInput, signal: AbortSignal | undefined) {
    this.id = id;
    this.tools = tools;
    this.upstreamRequest = upstreamRequest;
    this.input = input as ChainInput;
    this.#calls = input.calls;
    this.#places = [...input.calls.keys()];
    const abort = () => this.reject(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    this.#release = () => signal?.removeEventListener('abort', abort);
  }

  /** Of the value that is shown, in characters and bytes. */
  get weight(): number {
    return weightOf(this.input.value);
  }

  /** The call, for the gateway's side of capabilities that take what was said in it. */
  get heard(): HeardCall {
    const { context } = this.input;
    return this.upstreamRequest === undefined ? context : { ...context, upstreamRequest: this.upstreamRequest };
  }

  get output(): Promise<ChainOutput> {
    return this.#settled.promise;
  }

  /** Takes what a lane says: it is checked before anybody relies on it. */
  resolve(said: ChainOutput): void {
    this.#settle();
    const output = checkOutput(said, this.input);
    if (this.#failures.size === 0) this.#settled.resolve(output);
    else this.#settled.resolve({ ...output, reports: this.#merge(output.reports) });
  }

  reject(reason: unknown): void {
    this.#settle();
    this.#settled.reject(reason);
  }

  /**
   * Records that call number `index` of `input` failed where the lane could not tell it any more. What the calls
   * before it came to is lost with the lane, so they are to be run again; those after it only where its failure does
   * not end the chain. Settles the job when nothing is left to run.
   */
  failCall(index: number, cause: FailureCause, message: string, cost: CallCost): void {
    const place = this.#places[index];
    const call = place === undefined ? undefined : this.#calls[place];
    if (place !== undefined && call !== undefined) {
      this.#failures.set(place, { plugin: call.plugin, ...cost, outcome: 'failed', cause, message });
      this.#places = this.#places.filter(other => other < place || (other > place && !call.stopOnFailure));
      this.input = { ...this.input, calls: this.#places.flatMap(other => this.#calls[other] ?? []) };
    }
    if (this.#places.length === 0 || call === undefined) this.resolve({ reports: [] });
  }

  /** The reports of the calls that ran, with the failures at their places; a report for each call up to the last. */
  #merge(ran: readonly CallReport[]): CallReport[] {
    const reports: CallReport[] = [];
    const rest = ran.values();
    for (const [place, call] of this.#calls.entries()) {
      const failure = this.#failures.get(place);
      const report = failure ?? rest.next().value;
      if (report === undefined) break;
      reports.push(report);
      if (failure !== undefined && call.stopOnFailure) break;
    }
    return reports;
  }

  #settle(): void {
    this.isSettled = true;
    this.#release();
  }
}
