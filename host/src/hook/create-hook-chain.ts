import type { Request, Response } from '../contract/generated/types.js';
import type { HookRunner } from '../contract/hook-call.ts';
import type { HookName } from '../contract/hook-name.ts';
import { bounded } from '../core/bounded.ts';
import type { Cancellation } from '../core/canceller.ts';
import type { JsonObject } from '../core/json.ts';
import type { Log } from '../core/log.ts';
import { RepeatedWarning } from '../core/repeated-warning.ts';
import type { SecretMask } from '../core/secret-mask.ts';
import { traceMembers } from '../core/trace-ids.ts';
import { type CallMethod, type HookedMethod, methods, targetOf } from '../mcp/methods.ts';
import { failureData } from './block-data.ts';
import { contentTypesOf } from './content-types.ts';
import type {
  AfterOptions,
  AfterOutcome,
  BeforeOutcome,
  BlockData,
  CallSubject,
  HookChain,
  HookContext,
  HookedPlugin,
  Policy,
} from './hook-chain.ts';
import { refuse } from './invalid-output.ts';
import { OutputSchemas } from './output-schema.ts';
import { type HookPlan, Plan } from './plan.ts';
import type { Receipt, RecordedHook } from './receipt.ts';
import type { ReceiptRecorder } from './record/receipt-log.ts';
import { Recording } from './record/recording.ts';
import { runInOrder, showToAll } from './run.ts';
import { type Failure, failure, type Run, type ShadowStarter, whyNotShowable } from './run-hop.ts';
import { type ListedPage, UnmatchedNames } from './unmatched-names.ts';
import { requestViews, responseView } from './view/views.ts';

interface HookChainOptions {
  readonly plugins: readonly HookedPlugin[];
  readonly runner: HookRunner;
  readonly log: Log;
  /** Masks secrets in a block that the client receives. */
  readonly mask?: SecretMask;
  /** Calls the plugins in shadow. Required if there are any. */
  readonly shadows?: ShadowStarter;
  /** Records each hook call, if that is configured. */
  readonly recorder?: ReceiptRecorder | undefined;
  readonly policy?: Policy | undefined;
}

/** Creates a hook chain over a runner: the runner knows how to call plugins, the chain knows what outcomes mean. */
export const createHookChain = (options: HookChainOptions): HookChain => new PluginChain(options);

class PluginChain implements HookChain {
  readonly #options: HookChainOptions;
  readonly #plan: Plan;
  readonly #outputSchemas: OutputSchemas;
  readonly #failureWarning: RepeatedWarning;
  readonly #unmatched: UnmatchedNames<string>;

