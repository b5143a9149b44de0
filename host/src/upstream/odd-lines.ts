import type { Log } from '../core/log.ts';

/** So many odd lines are logged in one period; the rest is counted. */
const most = 10;
/** Milliseconds. */
const period = 60_000;

/** Logs what a stdio server writes to stdout that is no message, as many lines as a reader needs. */
export function createOddLines(upstream: string, log: Log): (line: string) => void {
  let since = 0;
  let count = 0;
  return line => {
    const now = Date.now();
    if (now >= since + period) {
      if (count > most) log.warn({ upstream, lines: count - most }, 'further lines of stdout were no messages');
      since = now;
      count = 0;
    }
    count += 1;
    if (count <= most)
      log.warn({ upstream, line: line.slice(0, 200) }, 'a line of stdout is no message and is skipped');
  };
}
