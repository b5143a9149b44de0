import type { Request } from '../contract/generated/types.js';
import type { CallReport, ChainInput, ChainOutput, HookCall, HookRunner } from '../contract/hook-call.ts';
import { bounded } from '../core/bounded.ts';
import type { Cancellation } from '../core/canceller.ts';
import { Fault } from '../core/fault.ts';
import type { JsonObject } from '../core/json.ts';
import type { Log } from '../core/log.ts';
import { RepeatedWarning } from '../core/repeated-warning.ts';
import type { SecretMask } from '../core/secret-mask.ts';
import { traceMembers } from '../core/trace-ids.ts';
import type { CallMethod } from '../mcp/methods.ts';
import { failureData, notShowableData, notShowableReport, violationData } from './block-data.ts';
import type { TargetField } from './condition.ts';
import type { BlockData, DecidedMethod, HookContext, Policy, PolicyPlugin } from './hook-chain.ts';
import type { PluginHealth } from './plugin-health.ts';
import type { RecordedHook } from './receipt.ts';
import type { ReceiptRecorder } from './record/receipt-log.ts';
import { Recording } from './record/recording.ts';
import { type Failure, failure, whyNotShowable } from './run-hop.ts';
import { requestViews } from './view/views.ts';

export interface PolicyOptions {
  /** In the order in which they are asked. */
  readonly plugins: readonly PolicyPlugin[];
  readonly runner: HookRunner;
  readonly log: Log;
  /** Masks secrets in a violation that the client receives. */
  readonly mask?: SecretMask;
  /** Records each call, if that is configured. */
  readonly recorder?: ReceiptRecorder | undefined;
}

/** The requests that one call decides about. More are decided in several calls. */
const mostAtOnce = 200;

const requestOf: Readonly<Record<TargetField, { readonly method: CallMethod; readonly member: 'name' | 'uri' }>> = {
  tools: { method: 'tools/call', member: 'name' },
  prompts: { method: 'prompts/get', member: 'name' },
  resources: { method: 'resources/read', member: 'uri' },
};

/** Creates the policy of a binding from its plugins. */
export const createPolicy = (options: PolicyOptions): Policy => new PluginPolicy(options);

/** What all calls for one decision have in common. */
interface Asked {
  readonly on: HookContext;
  readonly method: CallMethod | DecidedMethod;
  readonly hook: RecordedHook;
  readonly signal: Cancellation | undefined;
}

class PluginPolicy implements Policy {
  readonly plugins: readonly PolicyPlugin[];
  readonly #options: PolicyOptions;
  readonly #calls: ReadonlyMap<PolicyPlugin, readonly HookCall[]>;
  readonly #failureWarning: RepeatedWarning;

  constructor(options: PolicyOptions) {
    this.plugins = options.plugins;
    this.#options = options;
    this.#failureWarning = new RepeatedWarning(options.log, 'a plugin failed');
    // The same objects for all requests, so that lanes recognise them and are sent only a number.
    const callOf = ({ id }: PolicyPlugin) => [{ plugin: id, stopOnBlock: true, stopOnFailure: true }];
    this.#calls = new Map(options.plugins.map(plugin => [plugin, callOf(plugin)]));
  }

  async decide(on: HookContext, method: CallMethod, params: JsonObject, signal?: Cancellation) {
    const shown = show(method, params);
    const asked: Asked = { on, method, hook: 'policy_decide', signal };
    for (const plugin of this.plugins) {
      if ('why' in shown) {
        if (counts(plugin)) return notShowableData(plugin.id, shown.why);
        this.#record(plugin, asked, notShowableReport(plugin.id, shown.why));
        continue;
      }
      const { report } = await this.#ask(plugin, asked, { stage: 'decide', value: shown.request });
      const denial = this.#denial(plugin, report);
      if (denial !== undefined && counts(plugin)) return denial;
    }
    return undefined;
  }

  async decideMany(
    on: HookContext,
    method: DecidedMethod,
    kind: TargetField,
    names: readonly string[],
    signal?: Cancellation,
  ) {
    const asked: Asked = { on, method, hook: 'policy_decide_many', signal };
    const denials: (BlockData | undefined)[] = [];
    for (let from = 0; from < names.length; from += mostAtOnce) {
      denials.push(...(await this.#decideSome(asked, kind, names.slice(from, from + mostAtOnce))));
    }
    return denials;
  }

  async #decideSome(asked: Asked, kind: TargetField, names: readonly string[]) {
    const { method, member } = requestOf[kind];
    const all = names.map(name => show(method, { [member]: name }));
    const denials: (BlockData | undefined)[] = all.map(() => undefined);
    for (const plugin of this.plugins) {
      const open = all.flatMap((shown, place) => {
        if ('why' in shown && counts(plugin)) denials[place] ??= notShowableData(plugin.id, shown.why);
        return 'why' in shown || denials[place] !== undefined ? [] : [{ place, request: shown.request }];
      });
      if (open.length === 0) continue;
      const value = open.map(({ request }) => request);
      const { report, decisions } = await this.#ask(plugin, asked, { stage: 'decideMany', value });
      if (!counts(plugin)) continue;
      for (const [index, { place }] of open.entries()) {
        const decision = decisions?.[index];
        denials[place] =
          report.outcome !== 'failed' && decision?.tag === 'deny'
            ? this.#masked(violationData(plugin.id, decision.val))
            : this.#denial(plugin, decision === undefined ? failed(report) : report);
      }
    }
    return denials;
  }

  /** Asks one plugin, and writes the receipt of the call. */
  async #ask(plugin: PolicyPlugin, asked: Asked, input: Decided) {
    const { id, health } = plugin;
    const absence = absenceOf(health);
    const output: ChainOutput =
      absence === undefined ? await this.#call(plugin, asked, input) : { reports: [unavailable(id, absence)] };
    const [first] = output.reports;
    const report = wouldDeny(plugin, output) ?? first ?? unavailable(id, 'it was not called');
    if (absence === undefined && report.outcome === 'failed') health?.failed(report.cause);
    if (report.outcome !== 'failed') health?.succeeded();
    const denied = output.decisions?.filter(({ tag }) => tag === 'deny').length ?? 0;
    this.#record(plugin, asked, report, denied);
    // No answer leaves before its receipts were taken.
    const room = this.#options.recorder?.room(asked.signal);
    if (room !== undefined) await room;
    return { report, decisions: first === undefined ? undefined : output.decisions };
  }

