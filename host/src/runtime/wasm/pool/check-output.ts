import { type Check, checkOf } from '../../../contract/check-value.ts';
import { contractFunctions } from '../../../contract/generated/functions.ts';
import type {
  CallReport,
  ChainInput,
  ChainOutput,
  FailureCause,
  RequestState,
  Stage,
} from '../../../contract/hook-call.ts';
import { type EntryPoint, entryPoints } from '../../../contract/kinds.ts';
import type { ContractType } from '../../../contract/value-type.ts';
import { fail } from '../../../core/fault.ts';

/** Returns the type of what a function returns if it does not fail. */
function resultOf(name: string, entry: string): ContractType | null {
  const result = contractFunctions[name]?.[entry]?.result;
  return typeof result === 'object' && result !== null && 'result' in result ? result.result[0] : null;
}

/** Returns the checks of an entry point's outcomes, by effect. */
function outcomesOf({ interface: name, function: entry, effects }: EntryPoint): ReadonlyMap<string, Check> {
  const outcome = resultOf(name, entry);
  if (Object.keys(effects).length === 0) return new Map([['proceed', () => undefined]]);
  if (typeof outcome !== 'object' || outcome === null || !('variant' in outcome))
    throw new Error(`${entry} has no outcome`);
  const check = (type: ContractType | null): Check => (type === null ? () => undefined : checkOf(type));
  return new Map(outcome.variant.map(([tag, type]) => [effects[tag] ?? tag, check(type)]));
}

const outcomes = Object.fromEntries([
  ...Object.entries(entryPoints).map(([entry, at]) => [entry, outcomesOf(at)]),
  // It proceeds or blocks, like a decision.
  ['configure', outcomesOf(entryPoints.decide)],
]) as Readonly<Record<Stage, ReadonlyMap<string, Check>>>;

const decisionsCheck = checkOf(
  resultOf(entryPoints.decideMany.interface, entryPoints.decideMany.function) ?? fail('internal'),
);

/** The causes that a lane can report. Only the gateway merges changes. */
const causes: Readonly<Record<Exclude<FailureCause, 'merge'>, true>> = {
  ...{ trap: true, timeout: true, limit: true, invalid_output: true, unavailable: true },
};

/**
 * Returns the output of a lane as far as it fits the contract. Guests run in the lane, so its types are not trusted:
 * all of the output is checked once, here, before anything on the gateway's thread relies on it. A value that does not
 * fit becomes `invalid_output` of the call that returned it, and the results of later calls are dropped.
 */
export function checkOutput(output: ChainOutput, input: ChainInput): ChainOutput {
  const { calls, stage } = input;
  let reports: CallReport[] = [];
  for (const report of output.reports) {
    const call = calls[reports.length];
    if (call === undefined) break;
    const checked = checkReport(report, call.plugin, outcomes[stage]);
    reports.push(checked);
    // After an invalid report the later ones are not used.
    if (checked !== report) break;
  }
  const state = isState(output.state) ? output.state : undefined;
  if (input.stage === 'decideMany') return { ...withDecisions(reports, output, input.value.length), state };
  if (input.stage === 'identify' || input.stage === 'preCheck' || input.stage === 'postCheck') {
    return { ...withIdentified(reports, output, input.stage), state };
  }
  if (input.stage === 'preRegister' || input.stage === 'postRegister' || input.stage === 'preSync') {
    return { reports, state };
  }
  const { value: before } = input;
  // A lane that cannot send the result of its last call sends no value.
  const kept = reports.at(-1)?.outcome === 'failed' ? (output.value ?? before) : output.value;
  let value = has(reports, 'modified') ? kept : undefined;
  let answer = output.answer;
  const wrongValue = has(reports, 'modified') ? outcomes[stage].get('modified')?.(value) : undefined;
  if (wrongValue !== undefined) {
    reports = withFailure(reports, 'modified', `what it returned ${wrongValue}`);
    value = has(reports, 'modified') ? before : undefined;
    answer = undefined;
  }
  const wrongAnswer = has(reports, 'respond') ? outcomes[stage].get('respond')?.(answer) : undefined;
  if (!has(reports, 'respond')) answer = undefined;
  if (wrongAnswer !== undefined) {
    reports = withFailure(reports, 'respond', `what it answered ${wrongAnswer}`);
    answer = undefined;
  }
  return { reports, state, value, answer };
}

