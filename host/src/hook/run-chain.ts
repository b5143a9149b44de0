import type { Request, Response } from '../contract/generated/types.js';
import type { CallReport, ChainInput, ChainOutput, HookCall, HookRunner } from '../contract/hook-call.ts';
import type { HookName } from '../contract/hook-name.ts';
import { Fault } from '../core/fault.ts';
import type { JsonObject } from '../core/json.ts';
import { notShowableData, violationData } from './block-data.ts';
import type { BlockData, HookContext, HookedPlugin } from './hook-chain.ts';
import { refuse } from './invalid-output.ts';
import { type Codec, NotShowable } from './view/view.ts';

export type Failure = Extract<CallReport, { outcome: 'failed' }>;

/** Where in the life of which request a walk is. */
export interface WalkPlace {
  readonly on: HookContext;
  readonly hook: HookName;
}

/** All that a walk needs to know beside the value that it takes along. */
export interface Walk<V extends Request | Response> extends WalkPlace {
  /** In the order in which they run; all have the hook. */
  readonly plugins: readonly HookedPlugin[];
  readonly runner: HookRunner;
  readonly signal: AbortSignal | undefined;
  readonly codec: Codec<V>;
  /** What a hop is asked to thread through its plugins. */
  input(shown: V): ChainInputValue;
  /** Data of a block when this failure must block, nothing when the request goes on. */
  onFailure(plugin: HookedPlugin, failure: Failure): BlockData | undefined;
  /** Tells of a failure, whatever follows from it. */
  failed(failure: Failure, at: WalkPlace): void;
  /** Takes an answer in place of the upstream's. @throws InvalidOutput */
  answer(answer: Response): JsonObject;
  /** A further look at a changed value. @throws InvalidOutput */
  check?(before: JsonObject, after: JsonObject): Promise<void>;
}

type ChainInputValue =
  | Pick<Extract<ChainInput, { stage: 'before' }>, 'stage' | 'value'>
  | Pick<Extract<ChainInput, { stage: 'after' }>, 'stage' | 'value'>;

export type Walked =
  | { readonly kind: 'proceed' | 'respond'; readonly value: JsonObject }
  | { readonly kind: 'block'; readonly data: BlockData };

/** Takes a value past all plugins, hop by hop. */
export async function walk<V extends Request | Response>(start: JsonObject, along: Walk<V>): Promise<Walked> {
  const { on, codec } = along;
  let value = start;
  let rest = along.plugins;
  for (let [first] = rest; first !== undefined; [first] = rest) {
    const plugins = nextHop(first, rest, () => codec.hasBlobs(value));
    let shown: V;
    try {
      shown = codec.show(value, first.seesBlobs);
    } catch (thrown) {
      return { kind: 'block', data: notShowableData(first.id, whyNotShowable(thrown)) };
    }
    const isHeldBack = first.breaker?.isOpen === true;
    const output = isHeldBack ? heldBack(first) : await hop(plugins, first, shown, along);
    if (output.state !== undefined) on.state = output.state;

    const taken = await takeOver(value, shown, output, along);
    if (!isHeldBack) tellBreakers(plugins, taken.reports);
    on.reports.push(...taken.reports.map(report => ({ ...report, hook: along.hook })));
    if (!isHeldBack) for (const report of taken.reports) if (report.outcome === 'failed') along.failed(report, along);
    const data = firstBlock(plugins, taken.reports, along);
    if (data !== undefined) return { kind: 'block', data };
    if (taken.answer !== undefined) return { kind: 'respond', value: taken.answer };
    value = taken.value;
    rest = rest.slice(taken.reports.length);
  }
  return { kind: 'proceed', value };
}

/**
 * The plugins that one hop may take together. They are shown the same, so it ends before a plugin that is shown bytes
 * when others are not. And where the invalid output of a plugin does not block, the value before it must be known:
 * such a plugin gets a hop of its own. So does one whose breaker is open, to be passed by.
 */
function nextHop(first: HookedPlugin, rest: readonly HookedPlugin[], hasBlobs: () => boolean): readonly HookedPlugin[] {
  if (first.onError.invalid_output !== 'deny' || first.breaker?.isOpen) return [first];
  const end = rest.findIndex(
    plugin =>
      plugin.onError.invalid_output !== 'deny' ||
      plugin.breaker?.isOpen === true ||
      (plugin.seesBlobs !== first.seesBlobs && hasBlobs()),
  );
  return end === -1 ? rest : rest.slice(0, end);
}

const heldBack = (plugin: HookedPlugin): ChainOutput => ({
  reports: [
    {
      plugin: plugin.id,
      wallMs: 0,
      outcome: 'failed',
      cause: 'unavailable',
      message: 'it keeps failing and is held back',
    },
  ],
});

