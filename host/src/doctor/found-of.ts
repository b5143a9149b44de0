import type { Fault } from '../core/fault.ts';
import type { Found } from './check.ts';

/** Returns what a fault says, as something that a check found. */
export function foundOf({ message, details, hint }: Fault): Found {
  const differences = details.differences === undefined ? '' : `\n${details.differences.join('\n')}`;
  return { what: `${message}${differences}`, fix: hint };
}