/** Returns the decisions about `count` requests. If they do not fit, the last call has failed. */
function withDecisions(reports: CallReport[], { decisions }: ChainOutput, count: number): ChainOutput {
  const last = reports.at(-1);
  if (last === undefined || last.outcome === 'failed') return { reports };
  const given = decisions?.length;
  const wrong = decisionsCheck(decisions) ?? (given === count ? undefined : `has ${given} decisions about ${count}`);
  if (wrong === undefined) return { reports, decisions };
  return { reports: [...reports.slice(0, -1), failed(last.plugin, last, `what it returned ${wrong}`)] };
}

/** Returns the answer of a plugin about a caller. If it does not fit, its call has failed. */
function withIdentified(reports: CallReport[], { answer }: ChainOutput, stage: Stage): ChainOutput {
  if (!has(reports, 'respond')) return { reports };
  const wrong = outcomes[stage].get('respond')?.(answer);
  if (wrong !== undefined) return { reports: withFailure(reports, 'respond', `what it returned ${wrong}`) };
  // The lane knows no kind of plugin, and so not what an answer is.
  return { reports, identified: answer as ChainOutput['identified'] };
}

const has = (reports: readonly CallReport[], outcome: 'modified' | 'respond'): boolean =>
  reports.some(report => report.outcome === outcome);

function checkReport(report: CallReport, plugin: string, checks: ReadonlyMap<string, Check>): CallReport {
  const problem = problemOf(report, checks);
  if (problem === undefined && report.plugin === plugin) return report;
  return failed(plugin, report, problem ?? 'its report names another plugin');
}

function problemOf(report: CallReport, checks: ReadonlyMap<string, Check>): string | undefined {
  const { wallMs, cpuMs = 0, hostCalls = 0, fuel = 0 } = report;
  if (!(Number.isFinite(wallMs) && Number.isFinite(cpuMs) && Number.isFinite(hostCalls) && Number.isFinite(fuel)))
    return 'what it cost is not in numbers';
  if (report.outcome === 'failed') {
    return Object.hasOwn(causes, report.cause) && typeof report.message === 'string'
      ? undefined
      : 'its failure has no cause';
  }
  const check = checks.get(report.outcome);
  if (check === undefined) return 'its outcome is not one of a hook';
  const wrong = report.outcome === 'block' ? check(report.violation) : undefined;
  return wrong === undefined ? undefined : `its violation ${wrong}`;
}

/** Returns the reports up to the last call with this outcome, which becomes a failure. */
function withFailure(reports: readonly CallReport[], outcome: 'modified' | 'respond', message: string): CallReport[] {
  const place = reports.findLastIndex(report => report.outcome === outcome);
  const report = reports[place];
  if (report === undefined) return [...reports];
  return [...reports.slice(0, place), failed(report.plugin, report, message)];
}

function failed(plugin: string, { wallMs, cpuMs, hostCalls, fuel }: CallReport, message: string): CallReport {
  const number = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : 0);
  return {
    plugin,
    wallMs: number(wallMs),
    ...(cpuMs !== undefined && { cpuMs: number(cpuMs) }),
    ...(hostCalls !== undefined && { hostCalls: number(hostCalls) }),
    ...(fuel !== undefined && { fuel: number(fuel) }),
    ...{ outcome: 'failed', cause: 'invalid_output', message },
  };
}

const isTexts = (entries: unknown): boolean =>
  entries instanceof Map && [...entries].every(each => typeof each[0] === 'string' && typeof each[1] === 'string');

const isState = (state: RequestState | undefined): state is RequestState =>
  state !== undefined &&
  isTexts(state.shared) &&
  state.local instanceof Map &&
  [...state.local].every(([plugin, entries]) => typeof plugin === 'string' && isTexts(entries));
