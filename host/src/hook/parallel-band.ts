import type { CallReport, ChainedValue, RequestState, SetHeader } from '../contract/hook-call.ts';
import type { JsonObject } from '../core/json.ts';
import type { HookedPlugin } from './hook-chain.ts';
import { type Conflict, mergeChanges } from './merge-parallel-changes.ts';
import { mergeStates, sharedConflicts } from './merge-parallel-state.ts';
import type { Hop } from './plan.ts';
import {
  account,
  call,
  failure,
  firstOf,
  type HopResult,
  heldBack,
  type Run,
  showTo,
  type Taken,
  takeOver,
} from './run-hop.ts';

/** A plugin of a band after its call. */
interface Member extends Omit<Taken, 'reports'> {
  readonly hop: Hop;
  readonly plugin: HookedPlugin;
  readonly isHeldBack: boolean;
  readonly report: CallReport;
  readonly state: RequestState | undefined;
  /** The headers that it set for the request to the upstream. */
  readonly headers: readonly SetHeader[];
}

/**
 * Calls the plugins of a band at the same time, each with the same value, and merges their changes. Waits for all of them,
 * also if one blocks, so that the result does not depend on which is faster.
 */
export async function runBand<V extends ChainedValue>(
  value: JsonObject,
  band: readonly Hop[],
  run: Run<V>,
): Promise<HopResult> {
  const shown = new Map<boolean, V>();
  for (const hop of band) {
    const plugin = firstOf(hop);
    if (shown.has(plugin.seesBlobs)) continue;
    const view = showTo(plugin, value, run);
    if ('data' in view) return view;
    shown.set(plugin.seesBlobs, view.value);
  }
  const calls = band.map(hop => callMember(hop, value, shown, run));
  const members = await allOf(value, calls, run);
  const merged = await mergeMembers(value, members, run);
  if (merged.state !== undefined) run.on.state = merged.state;
  return conclude(value, members, merged, run);
}

/** Writes the receipts in order. Returns the first block, otherwise the first answer, otherwise the merged value. */
function conclude<V extends ChainedValue>(
  before: JsonObject,
  members: readonly Member[],
  { reports, value }: MergedMembers,
  run: Run<V>,
): HopResult {
  let block: HopResult | undefined;
  let response: HopResult | undefined;
  let next = 0;
  for (const [place, { hop, isHeldBack, headers, value: after, answer }] of members.entries()) {
    const own = reports.slice(place, place + 1);
    for (const header of headers) run.on.upstreamRequest?.setHeader(header);
    const values = run.recording && { before, after, answer };
    const data = account(hop, own, isHeldBack, run, values);
    if (data !== undefined) block ??= { kind: 'block', data };
    if (answer !== undefined && own[0]?.outcome === 'respond')
      response ??= { kind: 'respond', answered: after, value: answer };
    next = (hop.places[0] ?? Infinity) + 1;
  }
  return block ?? response ?? { kind: 'proceed', value, next };
}

/** Calls one plugin. The headers it sets are held back, because their order must not depend on which plugin is faster. */
async function callMember<V extends ChainedValue>(
  hop: Hop,
  value: JsonObject,
  views: ReadonlyMap<boolean, V>,
  run: Run<V>,
): Promise<Member> {
  const plugin = firstOf(hop);
  const shown = views.get(plugin.seesBlobs);
  if (shown === undefined) throw new Error(`${plugin.id} was shown nothing`);
  const { isHeldBack } = plugin.health;
  const headers: SetHeader[] = [];
  const upstreamRequest = run.on.upstreamRequest && { setHeader: (header: SetHeader) => void headers.push(header) };
  const own = { ...run, on: { ...run.on, upstreamRequest } };
  const output = isHeldBack ? heldBack(plugin) : await call(hop, plugin, shown, own);
  const { reports, ...taken } = await takeOver(value, shown, output, run);
  const [report] = reports;
  if (report === undefined) throw new Error(`no report for ${plugin.id}`);
  return { ...taken, hop, plugin, isHeldBack, report, headers, state: output.state };
}

/** Waits for all calls. If one was not made, the others still get their receipts. @throws why it was not made */
async function allOf<V extends ChainedValue>(before: JsonObject, calls: readonly Promise<Member>[], run: Run<V>) {
  const settled = await Promise.allSettled(calls);
  const members = settled.flatMap(each => (each.status === 'fulfilled' ? each.value : []));
  const rejected = settled.find(each => each.status === 'rejected');
  if (rejected === undefined) return members;
  for (const { hop, report, isHeldBack, value: after, answer } of members) {
    account(hop, [report], isHeldBack, run, { before, after, answer });
  }
  throw rejected.reason;
}

interface MergedMembers {
  readonly reports: readonly CallReport[];
  readonly value: JsonObject;
  readonly state: RequestState | undefined;
}

/** Merges what the plugins of a band changed. Those whose changes conflict fail, and their changes are left out. */
async function mergeMembers<V extends ChainedValue>(
  before: JsonObject,
  members: readonly Member[],
  { on, check }: Run<V>,
): Promise<MergedMembers> {
  const states = members.map(({ plugin, state, report }) => ({
    plugin: plugin.id,
    state,
    isShared: report.outcome !== 'failed',
  }));
  const versions = members.map(({ value }) => value);
  const changes = mergeChanges(before, versions);
  const failures = messagesOf(changes.conflicts, sharedConflicts(on.state, states), members);
  const kept = versions.map((version, index) => (failures.has(index) ? before : version));
  let value = failures.size === changes.conflicts.size ? changes.value : mergeChanges(before, kept).value;
  const error = kept.filter(version => version !== before).length < 2 ? undefined : await errorOf(before, value, check);
  if (error !== undefined) {
    value = before;
    for (const [index, version] of kept.entries()) {
      if (version !== before) failures.set(index, `together with the other changes of its band: ${error}`);
    }
  }
  const reports = members.map(({ report }, index) => {
    const message = failures.get(index);
    // A block stays a block, because `on_error` must not be a way around it.
    if (message === undefined || report.outcome === 'block' || report.outcome === 'failed') return report;
    return failure('merge', report, message);
  });
  return { reports, value, state: mergeStates(on.state, states, index => !failures.has(index)) };
}

/** Describes the conflict of each plugin that has one, by its index. */
function messagesOf(
  changes: ReadonlyMap<number, Conflict>,
  shared: ReadonlyMap<number, Conflict>,
  members: readonly Member[],
): Map<number, string> {
  const messages = new Map<number, string>();
  for (const [what, conflicts] of [['the shared state ', shared] as const, ['', changes] as const]) {
    for (const [own, { path, versions }] of conflicts) {
      const others = versions.filter(index => index !== own).map(index => members[index]?.plugin.id);
      messages.set(own, `it changed ${what}${path}, which ${others.join(', ')} changed at the same time`);
    }
  }
  return messages;
}

/** Returns why a merged value is invalid, though each change alone is valid. */
async function errorOf(
  before: JsonObject,
  after: JsonObject,
  check: Run<ChainedValue>['check'],
): Promise<string | undefined> {
  try {
    await check?.(before, after);
    return undefined;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}
