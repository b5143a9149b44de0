import type { Log } from '../../core/log.ts';

/** How many lines are written in one period; the rest is counted. */
interface Bounds {
  readonly most: number;
  readonly periodMs: number;
}

/** Bounds of lines of which a reader needs only a few. */
const few: Bounds = { most: 10, periodMs: 60_000 };
/** Bounds of a server's log: it may write much, but not fill the disk. */
const many: Bounds = { most: 1_000, periodMs: 10_000 };

/** Logs output of a server that is not a message, as much of it as a reader needs. */
export function createSkippedOutputLog(
  upstream: string,
  log: Log,
  what: 'line of stdout' | 'event of a stream',
): (line: string) => void {
  const a = what === 'event of a stream' ? 'an' : 'a';
  return bounded(
    few,
    line => log.warn({ upstream, line: line.slice(0, 200) }, `ignoring ${a} ${what} that is not a message`),
    lines => log.warn({ upstream, lines }, `ignoring more than one ${what} that is not a message`),
  );
}

/** Logs what a stdio server writes to stderr. */
export const createStderrLog = (upstream: string, log: Log): ((line: string) => void) =>
  bounded(
    many,
    line => log.info({ upstream, line }, 'stderr'),
    lines => log.warn({ upstream, lines }, 'further lines of stderr were dropped'),
  );

function bounded(
  { most, periodMs }: Bounds,
  write: (line: string) => void,
  writeMore: (lines: number) => void,
): (line: string) => void {
  let since = 0;
  let count = 0;
  return line => {
    const now = Date.now();
    if (now >= since + periodMs) {
      if (count > most) writeMore(count - most);
      since = now;
      count = 0;
    }
    count += 1;
    if (count <= most) write(line);
  };
}
