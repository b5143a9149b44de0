import { oneLine } from '@sallyport/host/core';
import type { LogLine, SeenCall } from './watch-plugin.ts';

/** Formats a hook call: its outcome, its input, and its output where that differs. */
export function formatCall({ hook, name, outcome, ms, ...call }: SeenCall): string {
  const { went_in, came_out, differences, cause, message, log } = call;
  return [
    oneLine(`${hook}${name === undefined ? '' : ` ${name}`}: ${outcome}, ${ms.toFixed(1)} ms`),
    `  in   ${show(went_in)}`,
    ...differences.flatMap(({ path, before, after }) => [
      oneLine(`  ${path}`),
      `    before ${show(before)}`,
      `    after  ${show(after)}`,
    ]),
    ...(outcome === 'respond' || outcome === 'block' ? [`  out  ${show(came_out)}`] : []),
    ...(cause === undefined ? [] : [`  ${lines([cause, message].filter(part => part !== undefined).join(': '))}`]),
    ...log.map(line => `  log  ${formatLine(line)}`),
  ].join('\n');
}

/** Formats a log line. Further lines of its message are indented, so that they cannot pass for other output. */
export const formatLine = ({ level, message }: LogLine): string => `${level} ${lines(message)}`;

const lines = (text: string): string => text.split('\n').map(oneLine).join('\n         ');

const longest = 2000;

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = oneLine(JSON.stringify(value));
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
