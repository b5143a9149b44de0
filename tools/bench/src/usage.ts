import { readdirSync, readFileSync } from 'node:fs';

/** Processor time in microseconds since the start: of the whole process, of its main thread, and of its lanes. */
export interface Usage {
  readonly process: number;
  readonly mainThread: number;
  /** The CPU time of the current lane threads, without lanes that have ended. */
  readonly lanes: number;
}

/** The kernel counts ticks of 10 ms here, whatever its own clock. */
const tick = 10_000;

/** Reads Linux's /proc. The whole includes threads that have ended. */
export function readUsage(pid: number): Usage {
  const tasks = `/proc/${pid}/task`;
  const lanes = readdirSync(tasks).filter(thread => nameOf(`${tasks}/${thread}`) === 'lane');
  return {
    process: ticks(`/proc/${pid}/stat`) * tick,
    mainThread: threadTime(`${tasks}/${pid}`),
    lanes: lanes.reduce((sum, thread) => sum + threadTime(`${tasks}/${thread}`), 0),
  };
}

/** Reads resident memory in MB (10^6 bytes). */
export function readRss(pid: number): number {
  const kib = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return (Number(kib) * 1024) / 1e6;
}

/** A thread may end while its files are read. */
function nameOf(task: string): string {
  try {
    return readFileSync(`${task}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}

/** schedstat counts nanoseconds; a kernel without it leaves the ticks. */
function threadTime(task: string): number {
  try {
    const nanoseconds = Number(readFileSync(`${task}/schedstat`, 'utf8').split(' ')[0]);
    return nanoseconds > 0 ? nanoseconds / 1000 : ticks(`${task}/stat`) * tick;
  } catch {
    return 0;
  }
}

/** utime and stime: fields 14 and 15 of stat. The second field, a name in parentheses, may hold spaces. */
function ticks(file: string): number {
  const fields = readFileSync(file, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}
