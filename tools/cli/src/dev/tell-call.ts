import type { SeenCall } from './watch-plugin.ts';

/** A hook call for people: what became of it, what went in, and what came out where that is something else. */
export function tellCall({ hook, name, outcome, ms, ...call }: SeenCall): string {
  const { went_in, came_out, differences, cause, message, log } = call;
  return [
    `${hook}${name === undefined ? '' : ` ${name}`}: ${outcome}, ${ms.toFixed(1)} ms`,
    `  in   ${show(went_in)}`,
    ...differences.flatMap(({ path, before, after }) => [
      `  ${path}`,
      `    before ${show(before)}`,
      `    after  ${show(after)}`,
    ]),
    ...(outcome === 'respond' || outcome === 'block' ? [`  out  ${show(came_out)}`] : []),
    ...(cause === undefined ? [] : [`  ${[cause, message].filter(part => part !== undefined).join(': ')}`]),
    ...log.map(({ level, message }) => `  log  ${level} ${message}`),
  ].join('\n');
}

const longest = 2000;

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
