import type { PluginDescriptor } from '@sallyport/host/contract';
import { formatLine } from '../dev/format-call.ts';
import type { LogLine } from '../dev/watch-plugin.ts';
import { type Case, decisions } from './case-file.ts';
import type { Difference } from './difference.ts';
import type { CaseResult } from './run-case.ts';

/** The number of cases for each hook that the descriptor declares, and for what policies and identity plugins are asked. */
export function coverageOf(
  { kind, hooks: ofTransform }: PluginDescriptor,
  cases: readonly Case[],
): Readonly<Record<string, number>> {
  const hooks = kind === 'policy' ? decisions : kind === 'identity' ? ['identify', ...ofTransform] : ofTransform;
  const called = cases.map(({ steps }) => new Set<string>(steps.map(({ hook }) => hook)));
  return Object.fromEntries(hooks.map(hook => [hook, called.filter(each => each.has(hook)).length]));
}

/** Formats one line per case with its differences below, and the number of cases per hook. */
export function formatCases(
  { id, version }: PluginDescriptor,
  results: readonly CaseResult[],
  coverage: Readonly<Record<string, number>>,
): string {
  const width = Math.min(72, Math.max(...results.map(({ name }) => name.length)));
  const failed = results.filter(({ passed }) => !passed).length;
  const hooks = Object.entries(coverage).map(([hook, count]) => `${hook} ${count === 0 ? 'has no cases' : count}`);
  return [
    `plugin: ${id} ${version}`,
    ...results.flatMap(({ name, passed, differences, wall_ms, memory_bytes }) => [
      `  ${passed ? 'ok  ' : 'FAIL'}  ${name.padEnd(width)}  ${wall_ms.toFixed(1).padStart(7)} ms  ${mebibytes(memory_bytes).padStart(6)} MiB`,
      ...differences.flatMap(each => formatDifference(each).map(line => `        ${line}`)),
    ]),
    `hooks: ${hooks.join(', ')}`,
    `${results.length - failed} passed, ${failed} failed`,
  ].join('\n');
}

/** Formats the cases in which two versions of a plugin differ. */
export function formatChanges(reference: string, changes: readonly CaseChange[]): string {
  if (changes.length === 0) return `compared with ${reference}: no differences`;
  return [
    `compared with ${reference}: ${changes.length} cases differ ("expected" is the result of ${reference})`,
    ...changes.flatMap(({ name, differences }) => [
      `  ${name}`,
      ...differences.flatMap(each => formatDifference(each).map(line => `        ${line}`)),
    ]),
  ].join('\n');
}

/** A case in which two versions differ. */
export interface CaseChange {
  readonly name: string;
  readonly differences: readonly Difference[];
}

const formatDifference = ({ path, expected, got, hint }: Difference): readonly string[] => {
  const { log, rest } = withoutLog(got);
  return [
    path,
    `  expected ${show(expected)}`,
    `  got      ${show(rest)}`,
    ...log
      .flatMap(line => formatLine(line).split('\n'))
      .map((line, index) => `  ${index === 0 ? 'log' : '   '}      ${line}`),
    ...(hint === undefined ? [] : [`  → ${hint}`]),
  ];
};

/** Log lines are printed on lines of their own, as written. */
function withoutLog(got: unknown): { readonly log: readonly LogLine[]; readonly rest: unknown } {
  if (typeof got !== 'object' || got === null || !('log' in got) || !Array.isArray(got.log))
    return { log: [], rest: got };
  const { log, ...rest } = got;
  return { log, rest };
}

const longest = 2000;

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
