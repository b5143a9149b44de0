import { type DestinationStream, type Logger, pino } from 'pino';

export type Log = Logger;

/** A write for each line would cost more than making it: lines wait for each other, a quarter of a second at most. */
const stderr = () => pino.destination({ fd: 2, sync: false, minLength: 4096, periodicFlush: 250 });

/** JSON lines. Level from `level`; results go to stdout, so the log goes to stderr unless told otherwise. */
export function createLog(level: string, destination: DestinationStream = stderr()): Log {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}

/** A log that drops everything. */
export const silentLog = (): Log => pino({ level: 'silent' });
