import type { CallReport, ChainInput, ChainOutput, HookCall, HookRunner } from '../contract/hook-call.ts';
import type { Cancellation } from '../core/canceller.ts';

/**
 * Returns a `run` that splits each chain among several runners: one run for each sequence of plugins that share a
 * runner. Each takes the value that the one before it returned.
 * @param runnerOf returns the runner of a plugin, by id
 */
export function composeRuns(runnerOf: RunnerOf): HookRunner['run'] {
  // Requests share their lists of calls, and a runner recognizes a list by its identity.
  const known = new WeakMap<readonly HookCall[], readonly Segment[]>();
  return (input, signal) => {
    let segments = known.get(input.calls);
    if (segments === undefined) {
      segments = segmentsOf(input.calls, runnerOf);
      known.set(input.calls, segments);
    }
    const [only] = segments;
    return only !== undefined && segments.length === 1
      ? only.runner.run(input, signal)
      : runAll(segments, input, signal);
  };
}

async function runAll(segments: readonly Segment[], input: ChainInput, signal?: Cancellation): Promise<ChainOutput> {
  const reports: CallReport[] = [];
  let total: Omit<ChainOutput, 'reports'> = {};
  for (const { runner, calls } of segments) {
    const value = total.value ?? input.value;
    const state = total.state ?? input.state;
    const step = { ...input, calls, value, ...(state === undefined ? {} : { state }) } as ChainInput;
    const { reports: more, ...output } = await runner.run(step, signal);
    reports.push(...more);
    total = {
      value: output.value ?? total.value,
      answer: output.answer ?? total.answer,
      state: output.state ?? total.state,
    };
    if (more.some(report => endsChain(report, calls))) break;
  }
  return { ...total, reports };
}

type RunnerOf = (plugin: string) => HookRunner | undefined;

interface Segment {
  readonly runner: HookRunner;
  readonly calls: HookCall[];
}

function segmentsOf(calls: readonly HookCall[], runnerOf: RunnerOf): Segment[] {
  const segments: Segment[] = [];
  for (const call of calls) {
    const runner = runnerOf(call.plugin);
    if (runner === undefined) throw new Error(`plugin ${call.plugin} has no lane`);
    const last = segments.at(-1);
    if (last?.runner === runner) last.calls.push(call);
    else segments.push({ runner, calls: [call] });
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
