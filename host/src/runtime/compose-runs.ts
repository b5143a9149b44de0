import type { CallReport, ChainInput, ChainOutput, HookCall, HookRunner } from '../contract/hook-call.ts';

/**
 * Composes the run of a chain from runs in several pools: one for each stretch of consecutive plugins that share a pool.
 * Each takes the value that the one before it returned.
 * @param poolOf returns the pool of a plugin, by id
 */
export function composeRuns(poolOf: PoolOf): HookRunner['run'] {
  // Requests share their lists of calls, and a pool recognizes a list by its identity.
  const known = new WeakMap<readonly HookCall[], readonly Segment[]>();
  return (input, signal) => {
    let segments = known.get(input.calls);
    if (segments === undefined) {
      segments = segmentsOf(input.calls, poolOf);
      known.set(input.calls, segments);
    }
    const [only] = segments;
    return only !== undefined && segments.length === 1 ? only.pool.run(input, signal) : runAll(segments, input, signal);
  };
}

async function runAll(segments: readonly Segment[], input: ChainInput, signal?: AbortSignal): Promise<ChainOutput> {
  const reports: CallReport[] = [];
  let total: Omit<ChainOutput, 'reports'> = {};
  for (const { pool, calls } of segments) {
    const value = total.value ?? input.value;
    const state = total.state ?? input.state;
    const step = { ...input, calls, value, ...(state === undefined ? {} : { state }) } as ChainInput;
    const { reports: more, ...output } = await pool.run(step, signal);
    reports.push(...more);
    total = { ...total, ...output };
    if (more.some(report => endsChain(report, calls))) break;
  }
  return { ...total, reports };
}

type PoolOf = (plugin: string) => HookRunner | undefined;

interface Segment {
  readonly pool: HookRunner;
  readonly calls: HookCall[];
}

function segmentsOf(calls: readonly HookCall[], poolOf: PoolOf): Segment[] {
  const segments: Segment[] = [];
  for (const call of calls) {
    const pool = poolOf(call.plugin);
    if (pool === undefined) throw new Error(`plugin ${call.plugin} has no lane`);
    const last = segments.at(-1);
    if (last?.pool === pool) last.calls.push(call);
    else segments.push({ pool, calls: [call] });
  }
  return segments;
}

function endsChain(report: CallReport, calls: readonly HookCall[]): boolean {
  const call = calls.find(({ plugin }) => plugin === report.plugin);
  if (report.outcome === 'respond') return true;
  return (
    (report.outcome === 'block' && call?.stopOnBlock === true) ||
    (report.outcome === 'failed' && call?.stopOnFailure === true)
  );
}
