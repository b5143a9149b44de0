import { fork } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Order, Report } from './order.ts';

interface Observed {
  readonly run: number;
  /** The same for findings that are the same. */
  readonly kind: string;
  readonly reason: string;
}

export interface Slice {
  readonly findings: readonly Observed[];
  /** How often each outcome came; nothing of a child that did not reach its end. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** The run to continue with. */
  readonly next: number;
  /** False when the child crashed or had to be ended, and there may be more to do. */
  readonly whole: boolean;
}

const program = join(import.meta.dirname, 'trial-child.ts');
/** The limit of JavaScript's heap, in MiB: an input that exceeds it shows as a crash. */
const restraints = ['--max-old-space-size=768'];
/** Milliseconds that a child may take to open its target, seeds included: the first time, those are built. */
const openingPatience = 300_000;
const watchEvery = 100;

/** Has a child make runs until the order is done, the child crashes, or one run takes longer than `patience`. */
export async function runSlice(order: Omit<Order, 'progress'>, patience: number): Promise<Slice> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-fuzz-run-'));
  const progress = join(folder, 'run');
  const child = fork(program, { execArgv: restraints, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const findings: Observed[] = [];
  let complaints = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-2000);
  });
  const runNow = async () => Number.parseInt(await readFile(progress, 'utf8').catch(() => ''), 10);
  let stopWatching = () => {};

  const end = await new Promise<Extract<Report, { is: 'done' }> | Omit<Observed, 'run'>>((resolve, reject) => {
    let opened = false;
    let [seen, since] = [Number.NaN, performance.now()];
    const timer = setInterval(async () => {
      const run = await runNow();
      const now = performance.now();
      if (!Object.is(run, seen)) [seen, since] = [run, now];
      if (now - since > (opened ? patience : openingPatience))
        resolve({ kind: 'hangs', reason: `hangs: longer than ${patience} ms` });
    }, watchEvery);
    stopWatching = () => clearInterval(timer);
    child.on('message', (report: Report) => {
      if (report.is === 'open') [opened, since] = [true, performance.now()];
      else if (report.is === 'finding') findings.push(report);
      else resolve(report);
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      const kind = `the process ended with ${signal ?? code}`;
      if (opened) resolve({ kind, reason: `${kind}: ${complaints.trim().slice(0, 500)}` });
      else reject(new Error(`the target did not open: ${complaints.trim()}`));
    });
    child.send({ ...order, progress }, error => error !== null && reject(error));
  }).finally(async () => {
    stopWatching();
    child.kill('SIGKILL');
  });

  const run = await runNow();
  await rm(folder, { recursive: true, force: true });
  const at = Number.isNaN(run) ? order.from : run;
  if ('is' in end) return { findings, outcomes: end.outcomes, next: at + 1, whole: true };
  return { findings: [...findings, { run: at, ...end }], outcomes: {}, next: at + 1, whole: false };
}
