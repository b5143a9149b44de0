import type { CallReport, ChainInput, ChainOutput, HookCall, RequestState } from '../../../contract/hook-call.ts';
import type { Job, JobResult, LogLine, PackedJobs, PackedResults } from './message.ts';

type Value = ChainInput['value'];
type Calls = readonly HookCall[];

/** The longest text of a value or state that travels as JSON, in characters. */
const longest = 4096;
/**
 * Beyond this number of different lists, each travels with its job. A chain has a few, and failures rarely add others.
 */
const listsAtMost = 1024;
const noLists: readonly Calls[] = [];

/** The lists of calls that a pool of lanes has seen, by number: each lane is sent each list once. */
export class CallLists {
  readonly #numbers = new WeakMap<Calls, number>();
  readonly #lists: Calls[] = [];

  /** @param sent the number of lists that the lane has */
  pack(jobs: readonly Job[], sent: number): PackedJobs {
    const plain: PlainJob[] = [];
    const whole: Job[] = [];
    for (const job of jobs) {
      const { calls, stage, context, value, state, shown } = job.input;
      const isPlain = shown === undefined && isSmall(value) && isSmallState(state);
      const list = isPlain ? this.#numberOf(calls) : undefined;
      if (list === undefined) whole.push({ id: job.id, input: job.input });
      else if (state === undefined) plain.push([job.id, list, stage, context, value]);
      else plain.push([job.id, list, stage, context, value, plainState(state)]);
    }
    return {
      text: JSON.stringify(plain),
      whole,
      lists: sent === this.#lists.length ? noLists : this.#lists.slice(sent),
    };
  }

  get size(): number {
    return this.#lists.length;
  }

  #numberOf(calls: Calls): number | undefined {
    const known = this.#numbers.get(calls);
    if (known !== undefined || this.#lists.length >= listsAtMost) return known;
    this.#numbers.set(calls, this.#lists.length);
    return this.#lists.push(calls) - 1;
  }
}

type PlainJob = [id: number, list: number, ChainInput['stage'], ChainInput['context'], Value, state?: PlainState];

/** @param lists all lists that the lane was sent, including those of this message */
export function unpackJobs({ text, whole }: PackedJobs, lists: readonly Calls[]): Job[] {
  const jobs = (JSON.parse(text) as PlainJob[]).map(([id, list, stage, context, value, state]) => {
    const input = { calls: lists[list] ?? [], stage, context, value } as ChainInput;
    return { id, input: state === undefined ? input : { ...input, state: wholeState(state) } };
  });
  return whole.length === 0 ? jobs : [...jobs, ...whole];
}

const outcomes = ['proceed', 'modified', 'respond'] as const;
const noLines: readonly PlainLine[] = [];
const levels = ['debug', 'info', 'warn', 'error'] as const;

/** A short report, of the plugin whose call is at the same place; or a whole one. Times are whole microseconds. */
type PlainReport =
  | [outcome: number, wall: number]
  | [outcome: number, wall: number, cpu: number | null, hostCalls: number | null, fuel: number | null]
  | CallReport;
type PlainLine = [call: number, level: number, message: string];
type PlainResult = [
  id: number,
  reports: readonly PlainReport[],
  lines: readonly PlainLine[],
  value?: ChainOutput['value'] | null,
  state?: PlainState,
];

/** @param results results, each with the calls of its job */
export function packResults(results: readonly (readonly [JobResult, Calls])[]): PackedResults {
  const plain: PlainResult[] = [];
  const whole: JobResult[] = [];
  for (const [result, calls] of results) {
    const { id, records, output } = result;
    const { value, answer, decisions, state, reports } = output;
    const hasNotes = records !== undefined && records.notes.length > 0;
    const isPlain = answer === undefined && decisions === undefined && !hasNotes;
    if (!isPlain || (value !== undefined && !isSmall(value)) || !isSmallState(state)) {
      whole.push(result);
      continue;
    }
    const lines = records === undefined ? noLines : records.logs.map(line => plainLine(line, calls));
    const short: PlainResult = [id, reports.map(plainReport), lines];
    if (value !== undefined || state !== undefined) short.push(value ?? null);
    if (state !== undefined) short.push(plainState(state));
    plain.push(short);
  }
  return { text: JSON.stringify(plain), whole };
}

