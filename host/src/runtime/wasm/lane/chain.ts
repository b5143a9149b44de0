import { ContractBroken, LimitExceeded } from '../../../capability/lane/lane-side.ts';
import type { Decision, Response, Violation } from '../../../contract/generated/types.js';
import type {
  CallCost,
  CallFacts,
  CallReport,
  ChainInput,
  ChainOutput,
  ChangedValue,
  Stage,
} from '../../../contract/hook-call.ts';
import { type Effect, type EntryPoint, entryPoints } from '../../../contract/kinds.ts';
import type { ChainScope } from './call-scope.ts';
import { type Failure, failureOf, outOfMemory } from './failure.ts';
import { isThenable, type PluginInstance } from './instance.ts';
import type { InstancePool } from './instance-pool.ts';
import type { LanePlugin } from './message.ts';
import { weightOf } from './payload-limit.ts';

/** The result of any entry point. */
interface Outcome {
  readonly tag: string;
  readonly val?: unknown;
}

/** What the chains of a lane share. */
export interface ChainContext {
  readonly plugins: ReadonlyMap<string, LanePlugin>;
  readonly instances: Pick<InstancePool, 'lend' | 'giveBack' | 'discard'>;
  /**
   * Returns what a job has used of the thread's CPU; undefined in lanes where nothing waits, where that is all of its
   * time.
   */
  cpuMs(job: number): number | undefined;
  /** Called before each call, with the reading of `performance.now`, and after it. */
  enter(job: number, call: number, nowMs: number): void;
  leave(job: number): void;
}

/**
 * Runs the calls of one chain, passing the value from one to the next. It yields each promise that it waits for; its
 * driver passes in the value, or throws the rejection into it.
 */
export function* runChain(
  input: ChainInput,
  scope: ChainScope,
  context: ChainContext,
): Generator<PromiseLike<unknown>, ChainOutput, unknown> {
  const { instances } = context;
  const { job } = scope;
  const { tenant } = input.context;
  const reports: CallReport[] = [];
  let value: ChainInput['value'] = input.value;
  let weight = weightOf(value);
  let changed: ChangedValue | undefined;
  let answer: Response | undefined;
  let decisions: readonly Decision[] | undefined;
  let place = 0;
  let nowMs = performance.now();

  for (const call of input.calls) {
    const plugin = context.plugins.get(call.plugin);
    if (plugin === undefined) throw new Error(`plugin ${call.plugin} is not in this lane`);
    const open = scope.open(plugin);
    const beganMs = nowMs;
    const usedBefore = context.cpuMs(job);
    context.enter(job, place, beganMs);
    let result: CallResult;
    let stop = false;
    let lent: PluginInstance | undefined;
    let failure: Failure | undefined;
    let fuel: number | undefined;
    try {
      requireWeight('is shown', weight, plugin);
      const starting = instances.lend(plugin, tenant, open);
      const instance = isThenable(starting) ? ((yield starting) as PluginInstance) : starting;
      lent = instance;
      let outcome: unknown;
      try {
        const callContext: CallFacts = { ...input.context, deadlineMs: plugin.limits.timeoutMs };
        const { stage } = input;
        const returned = stage === 'configure' ? { tag: 'proceed' } : instance.call(stage, open, callContext, value);
        outcome = isThenable(returned) ? yield returned : returned;
        fuel = instance.fuelUsed;
      } catch (thrown) {
        fuel = instance.fuelUsed;
        failure = outOfMemory(failureOf(thrown), instance.grownTo, plugin.limits.memoryBytes);
        if (failure.declared && failure.cause !== 'limit') {
          lent = undefined;
          instances.giveBack(plugin, tenant, instance);
        }
        throw thrown;
      }
      lent = undefined;
      instances.giveBack(plugin, tenant, instance);
      const effect = effectOf(input.stage, outcome);
      const val = input.stage === 'decideMany' ? outcome : (outcome as Outcome | undefined)?.val;
      const answered = effect === 'proceed' && input.stage !== 'decideMany' ? 0 : weightOf(val);
      requireWeight('answers with', answered, plugin);
      if (effect === 'block') {
        result = { outcome: 'block', violation: val as Violation };
        stop = call.stopOnBlock;
      } else {
        result = { outcome: effect };
        if (effect === 'modified') {
          changed = val as ChangedValue;
          value = changed;
          weight = answered;
        } else if (effect === 'respond') {
          answer = val as Response;
          stop = true;
        } else if (input.stage === 'decideMany') decisions = val as Decision[];
      }
    } catch (thrown) {
      const { cause, message, declared } = failure ?? failureOf(thrown);
      result =
        declared && input.stage === 'configure'
          ? { outcome: 'block', violation: { code: 'CONFIG_REFUSED', reason: message, description: '' } }
          : { outcome: 'failed', cause, message };
      stop = call.stopOnFailure;
    } finally {
      // After anything but a declared result, and when the whole job is dropped while this call waits.
      if (lent !== undefined) instances.discard(plugin, lent);
      open.close();
      context.leave(job);
    }
    const used = context.cpuMs(job);
    nowMs = performance.now();
    reports.push({
      plugin: plugin.id,
      wallMs: nowMs - beganMs,
      ...(used !== undefined && usedBefore !== undefined && { cpuMs: used - usedBefore }),
      ...(open.hostCalls > 0 && { hostCalls: open.hostCalls }),
      ...(fuel !== undefined && { fuel }),
      ...result,
    });
    place += 1;
    if (stop) break;
  }

  const state = scope.changedState;
  return {
    reports,
    ...(changed !== undefined && { value: changed }),
    ...(answer !== undefined && { answer }),
    ...(decisions !== undefined && { decisions }),
    ...(state !== undefined && { state }),
  };
}

/**
 * Returns the effect of an outcome. Its content is checked where it is used, because a lane is not trusted to do that.
 * Decisions about several requests, and nothing, let the chain proceed.
 * @throws ContractBroken
 */
function effectOf(stage: Stage, outcome: unknown): Effect {
  if (stage === 'decideMany' || stage === 'postRegister' || stage === 'configure') return 'proceed';
  const { effects }: EntryPoint = entryPoints[stage];
  const tag = typeof outcome === 'object' && outcome !== null && 'tag' in outcome ? outcome.tag : undefined;
  const effect = typeof tag === 'string' && Object.hasOwn(effects, tag) ? effects[tag] : undefined;
  if (effect === undefined) throw new ContractBroken(`its outcome is not allowed by ${entryPoints[stage].function}`);
  return effect;
}

/** @throws LimitExceeded */
function requireWeight(what: string, weight: number, { limits }: LanePlugin): void {
  if (weight > limits.payloadBytes) {
    throw new LimitExceeded(
      `it ${what} ${weight} characters; limits.plugin.payload_bytes allows ${limits.payloadBytes}`,
    );
  }
}

/** A report without what the call cost. */
type CallResult = CallReport extends infer R
  ? R extends CallReport
    ? Omit<R, 'plugin' | keyof CallCost>
    : never
  : never;
