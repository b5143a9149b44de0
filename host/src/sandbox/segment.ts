import type { CallReport, ChainInput, ChainOutput, HookCall, HookRunner } from '../core/hook-call.ts';

/**
 * One hop for each run of consecutive plugins that share a pool, with the value threaded through.
 * @param poolOf where each plugin runs, by id
 */
export async function runSegments(
  input: ChainInput,
  poolOf: ReadonlyMap<string, HookRunner>,
  signal?: AbortSignal,
): Promise<ChainOutput> {
  const segments = segmentsOf(input.calls, poolOf);
  const [only] = segments;
  if (only !== undefined && segments.length === 1) return only.pool.run(input, signal);
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

interface Segment {
  readonly pool: HookRunner;
  readonly calls: HookCall[];
}

function segmentsOf(calls: readonly HookCall[], poolOf: ReadonlyMap<string, HookRunner>): Segment[] {
  const segments: Segment[] = [];
  for (const call of calls) {
    const pool = poolOf.get(call.plugin);
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
