import { type DestinationStream, type Logger, pino } from 'pino';

export type Log = Logger;

/** A write for each line would cost more than making it: lines wait for each other, a quarter of a second at most. */
const stderr = () => pino.destination({ fd: 2, sync: false, minLength: 8_192, periodicFlush: 250 });

/** JSON lines. Level from `level`; results go to stdout, so the log goes to stderr unless told otherwise. */
export function createLog(level: string, destination: DestinationStream = stderr()): Log {
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
