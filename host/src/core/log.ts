import { type DestinationStream, type Logger, pino } from 'pino';
import { LineWriter } from './line-writer.ts';

export type Log = Logger;

/**
 * Writes a line at level info whose members are JSON already, without braces. Returns false if the line has to be written
 * as an object instead.
 */
export type WriteMembers = (members: string) => boolean;

/** How to write such lines, by log. A log that formats lines in its own way has no entry. */
const memberWriters = new WeakMap<Log, WriteMembers>();

/** Creates a log of JSON lines. It writes to stderr by default, because results go to stdout. */
export function createLog(level: string, destination: DestinationStream = new LineWriter(2)): Log {
  const timestamp = createTimestamp();
  const log = pino({ level, base: null, timestamp }, destination);
  const { info } = log.levels.values;
  memberWriters.set(log, members => {
    destination.write(`{"level":${info}${timestamp()},${members}}\n`);
    return true;
  });
  return log;
}

/** Creates a log that drops everything. */
export const silentLog = (): Log => pino({ level: 'silent' });

/**
 * Returns what writes lines whose members are JSON already. It is for the line of every request, which costs a fifth of
 * what it costs as an object. Undefined for a log that was not made here, which may have its own format.
 */
export const memberWriterOf = (log: Log): WriteMembers | undefined => memberWriters.get(log);

/** Gives `derived` the writer of `log`, for lines that `accepts`. */
export function deriveMemberWriter(log: Log, derived: Log, accepts: (members: string) => boolean): void {
  const write = memberWriters.get(log);
  if (write !== undefined) memberWriters.set(derived, members => accepts(members) && write(members));
}

/** Formats the time of a line (ISO 8601), cached because under load many lines have the same millisecond. */
function createTimestamp(): () => string {
  let last = 0;
  let text = '';
  return () => {
    const now = Date.now();
    if (now !== last) {
      last = now;
      text = `,"time":"${new Date(now).toISOString()}"`;
    }
    return text;
  };
}
