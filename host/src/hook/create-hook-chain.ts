import type { Response } from '../contract/generated/types.js';
import type { FailureCause, HookRunner, Stage } from '../contract/hook-call.ts';
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
import { type Failure, invalidOutput, type WalkPlace, walk, whyNotShowable } from './run-chain.ts';
import { requestCodecs, responseCodec } from './view/views.ts';

interface HookChainOptions {
  readonly plugins: readonly HookedPlugin[];
  readonly runner: HookRunner;
  readonly log: Log;
  /** Hides secrets in what a block tells the client. */
  readonly mask?: SecretMask;
}

/** The hook chain over a runner: the runner knows how to call plugins, the chain knows what the outcomes mean. */
export function createHookChain({ plugins, runner, log, mask }: HookChainOptions): HookChain {
  let active = plugins.toSorted((a, b) => a.priority - b.priority);
  let byHook = groupByHook(active);
  const disabled = new Map<string, number>();

  function onFailure(plugin: HookedPlugin, { cause, message }: Failure): BlockData | undefined {
    const action = plugin.onError[cause];
    if (action === 'deny') return failureData(plugin.id, cause);
    if (action === 'disable' && active.includes(plugin)) {
      active = active.filter(other => other !== plugin);
      disabled.set(plugin.id, Date.now());
      byHook = groupByHook(active);
      log.error({ plugin: plugin.id, cause, message }, 'plugin disabled after a failure, as its on_error says');
    }
    return undefined;
  }

  const warning = new RepeatedWarning(log, 'a plugin failed');
  /** One line of each failure, with what its author needs; of many alike, few and their number. */
  function failed({ plugin, cause, message }: Failure, { on, hook }: WalkPlace) {
    const { requestId: request, binding, upstream } = on;
    const about = { plugin, hook, request, binding, upstream, cause, on_error: actionOf(plugin, cause) };
    warning.write(`${plugin} ${cause}`, { ...about, reason: bounded(message) });
  }
  const actionOf = (id: string, cause: FailureCause) => plugins.find(plugin => plugin.id === id)?.onError[cause];

  const told = new Set<string>();
  /** Logs once what of an output schema cannot be used. */
  const tellGaps = (on: HookContext, tool: string | undefined) => (schema: JsonObject) => {
    const gaps = outputSchemaGaps(schema);
    const key = JSON.stringify([on.upstream, tool, gaps]);
    if (gaps === undefined || told.has(key) || told.size >= mostTold) return;
    told.add(key);
    log.warn({ upstream: on.upstream, tool, gaps }, 'parts of an output schema cannot be used, and are not checked');
  };

  const hide = ({ kind, data }: { kind: 'block'; data: BlockData }) => ({
    kind,
    data: mask === undefined ? data : { ...mask.value(data), plugin: data.plugin },
  });

  return {
    get plugins() {
      return active.map(plugin => plugin.id);
    },

    troubles: () =>
      plugins.flatMap(({ id, breaker }) => {
        const since = disabled.get(id) ?? breaker?.openSince;
        return since === undefined ? [] : [{ plugin: id, state: disabled.has(id) ? 'disabled' : 'held_back', since }];
      }),

    handles: (stage: Stage, method: HookedMethod) =>
      byHook.has(stage === 'after' ? afterHook(method) : beforeHook(method as CallMethod)),

    async before(on, method, params, signal) {
      const hook = beforeHook(method);
      const walked = await walk(params, {
        ...{ on, hook, plugins: byHook.get(hook) ?? [], runner, signal, onFailure, failed },
        codec: requestCodecs[method],
        input: value => ({ stage: 'before', value }),
        answer: answer => takeAnswer(method, answer),
      });
      if (walked.kind === 'respond') return { kind: 'respond', result: walked.value };
      return walked.kind === 'block' ? hide(walked) : { kind: 'proceed', params: walked.value };
    },

    async after(on, method, result, { signal, tool, outputSchema } = {}) {
      const hook = afterHook(method);
      const data = outputSchema && (await refuseAnswer(on, outputSchema, tellGaps(on, tool), result));
      if (data !== undefined) {
        for (const { hook, ...report } of on.reports.slice(-1))
          if (report.outcome === 'failed') failed(report, { on, hook });
        return { kind: 'block', data };
      }
      const walked = await walk(result, {
        ...{ on, hook, plugins: byHook.get(hook) ?? [], runner, signal, onFailure, failed },
        codec: responseCodec(method, result),
        input: value => ({ stage: 'after', value }),
        answer: () => refuse('only a before hook can respond'),
        ...(outputSchema !== undefined && {
          check: (before: JsonObject, after: JsonObject) =>
            checkChange(outputSchema, tellGaps(on, tool), before, after),
        }),
      });
      return walked.kind === 'block' ? hide(walked) : { kind: 'proceed', result: walked.value };
    },

    show(plugin, result) {
      const seesBlobs = plugins.find(({ id }) => id === plugin)?.seesBlobs ?? false;
      try {
        return responseCodec('tools/call', result).show(result, seesBlobs);
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

function groupByHook(plugins: readonly HookedPlugin[]): ReadonlyMap<HookName, readonly HookedPlugin[]> {
  const groups = new Map<HookName, HookedPlugin[]>();
  for (const plugin of plugins) {
    for (const hook of plugin.hooks) groups.set(hook, [...(groups.get(hook) ?? []), plugin]);
  }
  return groups;
}

/** @throws InvalidOutput */
function takeAnswer(method: CallMethod, answer: Response): JsonObject {
  const { empty } = methods[method];
  const codec = responseCodec(method, empty);
  return codec.merge(empty, codec.show(empty, false), answer);
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
 * Data of a block when a plugin answered with what breaks the tool's output schema, which is known only after the
 * before hooks. There is nothing to go on with, whatever its `on_error` says.
 */
async function refuseAnswer(
  on: HookContext,
  schema: OutputSchemaLookup,
  used: (schema: JsonObject) => void,
  result: JsonObject,
): Promise<BlockData | undefined> {
  const place = on.reports.findLastIndex(report => report.outcome === 'respond');
  const responder = on.reports[place];
  if (responder === undefined || result.isError === true) return undefined;
  const error = await brokenBy(schema, used, result);
  if (error === undefined) return undefined;
  const { plugin, wallMs, hook } = responder;
  on.reports[place] = { ...invalidOutput(plugin, wallMs, error), hook };
  return failureData(plugin, 'invalid_output');
}
