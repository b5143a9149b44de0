import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inputOf } from './inputs.ts';
import { runSlice, type Slice } from './slice.ts';
import type { Target } from './target.ts';

export interface FuzzOptions {
  readonly seed: string;
  /** Runs of each target, or seconds in all. Without either, it runs until it is stopped. */
  readonly runs?: number | undefined;
  readonly seconds?: number | undefined;
  /** Targets that are tried at the same time. */
  readonly jobs: number;
  /** Folder for inputs that found something. */
  readonly out: string;
  readonly say: (line: string) => void;
}

export interface Found {
  readonly target: string;
  readonly run: number;
  readonly reason: string;
  /** The input. */
  readonly file: string;
}

/** What became of one target. */
export interface Tried {
  readonly name: string;
  readonly runs: number;
  /** How often each outcome came: `accepted`, or the code of the refusal. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly findings: readonly Found[];
}

/** Seconds of each target's turn when there is no end. */
const turnSeconds = 60;
/** Kinds of findings after which a target is left alone: there is enough to fix. */
const enough = 20;

/** Gives mutated inputs to all targets, each in a process of its own. Inputs that found something are kept in `out`. */
export async function fuzz(targets: readonly Target[], options: FuzzOptions): Promise<readonly Tried[]> {
  const { runs, seconds, jobs, say } = options;
  const campaigns = targets.map(each => openCampaign(each, options));
  const bounded = runs !== undefined || seconds !== undefined;
  const share = ((seconds ?? turnSeconds) * 1000 * (bounded ? Math.min(jobs, targets.length) : 1)) / targets.length;
  const forMs = runs !== undefined && seconds === undefined ? undefined : bounded ? share : turnSeconds * 1000;
  do {
    const waiting = [...campaigns];
    const work = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) say(await next.turn(runs, forMs));
    };
    await Promise.all(Array.from({ length: jobs }, work));
  } while (!bounded);
  return campaigns.map(({ tried }) => tried());
}

/** Tries inputs that were kept, in the order given. */
export async function replay(target: Target, files: readonly string[]): Promise<Tried> {
  const outcomes: Record<string, number> = {};
  const findings: Found[] = [];
  let from = 0;
  while (from < files.length) {
    const slice = await runSlice({ module: target.module, seed: '', from, files }, target.patience);
    count(slice, outcomes);
    findings.push(
      ...slice.findings.map(({ run, reason }) => ({ target: target.name, run, reason, file: files[run] ?? '' })),
    );
    from = slice.whole ? files.length : slice.next;
  }
  return { name: target.name, runs: files.length, outcomes, findings };
}

function openCampaign(target: Target, { seed, out, say }: FuzzOptions) {
  const outcomes: Record<string, number> = {};
  const findings = new Map<string, Found>();
  let next = 0;

  async function keep({ run, kind, reason }: Slice['findings'][number]): Promise<void> {
    if (findings.has(kind)) return;
    const folder = join(out, target.name);
    await mkdir(folder, { recursive: true });
    const file = join(folder, `${seed}-${run}.${target.extension}`);
    await writeFile(file, inputOf(target, await target.seeds(), seed, run));
    findings.set(kind, { target: target.name, run, reason, file });
    say(`${target.name}, --seed ${seed}, run ${run}: ${reason}\n  pnpm fuzz --replay ${file}`);
  }

  return {
    /** Makes runs up to these bounds, and yields a line of how it stands. */
    async turn(runs: number | undefined, forMs: number | undefined): Promise<string> {
      const end = performance.now() + (forMs ?? Number.POSITIVE_INFINITY);
      const last = runs ?? Number.POSITIVE_INFINITY;
      while (next < last && performance.now() < end && findings.size < enough) {
        const bounds = {
          ...(runs === undefined ? {} : { runs: runs - next }),
          ...(forMs === undefined ? {} : { forMs: end - performance.now() }),
        };
        const slice = await runSlice({ module: target.module, seed, from: next, ...bounds }, target.patience);
        count(slice, outcomes);
        for (const each of slice.findings) await keep(each);
        next = slice.next;
      }
      return lineOf(this.tried());
    },
    tried: (): Tried => ({ name: target.name, runs: next, outcomes, findings: [...findings.values()] }),
  };
}

function count(slice: Slice, outcomes: Record<string, number>): void {
  for (const [outcome, times] of Object.entries(slice.outcomes)) outcomes[outcome] = (outcomes[outcome] ?? 0) + times;
}

/** `references: 1000 runs, no finding; accepted 10, reference_invalid 990` */
export function lineOf({ name, runs, outcomes, findings }: Tried): string {
  const most = Object.entries(outcomes).toSorted(([, one], [, other]) => other - one);
  const shown = most.slice(0, 12).map(([outcome, times]) => `${outcome} ${times}`);
  const rest = most.length > shown.length ? [`${most.length - shown.length} others`] : [];
  return `${name}: ${runs} runs, ${findings.length || 'no'} finding${findings.length > 1 ? 's' : ''}; ${[...shown, ...rest].join(', ')}`;
}