  async #call(plugin: PolicyPlugin, { on, method, signal }: Asked, input: Decided): Promise<ChainOutput> {
    const { requestId, binding, upstream, tenant, subject, scopes = [], caller, receipts: late } = on;
    const context = { requestId, binding, upstream, method, tenant, subject, scopes };
    const calls = this.#calls.get(plugin) ?? [];
    plugin.health?.enter();
    try {
      return await this.#options.runner.run({ calls, context, caller, late, ...input } as ChainInput, signal);
    } catch (thrown) {
      signal?.throwIfAborted();
      // The gateway is too busy, and no plugin is to blame for that.
      if (thrown instanceof Fault && thrown.code === 'overloaded') throw thrown;
      return { reports: [unavailable(plugin.id, thrown instanceof Error ? thrown.message : String(thrown))] };
    }
  }

  /**
   * Writes the receipt of a call, and logs a failure.
   * @param denied the number of entries of a list that it denied
   */
  #record(plugin: PolicyPlugin, { on, method, hook, signal }: Asked, report: CallReport, denied = 0): void {
    const mode = counts(plugin) ? undefined : { mode: 'permissive' as const };
    const receipt = { ...report, hook, ...mode, ...(denied > 0 && { denied }) };
    on.receipts.add(receipt);
    const { recorder } = this.#options;
    if (recorder !== undefined) new Recording(recorder, on, method, signal).add(receipt, plugin);
    if (report.outcome !== 'failed') return;
    const { requestId: request, binding, upstream, tenant, trace } = on;
    const { cause, message } = report;
    const onError = counts(plugin) ? 'deny' : 'ignore';
    const ids = traceMembers(trace);
    const about = { plugin: plugin.id, hook, request, ...ids, binding, upstream, tenant, cause, on_error: onError };
    this.#failureWarning.write(`${plugin.id} ${cause}`, { ...about, reason: bounded(message) });
  }

  /** Returns why a report denies; undefined if it allows. */
  #denial({ id }: PolicyPlugin, report: CallReport): BlockData | undefined {
    if (report.outcome === 'proceed') return undefined;
    if (report.outcome === 'block') return this.#masked(violationData(id, report.violation));
    return failureData(id, report.outcome === 'failed' ? report.cause : 'invalid_output');
  }

  #masked(data: BlockData): BlockData {
    const { mask } = this.#options;
    return mask === undefined ? data : { ...mask.value(data), plugin: data.plugin };
  }
}

type Decided =
  | Pick<Extract<ChainInput, { stage: 'before' | 'decide' }>, 'stage' | 'value'>
  | Pick<Extract<ChainInput, { stage: 'decideMany' }>, 'stage' | 'value'>;

type Shown = { readonly request: Request } | { readonly why: string };

function show(method: CallMethod, params: JsonObject): Shown {
  try {
    return { request: requestViews[method].show(params, false) };
  } catch (thrown) {
    return { why: whyNotShowable(thrown) };
  }
}

/** Whether what a plugin decides counts. In permissive mode, denials and failures are only recorded. */
const counts = ({ mode }: PolicyPlugin): boolean => mode !== 'permissive';

/** Returns the report of a plugin whose decisions are only recorded and which would have left out an entry of a list. */
function wouldDeny(plugin: PolicyPlugin, { reports: [report], decisions }: ChainOutput): CallReport | undefined {
  if (counts(plugin) || report === undefined || report.outcome === 'failed') return undefined;
  const denied = decisions?.find(decision => decision.tag === 'deny');
  return denied && { ...report, outcome: 'block', violation: denied.val };
}

/** Returns why a plugin cannot be called; undefined if it can. */
function absenceOf(health: PluginHealth | undefined): string | undefined {
  if (health === undefined) return 'it is not loaded';
  return health.isHeldBack ? 'it keeps failing, so its calls are held back' : undefined;
}

const unavailable = (plugin: string, message: string): Failure => ({
  plugin,
  wallMs: 0,
  ...{ outcome: 'failed', cause: 'unavailable', message },
});

/** A call without a decision has failed, if it did not say so itself. */
const failed = (report: CallReport): CallReport =>
  report.outcome === 'failed' ? report : failure('invalid_output', report, 'it returned no decision');
