import type { Log } from '../../core/log.ts';

/** So many lines are written in one period; the rest is counted. */
interface Bounds {
  readonly most: number;
  readonly periodMs: number;
}

/** Lines of which no reader needs many. */
const odd: Bounds = { most: 10, periodMs: 60_000 };
/** A server may well log a lot, and not so much that it fills the disk. */
const usual: Bounds = { most: 1_000, periodMs: 10_000 };

/** Logs what a server sends as a message that is none, as much of it as a reader needs. */
export function createSkippedOutputLog(
  upstream: string,
  log: Log,
  what: 'line of stdout' | 'event of a stream',
): (line: string) => void {
  const a = what === 'event of a stream' ? 'an' : 'a';
  return bounded(
    odd,
    line => log.warn({ upstream, line: line.slice(0, 200) }, `ignoring ${a} ${what} that is not a message`),
    lines => log.warn({ upstream, lines }, `ignoring more than one ${what} that is not a message`),
  );
}

/** Logs what a stdio server writes to stderr. */
export const createStderrLog = (upstream: string, log: Log): ((line: string) => void) =>
  bounded(
    usual,
    line => log.info({ upstream, line }, 'stderr'),
    lines => log.warn({ upstream, lines }, 'further lines of stderr were dropped'),
  );

function bounded(
  { most, periodMs }: Bounds,
  write: (line: string) => void,
  tellMore: (lines: number) => void,
): (line: string) => void {
  let since = 0;
  let count = 0;
  return line => {
    const now = Date.now();
    if (now >= since + periodMs) {
      if (count > most) tellMore(count - most);
      since = now;
      count = 0;
    }
    count += 1;
    if (count <= most) write(line);
  };
}
