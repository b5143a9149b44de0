import type { Fault } from '../core/fault.ts';
import type { Found } from './check.ts';

/** Converts a fault to something that a check found. */
export function foundOf(fault: Fault): Found {
  const { message, details, hint } = fault;
  const differences = details.differences === undefined ? '' : `\n${details.differences.join('\n')}`;
  return { what: `${message}${differences}`, fix: hint, fault };
}
