import type { Log } from '../core/log.ts';

/** So many odd lines are logged in one period; the rest is counted. */
const most = 10;
/** Milliseconds. */
const period = 60_000;

/** Logs what a server sends as a message that is none, as much of it as a reader needs. */
export function createOddLines(
  upstream: string,
  log: Log,
  what: 'line of stdout' | 'event of a stream',
): (line: string) => void {
  const a = what === 'event of a stream' ? 'an' : 'a';
  let since = 0;
  let count = 0;
  return line => {
    const now = Date.now();
    if (now >= since + period) {
      if (count > most) log.warn({ upstream, lines: count - most }, `more than one ${what} was no message`);
      since = now;
      count = 0;
    }
    count += 1;
    if (count <= most) log.warn({ upstream, line: line.slice(0, 200) }, `${a} ${what} is no message and is skipped`);
  };
}
