import { ContractBroken, LimitExceeded } from '../../../capability/lane/lane-side.ts';
import type { CallContext, Request, Response, Violation } from '../../../contract/generated/types.js';
import type { CallReport, ChainInput, ChainOutput, Stage } from '../../../contract/hook-call.ts';
import { type Effect, type EntryPoint, entryPoints } from '../../../contract/kinds.ts';
import type { CallScope } from './call-scope.ts';
import { type Failure, failureOf, outOfMemory } from './failure.ts';
import type { Instance } from './instance.ts';
import type { LanePlugin } from './message.ts';
import type { OpenScope } from './open-scope.ts';
import { weightOf } from './payload.ts';

/** An outcome of any entry point. */
interface Outcome {
  readonly tag: string;
  readonly val?: unknown;
}

/** What a chain needs of its lane: instances that are lent for one call. */
export interface InstanceSupply {
  readonly plugins: ReadonlyMap<string, LanePlugin>;
  /** An instance that nobody uses, started when there is none. A step, like the hook call itself. */
  lend(plugin: LanePlugin, tenant: string | undefined, scope: OpenScope): Instance | PromiseLike<Instance>;
  giveBack(plugin: LanePlugin, tenant: string | undefined, instance: Instance): void;
  /** It is not to serve again. */
  discard(plugin: LanePlugin, instance: Instance): void;
  /** What this job has used of the thread; undefined in lanes where nothing waits, and that is all of its time. */
  cpuMs(): number | undefined;
  /** Called before and after each call, for the watchdog. */
  enter(call: number): void;
  leave(): void;
}

/**
 * Runs the calls of one chain, threading the value through them. It yields each step that may answer later; its
 * driver gives back the value, or throws into it, at once (pure lanes) or when it has come (lanes with JSPI).
 */
export function* runChain(
  input: ChainInput,
  scope: CallScope,
  supply: InstanceSupply,
): Generator<unknown, ChainOutput, unknown> {
  const reports: CallReport[] = [];
  let value: Request | Response = input.value;
  let weight = weightOf(value);
  let changed = false;
  let answer: Response | undefined;

  for (const [index, call] of input.calls.entries()) {
    const plugin = supply.plugins.get(call.plugin);
    if (plugin === undefined) throw new Error(`plugin ${call.plugin} is not in this lane`);
    const open = scope.open(plugin.id, plugin.limits);
    const began = performance.now();
    const usedBefore = supply.cpuMs();
    const report = (rest: ReportRest) => {
      const used = supply.cpuMs();
      reports.push({
        plugin: plugin.id,
        wallMs: performance.now() - began,
        ...(used === undefined || usedBefore === undefined ? {} : { cpuMs: used - usedBefore }),
        ...(open.asks === 0 ? {} : { hostCalls: open.asks }),
        ...rest,
      });
    };
    supply.enter(index);
    let stop = false;
    let lent: Instance | undefined;
    let failure: Failure | undefined;
    try {
      const { tenant } = input.context;
      requireWeight('is shown', weight, plugin);
      const instance = (yield supply.lend(plugin, tenant, open)) as Instance;
      lent = instance;
      const context: CallContext = { ...input.context, deadlineMs: plugin.limits.timeoutMs };
      let outcome: Outcome;
      try {
        outcome = (yield instance.call(input.stage, open, context, value)) as Outcome;
      } catch (thrown) {
        failure = outOfMemory(failureOf(thrown), instance.grownTo, plugin.limits.memoryBytes);
        if (failure.declared && failure.cause !== 'limit') {
          lent = undefined;
          supply.giveBack(plugin, tenant, instance);
        }
        throw thrown;
      }
      lent = undefined;
      supply.giveBack(plugin, tenant, instance);
      const effect = effectOf(input.stage, outcome);
      const answered = effect === 'proceed' ? 0 : weightOf(outcome.val);
      requireWeight('answers with', answered, plugin);
      if (effect === 'block') {
        report({ outcome: 'block', violation: outcome.val as Violation });
        stop = call.stopOnBlock;
      } else {
        report({ outcome: effect });
        if (effect === 'modified') {
          value = outcome.val as Request | Response;
          weight = answered;
          changed = true;
        } else if (effect === 'respond') {
          answer = outcome.val as Response;
          stop = true;
        }
      }
    } catch (thrown) {
      const { cause, message } = failure ?? failureOf(thrown);
      report({ outcome: 'failed', cause, message });
      stop = call.stopOnFailure;
    } finally {
      // After anything but a declared result, and when the whole job is dropped while this call waits.
      if (lent !== undefined) supply.discard(plugin, lent);
      open.close();
      supply.leave();
    }
    if (stop) break;
  }

  const state = scope.changedState;
  return {
    reports,
    ...(changed ? { value } : {}),
    ...(answer === undefined ? {} : { answer }),
    ...(state === undefined ? {} : { state }),
  };
}

/**
 * What an outcome means. What it holds is checked where it is used: a lane is not trusted to do that.
 * @throws ContractBroken
 */
function effectOf(stage: Stage, outcome: unknown): Effect {
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

type ReportRest = CallReport extends infer R
  ? R extends CallReport
    ? Omit<R, 'plugin' | 'wallMs' | 'cpuMs' | 'hostCalls'>
    : never
  : never;
