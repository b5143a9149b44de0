import { type DestinationStream, type Logger, pino } from 'pino';
import { LineWriter } from './line-writer.ts';

export type Log = Logger;

/** JSON lines. Level from `level`; results go to stdout, so the log goes to stderr unless told otherwise. */
export function createLog(level: string, destination: DestinationStream = new LineWriter(2)): Log {
  return pino({ level, base: null, timestamp: createTimestamp() }, destination);
}

/** A log that drops everything. */
export const silentLog = (): Log => pino({ level: 'silent' });

/** The time of a line, ISO 8601. Under load many lines fall into one millisecond, and it is written out once. */
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