function plainReport(report: CallReport): PlainReport {
  if (report.outcome === 'block' || report.outcome === 'failed') return report;
  const { outcome, wallMs, cpuMs, hostCalls = null, fuel = null } = report;
  const number = outcomes.indexOf(outcome);
  if (cpuMs === undefined && hostCalls === null && fuel === null) return [number, microseconds(wallMs)];
  return [number, microseconds(wallMs), cpuMs === undefined ? null : microseconds(cpuMs), hostCalls, fuel];
}

/** Whole numbers are written and read faster than fractions, and a microsecond is exact enough. */
const microseconds = (ms: number): number => Math.round(ms * 1000);

const plainLine = ({ plugin, level, message }: LogLine, calls: Calls): PlainLine => [
  calls.findIndex(call => call.plugin === plugin),
  levels.indexOf(level),
  message,
];

/**
 * @param callsOf returns the calls of a job
 * @throws SyntaxError, TypeError if the text is not what a lane writes
 */
export function unpackResults({ text, whole }: PackedResults, callsOf: (job: number) => Calls): JobResult[] {
  const plain = (JSON.parse(text) as PlainResult[]).map(([id, short, lines, value, state]) => {
    const calls = callsOf(id);
    const reports = short.map((report, place) => wholeReport(report, calls[place]));
    const output: ChainOutput = {
      reports,
      value: value ?? undefined,
      state: state === undefined ? undefined : wholeState(state),
    };
    if (lines.length === 0) return { id, output };
    return { id, output, records: { logs: lines.map(line => wholeLine(line, calls)), notes: [] } };
  });
  return whole.length === 0 ? plain : [...plain, ...whole];
}

function wholeReport(report: PlainReport, { plugin }: Pick<HookCall, 'plugin'> = noCall): CallReport {
  if (!Array.isArray(report)) return report;
  const [number, wall, cpu = null, hostCalls = null, fuel = null] = report;
  const outcome = outcomes[number];
  const wallMs = wall / 1000;
  if (outcome === undefined)
    return { plugin, wallMs, outcome: 'failed', cause: 'invalid_output', message: 'unknown outcome' };
  if (cpu === null && hostCalls === null && fuel === null) return { plugin, wallMs, outcome };
  return {
    ...{ plugin, wallMs },
    ...(cpu !== null && { cpuMs: cpu / 1000 }),
    ...(hostCalls !== null && { hostCalls }),
    ...(fuel !== null && { fuel }),
    outcome,
  };
}

const wholeLine = ([call, level, message]: PlainLine, calls: Calls): LogLine => ({
  plugin: (calls[call] ?? noCall).plugin,
  level: levels[level] ?? 'warn',
  message,
});

/** Instead of a call that is not in the list. */
const noCall = { plugin: '' };

/** Returns whether a value is of a tool, short, and holds no bytes. */
function isSmall(value: Value): boolean {
  if (Array.isArray(value) || !('tag' in value)) return false;
  const { tag, val } = value;
  if (tag === 'tool-call') return val.name.length + val.arguments.length <= longest;
  if (tag !== 'tool-result') return false;
  let length = val.structuredContent?.length ?? 0;
  for (const block of val.content) {
    if (block.tag === 'blob') return false;
    if (block.tag !== 'opaque') length += block.val.length;
  }
  return length <= longest;
}

type PlainEntries = readonly (readonly [key: string, value: string])[];
type PlainState = [local: readonly (readonly [plugin: string, PlainEntries])[], shared: PlainEntries];

const plainState = ({ local, shared }: RequestState): PlainState => [
  Array.from(local, ([plugin, entries]) => [plugin, [...entries]] as const),
  [...shared],
];

/** Returns the state, unchecked: a lane may have written anything. @throws TypeError if there are no pairs */
const wholeState = ([local, shared]: PlainState): RequestState => ({
  local: new Map(local.map(([plugin, entries]) => [plugin, new Map(entries)])),
  shared: new Map(shared),
});

function isSmallState(state: RequestState | undefined): boolean {
  if (state === undefined) return true;
  let length = lengthOf(state.shared);
  for (const entries of state.local.values()) length += lengthOf(entries);
  return length <= longest;
}

function lengthOf(entries: ReadonlyMap<string, string>): number {
  let length = 0;
  for (const [key, value] of entries) length += key.length + value.length;
  return length;
}
