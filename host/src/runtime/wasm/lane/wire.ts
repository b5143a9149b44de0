import type { CallReport, ChainInput, ChainOutput, HookCall } from '../../../contract/hook-call.ts';
import type { Job, JobResult, LogLine, PackedJobs, PackedResults } from './message.ts';

type Value = ChainInput['value'];
type Calls = readonly HookCall[];

/** The longest text of a value that travels as JSON, in characters. */
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
      const list = state === undefined && shown === undefined && isSmall(value) ? this.#numberOf(calls) : undefined;
      if (list === undefined) whole.push({ id: job.id, input: job.input });
      else plain.push([job.id, list, stage, context, value]);
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

type PlainJob = [id: number, list: number, ChainInput['stage'], ChainInput['context'], Value];

/** @param lists all lists that the lane was sent, including those of this message */
export function unpackJobs({ text, whole }: PackedJobs, lists: readonly Calls[]): Job[] {
  const jobs = (JSON.parse(text) as PlainJob[]).map(([id, list, stage, context, value]) => {
    const input = { calls: lists[list] ?? [], stage, context, value } as ChainInput;
    return { id, input };
  });
  return [...jobs, ...whole];
}

const outcomes = ['proceed', 'modified', 'respond'] as const;
const levels = ['debug', 'info', 'warn', 'error'] as const;

/** A short report, of the plugin whose call is at the same place; or a whole one. */
type PlainReport =
  | [outcome: number, wallMs: number, cpuMs: number | null, hostCalls: number, fuel?: number]
  | CallReport;
type PlainLine = [call: number, level: number, message: string];
type PlainResult = [id: number, reports: readonly PlainReport[], lines: readonly PlainLine[], value?: Value];

/** @param results results, each with the calls of its job */
export function packResults(results: readonly (readonly [JobResult, Calls])[]): PackedResults {
  const plain: PlainResult[] = [];
  const whole: JobResult[] = [];
  for (const [result, calls] of results) {
    const { id, records, output } = result;
    const { value, answer, state, reports } = output;
    const isPlain = answer === undefined && state === undefined && !(records && records.notes.length > 0);
    if (!isPlain || (value !== undefined && !isSmall(value))) {
      whole.push(result);
      continue;
    }
    const lines = records === undefined ? [] : records.logs.map(line => plainLine(line, calls));
    if (value === undefined) plain.push([id, reports.map(plainReport), lines]);
    else plain.push([id, reports.map(plainReport), lines, value]);
  }
  return { text: JSON.stringify(plain), whole };
}

function plainReport(report: CallReport): PlainReport {
  if (report.outcome === 'block' || report.outcome === 'failed') return report;
  const { outcome, wallMs, cpuMs = null, hostCalls = 0, fuel } = report;
  const number = outcomes.indexOf(outcome);
  return fuel === undefined ? [number, wallMs, cpuMs, hostCalls] : [number, wallMs, cpuMs, hostCalls, fuel];
}

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
  const plain = (JSON.parse(text) as PlainResult[]).map(([id, reports, lines, value]) => {
    const calls = callsOf(id);
    const output: ChainOutput = { reports: reports.map((report, place) => wholeReport(report, calls[place])) };
    return {
      id,
      output: value === undefined ? output : { ...output, value },
      ...(lines.length > 0 && { records: { logs: lines.map(line => wholeLine(line, calls)), notes: [] } }),
    };
  });
  return [...plain, ...whole];
}

function wholeReport(report: PlainReport, { plugin }: Pick<HookCall, 'plugin'> = noCall): CallReport {
  if (!Array.isArray(report)) return report;
  const [number, wallMs, cpuMs, hostCalls, fuel] = report;
  const cost = {
    plugin,
    wallMs,
    ...(cpuMs !== null && { cpuMs }),
    ...(hostCalls > 0 && { hostCalls }),
    ...(fuel !== undefined && { fuel }),
  };
  const outcome = outcomes[number];
  if (outcome !== undefined) return { ...cost, outcome };
  return { ...cost, outcome: 'failed', cause: 'invalid_output', message: 'unknown outcome' };
}

const wholeLine = ([call, level, message]: PlainLine, calls: Calls): LogLine => ({
  plugin: (calls[call] ?? noCall).plugin,
  level: levels[level] ?? 'warn',
  message,
});

/** In place of a call that is not in the list. */
const noCall = { plugin: '' };

/** Returns whether a value is of a tool, short, and holds no bytes. */
function isSmall({ tag, val }: Value): boolean {
  if (tag === 'tool-call') return val.name.length + val.arguments.length <= longest;
  if (tag !== 'tool-result') return false;
  let length = val.structuredContent?.length ?? 0;
  for (const block of val.content) {
    if (block.tag === 'blob') return false;
    if (block.tag !== 'opaque') length += block.val.length;
  }
  return length <= longest;
}
