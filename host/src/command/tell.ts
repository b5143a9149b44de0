import type { Fault } from '../core/fault.ts';
import { visible } from '../core/visible.ts';

/** A refusal for people: the place and what is wrong, line by line what differs, then what to do. */
const tell = ({ message, details, hint }: Fault): string =>
  [
    indented(message, '    '),
    ...(details.differences ?? []).map(line => `    ${indented(line, '    ')}`),
    `  → ${indented(hint, '    ')}`,
  ].join('\n');

/** Nobody's words begin a line of their own: what follows a line end is set in, so that it cannot pass for ours. */
const indented = (text: string, by: string): string => visible(text).replaceAll('\n', `\n${by}`);

/** All refusals, for people. What plugins, upstreams and registries said in them cannot steer a terminal. */
export const tellAll = (faults: readonly Fault[]): string => faults.map(tell).join('\n\n');

/** All refusals, for machines: one line of JSON, which is as safe to look at. */
export const problemsAsJson = (faults: readonly Fault[]): string =>
  visible(
    JSON.stringify({
      ok: false,
      problems: faults.map(({ code, message, details, hint }) => ({ code, message, ...details, hint })),
    }),
  );
