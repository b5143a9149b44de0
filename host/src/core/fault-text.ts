import type { Fault } from './fault.ts';
import { visible } from './visible.ts';

/** Formats one fault for people: where it is and what is wrong, what differs line by line, then what to do. */
const asText = ({ message, details, hint }: Fault): string =>
  [
    indented(message, '    '),
    ...(details.differences ?? []).map(line => `    ${indented(line, '    ')}`),
    `  → ${indented(hint, '    ')}`,
  ].join('\n');

/** Indents all lines but the first, so that no text of a plugin or an upstream begins a line and passes for ours. */
const indented = (text: string, by: string): string => visible(text).replaceAll('\n', `\n${by}`);

/** Formats faults for people. Text of plugins, upstreams and registries in them cannot control the terminal. */
export const faultsAsText = (faults: readonly Fault[]): string => faults.map(asText).join('\n\n');

/** Formats faults for machines, as one line of JSON that is as safe to print. */
export const faultsAsJson = (faults: readonly Fault[]): string =>
  visible(
    JSON.stringify({
      ok: false,
      problems: faults.map(({ code, message, details, hint }) => ({ code, message, ...details, hint })),
    }),
  );
