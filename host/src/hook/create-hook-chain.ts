import type { Response } from '../contract/generated/types.js';
import type { HookRunner } from '../contract/hook-call.ts';
import type { HookName } from '../contract/hook-name.ts';
import { bounded } from '../core/bounded.ts';
import type { JsonObject } from '../core/json.ts';
import type { Log } from '../core/log.ts';
import { RepeatedWarning } from '../core/repeated-warning.ts';
import type { SecretMask } from '../core/secret-mask.ts';
import { type CallMethod, type HookedMethod, methods, targetOf } from '../mcp/methods.ts';
import { failureData } from './block-data.ts';
import { contentTypesOf } from './content-types.ts';
import type { AfterOutcome, BlockData, CallSubject, HookChain, HookContext, HookedPlugin } from './hook-chain.ts';
import { refuse } from './invalid-output.ts';
import { OutputSchemas } from './output-schema.ts';
import { Plan } from './plan.ts';
import type { Receipt } from './receipt.ts';
import { runInOrder } from './run.ts';
import { type Failure, failure, whyNotShowable } from './run-hop.ts';
import { requestViews, responseView } from './view/views.ts';

interface HookChainOptions {
  readonly plugins: readonly HookedPlugin[];
  readonly runner: HookRunner;
  readonly log: Log;
  /** Masks secrets in a block that the client receives. */
  readonly mask?: SecretMask;
}

/** Creates a hook chain over a runner: the runner knows how to call plugins, the chain knows what outcomes mean. */
export function createHookChain({ plugins, runner, log, mask }: HookChainOptions): HookChain {
  const plan = new Plan(plugins);

  const warning = new RepeatedWarning(log, 'a plugin failed');
  /** Logs each failure with the details its author needs; of many similar ones, a few and their number. */
  const failedIn = (on: HookContext, hook: HookName) => (failure: Failure, plugin: HookedPlugin) => {
    const { cause, message } = failure;
    const { requestId: request, binding, upstream } = on;
    const about = { plugin: plugin.id, hook, request, binding, upstream, cause, on_error: plugin.onError[cause] };
    warning.write(`${plugin.id} ${cause}`, { ...about, reason: bounded(message) });
  };

  const outputSchemas = new OutputSchemas(log);

  const hide = ({ kind, data }: { kind: 'block'; data: BlockData }) => ({
    kind,
    data: mask === undefined ? data : { ...mask.value(data), plugin: data.plugin },
  });

  /**
   * Blocks a request because a plugin's answer violates the tool's output schema, which is known only after the before
   * hooks. There is no other result to continue with, so `on_error` does not apply.
   */
  const refuseAnswer = (on: HookContext, responder: Receipt, error: string): AfterOutcome => {
    const { plugin: id, hook } = responder;
    const failed = failure('invalid_output', responder, error);
    on.receipts.correct(responder, { ...failed, hook });
    const plugin = plan.plugins.find(each => each.id === id);
    if (plugin !== undefined) failedIn(on, hook)(failed, plugin);
    return { kind: 'block', data: failureData(id, failed.cause) };
  };

  return {
    get plugins() {
      return plan.plugins.filter(({ health }) => !health.isDisabled).map(({ id }) => id);
    },

    troubles: () => plan.plugins.flatMap(({ health }) => health.trouble ?? []),

    handles(stage: 'before' | 'after', method: HookedMethod, about?: CallSubject) {
      const hookPlan = plan.of(stage === 'after' ? afterHook(method) : beforeHook(method as CallMethod));
      return hookPlan?.isActive(hookPlan.isConditional ? about && { ...about, method } : undefined) ?? false;
    },

    async before(on, method, params, signal) {
      const hook = beforeHook(method);
      const hookPlan = plan.of(hook);
      if (hookPlan === undefined) return { kind: 'proceed', params };
      const done = await runInOrder(params, {
        ...{ on, hook, plan: hookPlan, runner, signal, failed: failedIn(on, hook) },
        view: requestViews[method],
        input: value => ({ stage: 'before', value }),
        about: value => ({ ...on, method, target: targetOf(method, value) }),
        answer: answer => takeAnswer(method, answer),
      });
      if (done.kind === 'respond') return { kind: 'respond', result: done.value };
      return done.kind === 'block' ? hide(done) : { kind: 'proceed', params: done.value };
    },

    async after(on, method, result, { signal, tool: name, outputSchema } = {}) {
      const hook = afterHook(method);
      const tool = outputSchema && { upstream: on.upstream, name, schema: outputSchema };
      const responder = tool && on.receipts.calls.find(({ outcome }) => outcome === 'respond');
      if (tool !== undefined && responder !== undefined) {
        const error = await outputSchemas.errorOf(tool, result);
        if (error !== undefined) return refuseAnswer(on, responder, error);
      }
      const hookPlan = plan.of(hook);
      if (hookPlan === undefined) return { kind: 'proceed', result };
      const done = await runInOrder(result, {
        ...{ on, hook, plan: hookPlan, runner, signal, failed: failedIn(on, hook) },
        view: responseView(method, result),
        input: value => ({ stage: 'after', value }),
        about: value => ({ ...on, method, contentTypes: () => contentTypesOf(value) }),
        answer: () => refuse('only a before hook can respond'),
        ...(tool !== undefined && {
          check: async (before: JsonObject, after: JsonObject) => {
            if (!isStructureChanged(before, after)) return;
            const error = await outputSchemas.errorOf(tool, after);
            if (error !== undefined) refuse(error);
          },
        }),
      });
      return done.kind === 'block' ? hide(done) : { kind: 'proceed', result: done.value };
    },

    show(plugin, result) {
      const seesBlobs = plugins.find(({ id }) => id === plugin)?.seesBlobs ?? false;
      try {
        return responseView('tools/call', result).show(result, seesBlobs);
      } catch (thrown) {
        whyNotShowable(thrown);
        return undefined;
      }
    },
  };
}

/** Returns the hook of a method at each stage. */
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
