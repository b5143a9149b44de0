import type { Response } from '../contract/generated/types.js';
import type {
  CallCost,
  CallReport,
  ChainedValue,
  ChainInput,
  ChainOutput,
  FederationQuestion,
  HookRunner,
} from '../contract/hook-call.ts';
import type { HookName } from '../contract/hook-name.ts';
import type { Cancellation } from '../core/canceller.ts';
import { Fault } from '../core/fault.ts';
import type { JsonObject } from '../core/json.ts';
import { notShowableData } from './block-data.ts';
import type { HookSubject } from './condition.ts';
import type { BlockData, HookContext, HookedPlugin } from './hook-chain.ts';
import { refuse } from './invalid-output.ts';
import { judge } from './on-error.ts';
import type { HookPlan, Hop, Shadow } from './plan.ts';
import type { Recording, ValuesOfCall } from './record/recording.ts';
import { NotShowable, type View } from './view/view.ts';

export type Failure = Extract<CallReport, { outcome: 'failed' }>;

/** One pass of a value through the plugins of a hook. */
export interface Run<V extends ChainedValue> {
  readonly on: HookContext;
  readonly hook: HookName;
  readonly plan: HookPlan;
  readonly runner: HookRunner;
  readonly signal: Cancellation | undefined;
  readonly view: View<V>;
  /** Present if hook calls are recorded. Then each plugin has a hop of its own. */
  readonly recording?: Recording | undefined;
  /** Returns the stage with the value that the plugins of a hop see. */
  input(shown: V): HopInput;
  /** Calls the plugins in shadow. Without it, they are not called. */
  readonly shadows: ShadowStarter | undefined;
  /** Logs a failure, whatever its consequence. */
  failed(failure: Failure, plugin: HookedPlugin): void;
  /** Accepts an answer that replaces the upstream's. @throws InvalidOutput */
  answer(answer: Response): JsonObject;
  /** Returns what conditions look at, for the value as it is now. Required if the plan is conditional. */
  about?(value: JsonObject): HookSubject;
  /** Checks a changed value further. @throws InvalidOutput */
  readonly check?: ((before: JsonObject, after: JsonObject) => Promise<void>) | undefined;
}

/** Starts the call of a plugin in shadow, which nothing waits for. */
export interface ShadowStarter {
  start<V extends ChainedValue>(shadow: Shadow, value: JsonObject, run: Run<V>): void;
}

type HopInput =
  | Pick<Extract<ChainInput, { stage: 'before' | 'decide' }>, 'stage' | 'value'>
  | Pick<Extract<ChainInput, { stage: 'after' }>, 'stage' | 'value'>
  | FederationQuestion;

export type RunResult =
  | { readonly kind: 'proceed'; readonly value: JsonObject }
  /** The value that a plugin answered, and its answer. */
  | { readonly kind: 'respond'; readonly answered: JsonObject; readonly value: JsonObject }
  | { readonly kind: 'block'; readonly data: BlockData };

/** The result of one hop. `next` is the place of the first plugin after it. */
export type HopResult =
  | { readonly kind: 'proceed'; readonly value: JsonObject; readonly next: number }
  | Exclude<RunResult, { kind: 'proceed' }>;

/** Passes a value through the plugins of one hop, one after the other. */
export async function runHop<V extends ChainedValue>(value: JsonObject, hop: Hop, run: Run<V>): Promise<HopResult> {
  const first = firstOf(hop);
  const shown = showTo(first, value, run);
  if ('data' in shown) return shown;
  const { isHeldBack } = first.health;
  const output = isHeldBack ? heldBack(first) : await call(hop, first, shown.value, run);
  if (output.state !== undefined) run.on.state = output.state;

  const taken = await takeOver(value, shown.value, output, run);
  const values = run.recording && { before: value, after: taken.value, answer: taken.answer };
  const data = account(hop, taken.reports, isHeldBack, run, values);
  if (data !== undefined) return { kind: 'block', data };
  if (taken.answer !== undefined) return { kind: 'respond', answered: taken.value, value: taken.answer };
  return { kind: 'proceed', value: taken.value, next: (hop.places[taken.reports.length - 1] ?? Infinity) + 1 };
}

/** Returns the first plugin of a hop. */
export function firstOf({ plugins: [first] }: Hop): HookedPlugin {
  if (first === undefined) throw new Error('a hop without plugins');
  return first;
}

/** Returns the value as a plugin sees it, or the block that follows if it cannot be shown. */
export function showTo<V extends ChainedValue>(
  { id, seesBlobs }: HookedPlugin,
  value: JsonObject,
  { view }: Run<V>,
): { readonly value: V } | { readonly kind: 'block'; readonly data: BlockData } {
  try {
    return { value: view.show(value, seesBlobs) };
  } catch (thrown) {
    return { kind: 'block', data: notShowableData(id, whyNotShowable(thrown)) };
  }
}

/**
 * Writes the receipts of a hop and applies their consequences. Returns the data of the first block.
 * @param values for the record, if there is one
 */
