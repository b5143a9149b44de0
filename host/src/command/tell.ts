import type { Fault } from '../core/fault.ts';

/** A refusal for people: the place and what is wrong, line by line what differs, then what to do. */
const tell = ({ message, details, hint }: Fault): string =>
  [message, ...(details.differences ?? []).map(line => `    ${line}`), `  → ${hint}`].join('\n');

/** All refusals, for people. */
export const tellAll = (faults: readonly Fault[]): string => faults.map(tell).join('\n\n');

/** All refusals, for machines: one line of JSON. */
export const problemsAsJson = (faults: readonly Fault[]): string =>
  JSON.stringify({
    ok: false,
    problems: faults.map(({ code, message, details, hint }) => ({ code, message, ...details, hint })),
  });
