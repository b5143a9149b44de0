import type { Response } from '../contract/generated/types.js';
import type { HookRunner } from '../contract/hook-call.ts';
import type { HookName } from '../contract/hook-name.ts';
import { bounded } from '../core/bounded.ts';
import type { JsonObject } from '../core/json.ts';
import type { Log } from '../core/log.ts';
import { RepeatedWarning } from '../core/repeated-warning.ts';
import type { SecretMask } from '../core/secret-mask.ts';
import { type CallMethod, type HookedMethod, methods } from '../mcp/methods.ts';
import { failureData } from './block-data.ts';
import type { BlockData, HookChain, HookContext, HookedPlugin, OutputSchemaLookup } from './hook-chain.ts';
import { refuse } from './invalid-output.ts';
import { outputSchemaError, outputSchemaGaps } from './output-schema.ts';
import { Plan } from './plan.ts';
import { type Failure, invalidOutput, runInOrder, whyNotShowable } from './run.ts';
import { requestViews, responseView } from './view/views.ts';

interface HookChainOptions {
  readonly plugins: readonly HookedPlugin[];
  readonly runner: HookRunner;
  readonly log: Log;
  /** Hides secrets in what a block tells the client. */
  readonly mask?: SecretMask;
}

/** Makes the hook chain over a runner: the runner knows how to call plugins, the chain knows what the outcomes mean. */
export function createHookChain({ plugins, runner, log, mask }: HookChainOptions): HookChain {
  const plan = new Plan(plugins);

  const warning = new RepeatedWarning(log, 'a plugin failed');
  /** Logs a line of each failure, with what its author needs; of many alike, few and their number. */
  const failedIn = (on: HookContext, hook: HookName) => (failure: Failure, plugin: HookedPlugin) => {
    const { cause, message } = failure;
    const { requestId: request, binding, upstream } = on;
    const about = { plugin: plugin.id, hook, request, binding, upstream, cause, on_error: plugin.onError[cause] };
    warning.write(`${plugin.id} ${cause}`, { ...about, reason: bounded(message) });
  };

  const told = new Set<string>();
  /** Logs once what of an output schema cannot be used. */
  const tellGaps = (on: HookContext, tool: string | undefined) => (schema: JsonObject) => {
    const gaps = outputSchemaGaps(schema);
    const key = JSON.stringify([on.upstream, tool, gaps]);
    if (gaps === undefined || told.has(key) || told.size >= mostTold) return;
    told.add(key);
    log.warn({ upstream: on.upstream, tool, gaps }, 'parts of an output schema cannot be used and are not checked');
  };

  const hide = ({ kind, data }: { kind: 'block'; data: BlockData }) => ({
    kind,
    data: mask === undefined ? data : { ...mask.value(data), plugin: data.plugin },
  });

  return {
    get plugins() {
      return plan.plugins.filter(({ health }) => !health.isDisabled).map(({ id }) => id);
    },

    troubles: () => plan.plugins.flatMap(({ health }) => health.trouble ?? []),

    handles: (stage: 'before' | 'after', method: HookedMethod) =>
      plan.of(stage === 'after' ? afterHook(method) : beforeHook(method as CallMethod))?.isActive ?? false,

    async before(on, method, params, signal) {
      const hook = beforeHook(method);
      const hookPlan = plan.of(hook);
      if (hookPlan === undefined) return { kind: 'proceed', params };
      const done = await runInOrder(params, {
        ...{ on, hook, plan: hookPlan, runner, signal, failed: failedIn(on, hook) },
        view: requestViews[method],
        input: value => ({ stage: 'before', value }),
        answer: answer => takeAnswer(method, answer),
      });
      if (done.kind === 'respond') return { kind: 'respond', result: done.value };
      return done.kind === 'block' ? hide(done) : { kind: 'proceed', params: done.value };
    },

    async after(on, method, result, { signal, tool, outputSchema } = {}) {
      const hook = afterHook(method);
      const refused = outputSchema && (await refuseAnswer(on, outputSchema, tellGaps(on, tool), result));
      if (refused !== undefined) {
        const plugin = plan.plugins.find(({ id }) => id === refused.plugin);
        if (plugin !== undefined) failedIn(on, refused.hook)(refused, plugin);
        return { kind: 'block', data: failureData(refused.plugin, refused.cause) };
      }
      const hookPlan = plan.of(hook);
      if (hookPlan === undefined) return { kind: 'proceed', result };
      const done = await runInOrder(result, {
        ...{ on, hook, plan: hookPlan, runner, signal, failed: failedIn(on, hook) },
        view: responseView(method, result),
        input: value => ({ stage: 'after', value }),
        answer: () => refuse('only a before hook can respond'),
        ...(outputSchema !== undefined && {
          check: (before: JsonObject, after: JsonObject) =>
            checkChange(outputSchema, tellGaps(on, tool), before, after),
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

/** Different warnings about output schemas that a chain logs: an upstream may state any number of tools. */
const mostTold = 1_000;

/** The hook of a method, at each stage. */
const beforeHook = (method: CallMethod): HookName => methods[method].before;
const afterHook = (method: HookedMethod): HookName => methods[method].after;

/** @throws InvalidOutput */
function takeAnswer(method: CallMethod, answer: Response): JsonObject {
  const { empty } = methods[method];
  const view = responseView(method, empty);
  return view.merge(empty, view.show(empty, false), answer);
}

/** @throws InvalidOutput when the change makes a tool's result break its output schema; an error need not fit it */
async function checkChange(
  schema: OutputSchemaLookup,
  used: (schema: JsonObject) => void,
  before: JsonObject,
  after: JsonObject,
): Promise<void> {
  if (after.isError === true) return;
  if (after.structuredContent === before.structuredContent && before.isError !== true) return;
  const error = await brokenBy(schema, used, after);
  if (error !== undefined) refuse(error);
}

/** How a result breaks the tool's output schema, also the one that the upstream states now. */
async function brokenBy(
  schemaOf: OutputSchemaLookup,
  used: (schema: JsonObject) => void,
  { structuredContent }: JsonObject,
): Promise<string | undefined> {
  let error: string | undefined;
  for (const again of [false, true]) {
    const schema = await schemaOf(again);
    if (schema === undefined) return undefined;
    error = outputSchemaError(schema, structuredContent);
    used(schema);
    if (error === undefined) return undefined;
  }
  return error;
}

/**
 * The failure of a plugin that answered with a result that breaks the tool's output schema, which is known only after the
 * before hooks. No other result exists, so the request is blocked whatever the plugin's `on_error` says.
 */
async function refuseAnswer(
  on: HookContext,
  schema: OutputSchemaLookup,
  used: (schema: JsonObject) => void,
  result: JsonObject,
): Promise<(Failure & { readonly hook: HookName }) | undefined> {
  const place = on.reports.findLastIndex(report => report.outcome === 'respond');
  const responder = on.reports[place];
  if (responder === undefined || result.isError === true) return undefined;
  const error = await brokenBy(schema, used, result);
  if (error === undefined) return undefined;
  const { plugin, wallMs, hook } = responder;
  const failure = { ...invalidOutput(plugin, wallMs, error), hook };
  on.reports[place] = failure;
  return failure;
}