export function account<V extends ChainedValue>(
  { plugins }: Hop,
  reports: readonly CallReport[],
  isHeldBack: boolean,
  { on, hook, failed, recording }: Run<V>,
  values?: ValuesOfCall,
): BlockData | undefined {
  let data: BlockData | undefined;
  for (const [place, report] of reports.entries()) {
    const plugin = plugins[place];
    // A report of an unknown plugin has no on_error, so the request must not continue.
    if (plugin === undefined) throw new Error(`a report for ${report.plugin}, which was not called`);
    const receipt = plugin.mode === 'permissive' ? { ...report, hook, mode: plugin.mode } : { ...report, hook };
    on.receipts.add(receipt, place === 0);
    recording?.add(receipt, plugin, values);
    if (!isHeldBack) {
      if (report.outcome !== 'failed') plugin.health.succeeded();
      else {
        plugin.health.failed(report.cause);
        failed(report, plugin);
      }
    }
    if (data !== undefined) continue;
    const verdict = judge(report, plugin);
    if (verdict.kind === 'block') data = verdict.data;
    if (verdict.kind === 'disable' && report.outcome === 'failed') plugin.health.disable(report.cause, report.message);
  }
  return data;
}

/** Returns the output of a plugin whose breaker is open. */
export const heldBack = ({ id }: HookedPlugin): ChainOutput =>
  unavailable(id, 'it keeps failing, so its calls are held back');

const unavailable = (plugin: string, message: string): ChainOutput => ({
  reports: [{ plugin, wallMs: 0, outcome: 'failed', cause: 'unavailable', message }],
});

/** Runs one hop. If it cannot run, its first plugin fails, so that each hop has a report. */
export async function call<V extends ChainedValue>(
  { plugins, calls }: Hop,
  first: HookedPlugin,
  shown: V,
  { on, runner, signal, input }: Run<V>,
): Promise<ChainOutput> {
  const { requestId, binding, upstream, tenant, subject, state, caller, tools, upstreamRequest } = on;
  // One shape for all requests, because spreading what is there costs more than members that are undefined.
  const context = { requestId, binding, upstream, tenant, subject };
  const { stage, value } = input(shown);
  for (const { health } of plugins) health.enter();
  try {
    const output = await runner.run(
      { calls, context, stage, value, state, caller, tools, upstreamRequest, late: on.receipts } as ChainInput,
      signal,
    );
    return output.reports.length > 0 ? output : unavailable(first.id, 'it was not called');
  } catch (thrown) {
    signal?.throwIfAborted();
    // The gateway is too busy. No plugin is to blame for that, and no on_error may let the request pass.
    if (thrown instanceof Fault && thrown.code === 'overloaded') throw thrown;
    return unavailable(first.id, thrown instanceof Error ? thrown.message : String(thrown));
  }
}

/** The reports and the value after a hop. */
export interface Taken {
  readonly reports: readonly CallReport[];
  readonly value: JsonObject;
  readonly answer?: JsonObject;
}

/**
 * Computes the value after a hop. Invalid output is a failure of the last plugin that changed the value or answered.
 */
export async function takeOver<V extends ChainedValue>(
  before: JsonObject,
  shown: V,
  { reports, value, answer }: ChainOutput,
  { view, answer: takeAnswer, check }: Run<V>,
): Promise<Taken> {
  let blamed = reports.findLastIndex(({ outcome }) => outcome === 'modified');
  try {
    let after = before;
    if (blamed !== -1) {
      after = view.merge(before, shown, value ?? refuse('the changed value is missing'));
      await check?.(before, after);
    }
    const responded = reports.findLastIndex(({ outcome }) => outcome === 'respond');
    if (responded === -1) return { reports, value: after };
    blamed = responded;
    return { reports, value: after, answer: takeAnswer(answer ?? refuse('the answer is missing')) };
  } catch (thrown) {
    // Any failure here is caused by a plugin's output, so its `on_error` decides; it is not an error of the gateway.
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    const failed = reports.map((report, place) =>
      place === blamed ? failure('invalid_output', report, message) : report,
    );
    return { reports: failed, value: before };
  }
}

/** Creates the failure of a plugin whose call itself was made and returned something. */
export const failure = (
  cause: 'invalid_output' | 'merge',
  { plugin, wallMs, cpuMs, hostCalls, fuel }: Pick<CallReport, 'plugin' | keyof CallCost>,
  message: string,
): Failure => ({
  plugin,
  wallMs,
  ...(cpuMs !== undefined && { cpuMs }),
  ...(hostCalls !== undefined && { hostCalls }),
  ...(fuel !== undefined && { fuel }),
  ...{ outcome: 'failed', cause, message },
});

/**
 * Returns why a value cannot be represented. JSON that is nested too deeply overflows the stack when it is serialized,
 * which V8 reports as a RangeError.
 * @throws what was thrown, when the value is not the reason
 */
export function whyNotShowable(thrown: unknown): string {
  if (thrown instanceof NotShowable) return thrown.message;
  if (thrown instanceof RangeError) return 'It is nested too deeply.';
  throw thrown;
}
