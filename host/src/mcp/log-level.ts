/** Levels of MCP's log messages, the least severe first (MCP 2025-11-25, Logging § Log Levels). */
export const logLevels: readonly string[] = [
  ...['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'],
];

/** Returns the severity of a level; -1 for an unknown one. */
export const severity = (level: unknown): number => logLevels.indexOf(String(level));

/** Returns the least severe of the wanted levels; undefined if there are none. */
export function mostVerbose(levels: Iterable<string | undefined>): string | undefined {
  let least: string | undefined;
  for (const level of levels) {
    if (level !== undefined && (least === undefined || severity(level) < severity(least))) least = level;
  }
  return least;
}
