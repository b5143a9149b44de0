import { type DestinationStream, type Logger, pino } from 'pino';

export type Log = Logger;

/** JSON lines. Level from `level`; results go to stdout, so the log goes to stderr unless told otherwise. */
export function createLog(
  level: string,
  destination: DestinationStream = pino.destination({ fd: 2, sync: false }),
): Log {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}

/** A log that drops everything. */
export const silentLog = (): Log => pino({ level: 'silent' });
