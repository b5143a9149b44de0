import { type DestinationStream, type Logger, pino } from 'pino';
import { LineWriter } from './line-writer.ts';

export type Log = Logger;

/** Creates a log of JSON lines. It writes to stderr by default, because results go to stdout. */
export function createLog(level: string, destination: DestinationStream = new LineWriter(2)): Log {
  return pino({ level, base: null, timestamp: createTimestamp() }, destination);
}

/** Creates a log that drops everything. */
export const silentLog = (): Log => pino({ level: 'silent' });

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
