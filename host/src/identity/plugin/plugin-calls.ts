import type { Narrowed, Principal as Stated, Violation } from '../../contract/generated/types.js';
import type {
  Caller,
  CallReport,
  ChainInput,
  ChainOutput,
  HookCall,
  HookRunner,
  IdentityQuestion,
} from '../../contract/hook-call.ts';
import type { HookName } from '../../contract/hook-name.ts';
import { bounded } from '../../core/bounded.ts';
import { Fault } from '../../core/fault.ts';
import type { Log } from '../../core/log.ts';
import { RepeatedWarning } from '../../core/repeated-warning.ts';
import { InvalidOutput } from '../../hook/invalid-output.ts';
import type { Receipts, RecordedHook } from '../../hook/receipt.ts';
import type { ReceiptRecorder } from '../../hook/record/receipt-log.ts';
import { type Failure, failure } from '../../hook/run-hop.ts';

/** A loaded plugin of the kind `identity`. */
export interface IdentityPlugin {
  readonly id: string;
  readonly version: string;
  readonly digest: string;
  /** The hooks that it is called for. */
  readonly hooks: ReadonlySet<HookName>;
}

export interface PluginCallsOptions {
  readonly plugins: readonly IdentityPlugin[];
  readonly runner: HookRunner;
  readonly log: Log;
  /** Records each call, if that is configured. */
  readonly recorder?: ReceiptRecorder | undefined;
}

/** The request that a plugin is called for. */
export interface CallSubject {
  readonly requestId: string;
  readonly binding: string;
  /** The HTTP method. */
  readonly method: string;
  readonly tenant?: string | undefined;
  readonly subject?: string | undefined;
  /** The parts of the request that grants may show. */
  readonly caller?: Caller;
  /** Absent where a stream is checked again. */
  readonly receipts?: Receipts | undefined;
}

/** The result of a call. */
export type CallResult<T> =
  | { readonly outcome: 'proceed' }
  | { readonly outcome: 'respond'; readonly answer: T }
  | { readonly outcome: 'block'; readonly violation: Violation }
  | Failure;

const hookOf: Readonly<Record<IdentityQuestion['stage'], RecordedHook>> = {
  identify: 'identify',
  preCheck: 'auth_pre_check',
  postCheck: 'auth_post_check',
};

/**
 * Calls the plugins of one generation that authenticate callers. They have no breaker, because a client
 * could open it with credentials that make the plugin fail, and so shut out all others.
 */
export class PluginCalls {
  readonly #options: PluginCallsOptions;
  readonly #plugins: ReadonlyMap<string, IdentityPlugin>;
  readonly #calls: ReadonlyMap<string, readonly HookCall[]>;
  readonly #failureWarning: RepeatedWarning;
  #running = 0;
  #onIdle: (() => void) | undefined;

  constructor(options: PluginCallsOptions) {
    const { plugins, log } = options;
    this.#options = options;
    this.#plugins = new Map(plugins.map(plugin => [plugin.id, plugin]));
    // The same objects for all requests, so that lanes recognise them and are sent only a number.
    this.#calls = new Map(plugins.map(({ id }) => [id, [{ plugin: id, stopOnBlock: true, stopOnFailure: true }]]));
    this.#failureWarning = new RepeatedWarning(log, 'a plugin failed');
  }

  /** Returns whether a plugin is called for a hook. One that is not loaded is, because its calls fail. */
  handles(plugin: string, hook: HookName): boolean {
    return this.#plugins.get(plugin)?.hooks.has(hook) ?? true;
  }

  /**
   * Calls a plugin, and writes the receipt of the call.
   * @param read reads an answer, and throws InvalidOutput if it is not acceptable
   * @throws Fault `overloaded`
   */
  async call<T>(
    plugin: string,
    question: IdentityQuestion,
    on: CallSubject,
    read: (answer: Stated | Narrowed) => T,
  ): Promise<CallResult<T>> {
    this.#running += 1;
    try {
      const { result, report } = take(plugin, await this.#run(plugin, question, on), read);
      this.#record(plugin, question, on, report);
      // No answer leaves before its receipts were taken.
      const room = this.#options.recorder?.room();
      if (room !== undefined) await room;
      return result;
    } finally {
      this.#running -= 1;
      if (this.#running === 0) this.#onIdle?.();
    }
  }

  /** Waits until no call is running. New ones must go elsewhere by then. */
  idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise(resolve => {
      this.#onIdle = resolve;
    });
  }

  async #run(plugin: string, question: IdentityQuestion, on: CallSubject): Promise<ChainOutput> {
    const calls = this.#calls.get(plugin);
    if (calls === undefined) return { reports: [unavailable(plugin, 'it is not loaded')] };
    const { requestId, binding, tenant, subject, caller, receipts: late } = on;
    const context = { requestId, binding, upstream: '', tenant, subject };
    try {
      return await this.#options.runner.run({ calls, context, caller, late, ...question } as ChainInput);
    } catch (thrown) {
      // The gateway is too busy, and no plugin is to blame for that.
      if (thrown instanceof Fault && thrown.code === 'overloaded') throw thrown;
      return { reports: [unavailable(plugin, thrown instanceof Error ? thrown.message : String(thrown))] };
    }
  }

  /** Writes the receipt of a call, and logs a failure. */
  #record(plugin: string, { stage }: IdentityQuestion, on: CallSubject, report: CallReport): void {
    const { requestId: request, binding, method, tenant, subject, receipts } = on;
    const hook = hookOf[stage];
    const receipt = { ...report, hook };
    receipts?.add(receipt);
    const { version, digest } = this.#plugins.get(plugin) ?? {};
    this.#options.recorder?.add({
      ...{ receipt, call: receipts?.written.length, endedMs: Date.now() },
      ...{ request, binding, upstream: '', tenant, subject, method, version, digest },
    });
    if (report.outcome !== 'failed') return;
    const { cause, message } = report;
    const about = { plugin, hook, request, binding, cause, on_error: 'deny' };
    this.#failureWarning.write(`${plugin} ${hook} ${cause}`, { ...about, reason: bounded(message) });
  }
}

/** Returns the result of a call and its report, in which an answer that is not acceptable is a failure. */
function take<T>(plugin: string, output: ChainOutput, read: (answer: Stated | Narrowed) => T): Taken<T> {
  const report = output.reports[0] ?? unavailable(plugin, 'it was not called');
  const failed = (cause: Failure): Taken<T> => ({ result: cause, report: cause });
  switch (report.outcome) {
    case 'failed':
      return failed(report);
    case 'block':
      return { report, result: report };
    case 'proceed':
      return { report, result: { outcome: 'proceed' } };
    case 'respond':
      try {
        if (output.identified === undefined) throw new InvalidOutput('it returned no answer');
        return { report, result: { outcome: 'respond', answer: read(output.identified) } };
      } catch (thrown) {
        if (!(thrown instanceof InvalidOutput)) throw thrown;
        return failed(failure('invalid_output', report, thrown.message));
      }
    case 'modified':
      return failed(failure('invalid_output', report, 'its outcome is not one of this call'));
  }
}

interface Taken<T> {
  readonly report: CallReport;
  readonly result: CallResult<T>;
}

const unavailable = (plugin: string, message: string): Failure => ({
  plugin,
  wallMs: 0,
  ...{ outcome: 'failed', cause: 'unavailable', message },
});
