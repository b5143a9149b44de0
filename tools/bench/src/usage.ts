import { readFileSync } from 'node:fs';

/** Processor time in microseconds since the start: of the whole process, and of its main thread. */
export interface Usage {
  readonly process: number;
  readonly mainThread: number;
}

/** The kernel counts ticks of 10 ms here, whatever its own clock. */
const tick = 10_000;

/** Reads Linux's /proc. The whole counts threads that ended, too. */
export function readUsage(pid: number): Usage {
  return { process: ticks(`/proc/${pid}/stat`) * tick, mainThread: mainThread(pid) };
}

/** Resident memory in MB (10^6 bytes). */
export function readRss(pid: number): number {
  const kib = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return (Number(kib) * 1024) / 1e6;
}

/** schedstat counts nanoseconds; a kernel without it leaves the ticks. */
function mainThread(pid: number): number {
  const nanoseconds = Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]);
  return nanoseconds > 0 ? nanoseconds / 1000 : ticks(`/proc/${pid}/task/${pid}/stat`) * tick;
}

/** utime and stime: fields 14 and 15 of stat. The second field, a name in parentheses, may hold spaces. */
function ticks(file: string): number {
  const fields = readFileSync(file, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}
