/** Levels of MCP's log messages, the least severe first (MCP 2025-11-25, Logging § Log Levels). */
export const logLevels: readonly string[] = [
  ...['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'],
];

/** How severe a level is; -1 for what is no level. */
export const severity = (level: unknown): number => logLevels.indexOf(String(level));

/** The level at which everything is sent that one of them wants; undefined when none states a level. */
export function mostVerbose(levels: Iterable<string | undefined>): string | undefined {
  let least: string | undefined;
  for (const level of levels) {
    if (level !== undefined && (least === undefined || severity(level) < severity(least))) least = level;
  }
  return least;
}
