const names: Readonly<Record<number, string>> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' };

/** What a line of the gateway's log calls its level by number, as plugins call it. */
export const levelName = (level: number): string => names[level] ?? String(level);
