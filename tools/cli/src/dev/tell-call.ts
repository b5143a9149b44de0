import type { LogLine, SeenCall } from './watch-plugin.ts';

/** A hook call for people: what became of it, what went in, and what came out where that is something else. */
export function tellCall({ hook, name, outcome, ms, ...call }: SeenCall): string {
  const { went_in, came_out, differences, cause, message, log } = call;
  return [
    harmless(`${hook}${name === undefined ? '' : ` ${name}`}: ${outcome}, ${ms.toFixed(1)} ms`),
    `  in   ${show(went_in)}`,
    ...differences.flatMap(({ path, before, after }) => [
      harmless(`  ${path}`),
      `    before ${show(before)}`,
      `    after  ${show(after)}`,
    ]),
    ...(outcome === 'respond' || outcome === 'block' ? [`  out  ${show(came_out)}`] : []),
    ...(cause === undefined ? [] : [`  ${lines([cause, message].filter(part => part !== undefined).join(': '))}`]),
    ...log.map(line => `  log  ${tellLine(line)}`),
  ].join('\n');
}

/** A line of a log. What stands on lines of its own is set in, so that nobody takes it for something else. */
export const tellLine = ({ level, message }: LogLine): string => `${level} ${lines(message)}`;

const lines = (text: string): string => text.split('\n').map(harmless).join('\n         ');

/** Without what a terminal obeys, or what makes text look like other text. */
const harmless = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ');

const longest = 2000;

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = harmless(JSON.stringify(value));
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
