const names: Readonly<Record<number, string>> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' };

/** Converts a numeric level of the gateway's log to the name that plugins use. */
export const levelName = (level: number): string => names[level] ?? String(level);
