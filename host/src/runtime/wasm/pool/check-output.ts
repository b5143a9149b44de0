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

/** What an outcome of an entry point may hold, by its effect. */
function outcomesOf({ interface: name, function: entry, effects }: EntryPoint): ReadonlyMap<string, Check> {
  const result = contractFunctions[name]?.[entry]?.result;
  const outcome = typeof result === 'object' && result !== null && 'result' in result ? result.result[0] : null;
  if (typeof outcome !== 'object' || outcome === null || !('variant' in outcome))
    throw new Error(`${entry} has no outcome`);
  const check = (type: ContractType | null): Check => (type === null ? () => undefined : checkOf(type));
  return new Map(outcome.variant.map(([tag, type]) => [effects[tag] ?? tag, check(type)]));
}

const outcomes = Object.fromEntries(
  Object.entries(entryPoints).map(([entry, at]) => [entry, outcomesOf(at)]),
) as Readonly<Record<Stage, ReadonlyMap<string, Check>>>;

const causes: Readonly<Record<FailureCause, true>> = {
  ...{ trap: true, timeout: true, limit: true, invalid_output: true, unavailable: true },
};

/**
 * What a lane says a chain came to, as the contract has it. Types say what is in it, and the lane is where guests run:
 * so all of it is looked at once, here, before anything on the gateway's thread relies on it. What is not of the
 * contract becomes `invalid_output` of the call that answered it, and whatever was made of it by calls behind is
 * forgotten.
 */
export function checkOutput(output: ChainOutput, { calls, stage, value: before }: ChainInput): ChainOutput {
  let reports: CallReport[] = [];
  for (const [place, report] of output.reports.entries()) {
    const call = calls[place];
    if (call === undefined) break;
    const checked = checkReport(report, call.plugin, outcomes[stage]);
    reports.push(checked);
    // A lane that says what makes no sense of one call has nothing to say of those behind it.
    if (checked !== report) break;
  }
  const state = isState(output.state) ? { state: output.state } : {};
  const has = (outcome: 'modified' | 'respond') => reports.some(report => report.outcome === outcome);
  // A lane that cannot send what its last call answered sends no value.
  const kept = reports.at(-1)?.outcome === 'failed' ? (output.value ?? before) : output.value;
  let value = has('modified') ? kept : undefined;
  let answer = output.answer;
  const wrongValue = has('modified') ? outcomes[stage].get('modified')?.(value) : undefined;
  if (wrongValue !== undefined) {
    reports = blamed(reports, 'modified', `what it returned ${wrongValue}`);
    value = has('modified') ? before : undefined;
    answer = undefined;
  }
  const wrongAnswer = has('respond') ? outcomes[stage].get('respond')?.(answer) : undefined;
  if (!has('respond')) answer = undefined;
  if (wrongAnswer !== undefined) {
    reports = blamed(reports, 'respond', `what it answered ${wrongAnswer}`);
    answer = undefined;
  }
  return { reports, ...state, ...(value !== undefined && { value }), ...(answer !== undefined && { answer }) };
}

function checkReport(report: CallReport, plugin: string, checks: ReadonlyMap<string, Check>): CallReport {
  const why = whatIsWrong(report, checks);
  if (why === undefined && report.plugin === plugin) return report;
  return failed(plugin, report, why ?? 'its report names another plugin');
}

function whatIsWrong(report: CallReport, checks: ReadonlyMap<string, Check>): string | undefined {
  const { wallMs, cpuMs = 0, hostCalls = 0 } = report;
  if (!Number.isFinite(wallMs) || !Number.isFinite(cpuMs) || !Number.isFinite(hostCalls))
    return 'its times are not numbers';
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

/** The reports up to the call that changed or answered last, which failed. */
function blamed(reports: readonly CallReport[], outcome: 'modified' | 'respond', message: string): CallReport[] {
  const place = reports.findLastIndex(report => report.outcome === outcome);
  const report = reports[place];
  if (report === undefined) return [...reports];
  return [...reports.slice(0, place), failed(report.plugin, report, message)];
}

function failed(plugin: string, { wallMs, cpuMs, hostCalls }: CallReport, message: string): CallReport {
  const number = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : 0);
  return {
    plugin,
    wallMs: number(wallMs),
    ...(cpuMs !== undefined && { cpuMs: number(cpuMs) }),
    ...(hostCalls !== undefined && { hostCalls: number(hostCalls) }),
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