  constructor(options: HookChainOptions) {
    const { plugins, log, recorder } = options;
    this.#options = options;
    this.#plan = new Plan(plugins, recorder !== undefined);
    this.#outputSchemas = new OutputSchemas(log);
    const named = plugins.flatMap(({ id, named: names = [] }) => names.map(name => ({ ...name, owner: id })));
    this.#unmatched = new UnmatchedNames(named, ({ owner: plugin, ...about }) =>
      log.warn({ plugin, ...about }, 'conditions of a plugin name what no upstream lists: it is not called for them'),
    );
    this.#failureWarning = new RepeatedWarning(log, 'a plugin failed');
  }

  get plugins() {
    return this.#plan.plugins.filter(({ health }) => !health.isDisabled).map(({ id }) => id);
  }

  get isRecorded() {
    return this.#options.recorder !== undefined;
  }

  get policy() {
    return this.#options.policy;
  }

  troubles() {
    const policies = this.policy?.plugins ?? [];
    return [...this.#plan.plugins, ...policies].flatMap(({ health }) => health?.trouble ?? []);
  }

  dropped() {
    return this.#plan.plugins.flatMap(({ id, health: { dropped } }) =>
      dropped === 0 ? [] : [{ plugin: id, calls: dropped }],
    );
  }

  handles(stage: 'before' | 'after', method: HookedMethod, about?: CallSubject): boolean {
    const plan = this.#plan.of(hookOf(stage, method));
    return plan?.isActive(plan.isConditional ? about && { ...about, method } : undefined) ?? false;
  }

  isShadowed(stage: 'before' | 'after', method: HookedMethod, about?: CallSubject): boolean {
    if (!this.#plan.isShadowed) return false;
    const plan = this.#plan.of(hookOf(stage, method));
    return plan?.isShadowed(plan.isConditional ? about && { ...about, method } : undefined) ?? false;
  }

  async before(on: HookContext, method: CallMethod, params: JsonObject, signal?: Cancellation): Promise<BeforeOutcome> {
    const plan = this.#plan.of(beforeHook(method));
    if (plan === undefined) return { kind: 'proceed', params };
    const done = await runInOrder(params, this.#beforeRun(on, method, plan, signal));
    if (done.kind === 'respond') return { kind: 'respond', params: done.answered, result: done.value };
    return done.kind === 'block' ? this.#hide(done) : { kind: 'proceed', params: done.value };
  }

  async after(
    on: HookContext,
    method: HookedMethod,
    result: JsonObject,
    { signal, tool: name, outputSchema }: AfterOptions = {},
  ): Promise<AfterOutcome> {
    const tool = outputSchema && { upstream: on.upstream, name, schema: outputSchema };
    const responder = tool && on.receipts.calls.find(({ outcome }) => outcome === 'respond');
    if (tool !== undefined && responder !== undefined) {
      const error = await this.#outputSchemas.errorOf(tool, result);
      if (error !== undefined) return this.#refuseAnswer(on, responder, error);
    }
    const plan = this.#plan.of(afterHook(method));
    if (plan === undefined) return { kind: 'proceed', result };
    const check =
      tool &&
      (async (before: JsonObject, after: JsonObject) => {
        if (!isStructureChanged(before, after)) return;
        const error = await this.#outputSchemas.errorOf(tool, after);
        if (error !== undefined) refuse(error);
      });
    const done = await runInOrder(result, this.#afterRun(on, method, plan, result, signal, check));
    return done.kind === 'block' ? this.#hide(done) : { kind: 'proceed', result: done.value };
  }

  shadowBefore(on: HookContext, method: CallMethod, params: JsonObject): void {
    const plan = this.#plan.of(beforeHook(method));
    if (plan !== undefined) showToAll(params, this.#beforeRun(on, method, plan));
  }

  shadowAfter(on: HookContext, method: HookedMethod, read: () => JsonObject): void {
    const plan = this.#plan.of(afterHook(method));
    if (plan === undefined) return;
    setImmediate(() => {
      let result: JsonObject;
      try {
        result = read();
      } catch {
        // It is no value that a plugin could be shown.
        return;
      }
      showToAll(result, this.#afterRun(on, method, plan, result));
    });
  }

  get looksAtLists() {
    return this.#unmatched.isLooking;
  }

  listed(page: ListedPage): void {
    this.#unmatched.listed(page);
  }

  show(plugin: string, result: JsonObject): Response | undefined {
    const seesBlobs = this.#options.plugins.find(({ id }) => id === plugin)?.seesBlobs ?? false;
    try {
      return responseView('tools/call', result).show(result, seesBlobs);
    } catch (thrown) {
      whyNotShowable(thrown);
      return undefined;
    }
  }

  #beforeRun(on: HookContext, method: CallMethod, plan: HookPlan, signal?: Cancellation): Run<Request> {
    const hook = beforeHook(method);
    const { runner, shadows } = this.#options;
    return {
      ...{ on, hook, plan, runner, signal, shadows },
      recording: this.#recordingOf(on, method, signal),
      failed: this.#failedIn(on, hook),
      view: requestViews[method],
      input: beforeInput,
      about: value => ({ ...on, method, target: targetOf(method, value) }),
      answer: answer => takeAnswer(method, answer),
    };
  }

  #afterRun(
    on: HookContext,
    method: HookedMethod,
    plan: HookPlan,
    result: JsonObject,
    signal?: Cancellation,
    check?: Run<Response>['check'],
  ): Run<Response> {
    const hook = afterHook(method);
    const { runner, shadows } = this.#options;
    return {
      ...{ on, hook, plan, runner, signal, shadows, check },
      recording: this.#recordingOf(on, method, signal),
      failed: this.#failedIn(on, hook),
      view: responseView(method, result),
      input: afterInput,
      about: value => ({ ...on, method, contentTypes: () => contentTypesOf(value) }),
      answer: noAnswer,
    };
  }

  #recordingOf(on: HookContext, method: HookedMethod, signal: Cancellation | undefined): Recording | undefined {
    const { recorder } = this.#options;
    return recorder && new Recording(recorder, on, method, signal);
  }

  /** Logs each failure with the details its author needs; of many similar ones, a few and their number. */
  #failedIn(on: HookContext, hook: RecordedHook) {
    return (failed: Failure, plugin: HookedPlugin): void => {
      const { cause, message } = failed;
      const { requestId: request, binding, upstream, tenant, trace } = on;
      const about = {
        plugin: plugin.id,
        hook,
        request,
        ...traceMembers(trace),
        binding,
        upstream,
        tenant,
        cause,
        on_error: plugin.onError[cause],
      };
      this.#failureWarning.write(`${plugin.id} ${cause}`, { ...about, reason: bounded(message) });
    };
  }

  /**
   * Blocks a request because a plugin's answer violates the tool's output schema, which is known only after the before
   * hooks. There is no other result to continue with, so `on_error` does not apply.
   */
  #refuseAnswer(on: HookContext, responder: Receipt, error: string): AfterOutcome {
    const { plugin: id, hook } = responder;
    const failed = failure('invalid_output', responder, error);
    const receipt = { ...failed, hook };
    on.receipts.correct(responder, receipt);
    const plugin = this.#plan.plugins.find(each => each.id === id);
    this.#recordingOf(on, 'tools/call', undefined)?.correct(responder, receipt, plugin ?? {});
    if (plugin !== undefined) this.#failedIn(on, hook)(failed, plugin);
    return { kind: 'block', data: failureData(id, failed.cause) };
  }

  #hide({ kind, data }: { kind: 'block'; data: BlockData }) {
    const { mask } = this.#options;
    return { kind, data: mask === undefined ? data : { ...mask.value(data), plugin: data.plugin } };
  }
}

const beforeInput: Run<Request>['input'] = value => ({ stage: 'before', value });
const afterInput: Run<Response>['input'] = value => ({ stage: 'after', value });
const noAnswer = () => refuse('only a before hook can respond');

/** Returns the hook of a method at each stage. */
const hookOf = (stage: 'before' | 'after', method: HookedMethod): HookName =>
  stage === 'after' ? afterHook(method) : beforeHook(method as CallMethod);
const beforeHook = (method: CallMethod): HookName => methods[method].before;
const afterHook = (method: HookedMethod): HookName => methods[method].after;

/** @throws InvalidOutput */
function takeAnswer(method: CallMethod, answer: Response): JsonObject {
  const { empty } = methods[method];
  const view = responseView(method, empty);
  return view.merge(empty, view.show(empty, false), answer);
}

/** Whether a change affects what an output schema describes. An error need not match it. */
const isStructureChanged = (before: JsonObject, after: JsonObject): boolean =>
  after.isError !== true && (after.structuredContent !== before.structuredContent || before.isError === true);
