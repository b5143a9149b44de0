import type { CallReport, ChainedValue, RequestState } from '../contract/hook-call.ts';
import type { HookName } from '../contract/hook-name.ts';
import type { JsonObject } from '../core/json.ts';
import { notShowableReport } from './block-data.ts';
import type { HookContext, HookedPlugin } from './hook-chain.ts';
import type { Hop, Shadow } from './plan.ts';
import { changedPaths } from './record/changed-paths.ts';
import { requestMembers } from './record/named-members.ts';
import { call, type Run, type ShadowStarter, showTo, takeOver } from './run-hop.ts';

/** What a plugin in shadow would have done. */
export interface ShadowResult {
  readonly plugin: string;
  readonly hook: HookName;
  readonly on: HookContext;
  readonly report: CallReport;
  /** The JSON paths that it would have changed; never their contents. */
  readonly paths?: readonly string[];
}

/** Why a plugin in shadow was not called. */
export type DropReason = 'busy' | 'held_back' | 'unavailable';

/** Takes what plugins in shadow would have done. */
export interface ShadowRecorder {
  record(result: ShadowResult): void;
  dropped(plugin: HookedPlugin, hook: HookName, reason: DropReason): void;
}

/** The number of shadow calls under way at once. Beyond it, further ones are dropped. */
const mostUnderWay = 32;

/** What a plugin in shadow has kept during one request. No other plugin sees it. */
interface ShadowState {
  readonly local: ReadonlyMap<string, string>;
  readonly shared: ReadonlyMap<string, string>;
}

/**
 * Calls plugins in shadow, beside requests: it starts a call after the current turn of the event loop, and nothing waits
 * for it. A call gets a copy of the value, and what it returns is compared with the value and discarded. Each plugin sees
 * the state that the others had set, and what it set itself earlier in the same request.
 */
export class ShadowCalls implements ShadowStarter {
  readonly #recorder: ShadowRecorder;
  readonly #states = new WeakMap<HookContext, Map<string, Promise<ShadowState>>>();
  #underWay = 0;

  constructor(recorder: ShadowRecorder) {
    this.#recorder = recorder;
  }

  /** Starts the call of a plugin, unless too many are under way or its breaker holds it back. */
  start<V extends ChainedValue>({ plugin, hop }: Shadow, value: JsonObject, run: Run<V>): void {
    const { hook, on } = run;
    const { health, id } = plugin;
    const reason = health.isHeldBack ? 'held_back' : this.#underWay >= mostUnderWay ? 'busy' : undefined;
    if (reason !== undefined) {
      this.#recorder.dropped(plugin, hook, reason);
      return;
    }
    this.#underWay += 1;
    const states = this.#states.get(on) ?? new Map<string, Promise<ShadowState>>();
    this.#states.set(on, states);
    const earlier = states.get(id) ?? noState;
    // A copy, because the request continues. The plugin can call no tools, and headers that it sets are discarded.
    const { tools: _, ...same } = on;
    const beside = { ...same, upstreamRequest: on.upstreamRequest && { setHeader() {} } };
    const kept = nextTurn()
      .then(() => earlier)
      .then(own => this.#call(plugin, hop, value, { ...run, on: beside, signal: undefined, check: undefined }, own))
      .catch(() => {
        this.#recorder.dropped(plugin, hook, 'unavailable');
        return noState;
      })
      .finally(() => {
        this.#underWay -= 1;
      });
    states.set(id, kept);
  }

  /** Calls a plugin and records the difference. Returns what it has kept. @throws when it could not be called */
  async #call<V extends ChainedValue>(
    plugin: HookedPlugin,
    hop: Hop,
    value: JsonObject,
    run: Run<V>,
    own: ShadowState,
  ): Promise<ShadowState> {
    const { id, health } = plugin;
    const { on, hook } = run;
    const shown = showTo(plugin, value, run);
    if ('data' in shown) {
      this.#recorder.record({ plugin: id, hook, on, report: notShowableReport(id, shown.data.description) });
      return own;
    }
    const state = { local: new Map([[id, own.local]]), shared: new Map([...(on.state?.shared ?? []), ...own.shared]) };
    const output = await call(hop, plugin, shown.value, { ...run, on: { ...on, state } });
    const taken = await takeOver(value, shown.value, output, run);
    const [report] = taken.reports;
    if (report === undefined || (report.outcome === 'failed' && report.cause === 'unavailable')) {
      throw new Error('it could not be called');
    }
    if (report.outcome === 'failed') health.failed(report.cause);
    else health.succeeded();
    const paths = report.outcome === 'modified' ? pathsOf(value, taken.value) : undefined;
    this.#recorder.record({ plugin: id, hook, on, report, ...(paths !== undefined && { paths }) });
    const { value: after, answer } = taken;
    run.recording?.addShadow({ ...report, hook, mode: 'shadow' }, plugin, { before: value, after, answer });
    // While there is no room, the call counts as under way, and further ones are dropped.
    await run.recording?.room()?.catch(() => {});
    return stateAfter(id, own, state, output.state);
  }
}

const noState: ShadowState = { local: new Map(), shared: new Map() };

const nextTurn = () => new Promise<void>(resolve => setImmediate(resolve));

const pathsOf = (before: JsonObject, after: JsonObject) => changedPaths(before, after, requestMembers([])).paths;

/** Returns what a plugin has kept: its own state, and what it set for all since the request began. */
function stateAfter(plugin: string, own: ShadowState, before: RequestState, after?: RequestState): ShadowState {
  if (after === undefined) return own;
  const written = [...after.shared].filter(([key, value]) => before.shared.get(key) !== value);
  return { local: after.local.get(plugin) ?? own.local, shared: new Map([...own.shared, ...written]) };
}
