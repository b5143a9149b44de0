import { readdirSync, readFileSync } from 'node:fs';

/** Processor time in microseconds since the start. */
export interface Usage {
  /** The CPU time of the process and of its descendants that still run. */
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
    process: familyOf(pid).reduce((sum, each) => sum + ticks(`/proc/${each}/stat`), 0) * tick,
    mainThread: threadTime(`${tasks}/${pid}`),
    lanes: lanes.reduce((sum, thread) => sum + threadTime(`${tasks}/${thread}`), 0),
  };
}

/** Reads resident memory in MB (10^6 bytes): of the process, and what those that it has started do not share. */
export function readRss(pid: number): number {
  const resident = kibOf(`/proc/${pid}/status`, /^VmRSS:\s*(\d+) kB$/gm);
  const [, ...descendants] = familyOf(pid);
  const unshared = descendants.map(each => kibOf(`/proc/${each}/smaps_rollup`, /^Private_\w+:\s*(\d+) kB$/gm));
  return (unshared.reduce((sum, each) => sum + each, resident) * 1024) / 1e6;
}

const kibOf = (file: string, line: RegExp) =>
  [...read(file).matchAll(line)].reduce((sum, [, kib]) => sum + Number(kib), 0);

/** Returns the process and all that descend from it. */
function familyOf(pid: number): readonly number[] {
  const tasks = `/proc/${pid}/task`;
  const children = readdirSync(tasks).flatMap(thread =>
    read(`${tasks}/${thread}/children`).split(' ').filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(familyOf)];
}

const nameOf = (task: string) => read(`${task}/comm`).trim();

/** Reads a file of a thread or process, which may end meanwhile and then has nothing to read. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
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