function tellBreakers(plugins: readonly HookedPlugin[], reports: readonly CallReport[]): void {
  for (const [place, { outcome }] of reports.entries()) {
    if (outcome === 'failed') plugins[place]?.breaker?.failed();
    else plugins[place]?.breaker?.succeeded();
  }
}

/** Runs one hop. Whatever keeps it from running is a failure of its first plugin, so that each hop has a report. */
async function hop<V extends Request | Response>(
  plugins: readonly HookedPlugin[],
  first: HookedPlugin,
  shown: V,
  { on, runner, signal, input }: Walk<V>,
): Promise<ChainOutput> {
  const { requestId, binding, upstream, tenant, subject, state, caller, tools } = on;
  let message = 'it was not called';
  for (const plugin of plugins) plugin.breaker?.enter();
  try {
    const output = await runner.run(
      {
        calls: callsOf(plugins),
        context: {
          requestId,
          binding,
          upstream,
          ...(tenant !== undefined && { tenant }),
          ...(subject !== undefined && { subject }),
        },
        ...(state !== undefined && { state }),
        ...(caller !== undefined && { caller }),
        ...(tools !== undefined && { tools }),
        ...input(shown),
      },
      signal,
    );
    if (output.reports.length > 0) return output;
  } catch (thrown) {
    signal?.throwIfAborted();
    // The gateway is too busy, which no plugin is to blame for, and no on_error may turn into a pass.
    if (thrown instanceof Fault && thrown.code === 'overloaded') throw thrown;
    message = thrown instanceof Error ? thrown.message : String(thrown);
  }
  return { reports: [{ plugin: first.id, wallMs: 0, outcome: 'failed', cause: 'unavailable', message }] };
}

/** The same list for the same plugins, by which a lane knows it again. */
function callsOf(plugins: readonly HookedPlugin[]): readonly HookCall[] {
  const known = lists.get(plugins);
  if (known !== undefined) return known;
  const calls = plugins.map(({ id, onError }) => ({
    plugin: id,
    stopOnBlock: true,
    stopOnFailure: Object.values(onError).includes('deny'),
  }));
  lists.set(plugins, calls);
  return calls;
}
const lists = new WeakMap<readonly HookedPlugin[], readonly HookCall[]>();

interface Taken {
  readonly reports: readonly CallReport[];
  readonly value: JsonObject;
  readonly answer?: JsonObject;
}

/** The value after a hop. What cannot be taken over becomes a failure of the last plugin that changed or answered. */
async function takeOver<V extends Request | Response>(
  before: JsonObject,
  shown: V,
  { reports, value, answer }: ChainOutput,
  { codec, answer: takeAnswer, check }: Walk<V>,
): Promise<Taken> {
  let blamed = reports.findLastIndex(({ outcome }) => outcome === 'modified');
  try {
    let after = before;
    if (blamed !== -1) {
      after = codec.merge(before, shown, value ?? refuse('the changed value is missing'));
      await check?.(before, after);
    }
    const responded = reports.findLastIndex(({ outcome }) => outcome === 'respond');
    if (responded === -1) return { reports, value: after };
    blamed = responded;
    return { reports, value: after, answer: takeAnswer(answer ?? refuse('the answer is missing')) };
  } catch (thrown) {
    // Whatever fails here fails on what a plugin returned: its `on_error` decides, and not an error of the gateway's own.
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    const failed = reports.map((report, place) =>
      place === blamed ? invalidOutput(report.plugin, report.wallMs, message) : report,
    );
    return { reports: failed, value: before };
  }
}

export const invalidOutput = (plugin: string, wallMs: number, message: string): Failure => ({
  plugin,
  wallMs,
  outcome: 'failed',
  cause: 'invalid_output',
  message,
});

function firstBlock<V extends Request | Response>(
  plugins: readonly HookedPlugin[],
  reports: readonly CallReport[],
  { onFailure }: Walk<V>,
): BlockData | undefined {
  for (const [place, report] of reports.entries()) {
    const plugin = plugins[place];
    // Whoever reported it, its failure has nobody to decide it: the request must not go on.
    if (plugin === undefined) throw new Error(`a report of ${report.plugin}, which was not called`);
    if (report.outcome === 'block') return violationData(plugin.id, report.violation);
    const data = report.outcome === 'failed' ? onFailure(plugin, report) : undefined;
    if (data !== undefined) return data;
  }
  return undefined;
}

/**
 * JSON that is nested too deeply overflows the stack when it is written, which V8 reports as a RangeError.
 * @throws what was thrown, when it says something else
 */
export function whyNotShowable(thrown: unknown): string {
  if (thrown instanceof NotShowable) return thrown.message;
  if (thrown instanceof RangeError) return 'It is nested too deeply.';
  throw thrown;
}
