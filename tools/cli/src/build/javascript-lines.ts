import { existsSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { relative, resolve, sep } from 'node:path';
import { helpersFolder } from './javascript-helpers.ts';
import { scriptFolder } from './javascript-start.ts';

/** A line of a source file, counted from 1. */
export interface SourceLine {
  readonly file: string;
  readonly line: number;
}

/** Maps lines of a bundle to source files; read by tools/cli/javascript/places.js. */
export interface LineTable {
  readonly files: readonly string[];
  /** Runs of consecutive lines: first line in the bundle, index in `files`, first line of the source; from 1. */
  readonly runs: readonly (readonly [here: number, file: number, there: number])[];
}

/** Builds the line table. Lines that are consecutive in bundle and source form one run, which keeps it small. */
export function lineTable(code: string, map: string, folder: string): LineTable {
  const source = new SourceMap(JSON.parse(map));
  const files: string[] = [];
  const runs: [number, number, number][] = [];
  for (const [index, line] of code.split('\n').entries()) {
    const entry = source.findEntry(index, line.search(/\S|$/));
    if (!('originalSource' in entry) || entry.generatedLine !== index) continue;
    const name = sourceName(entry.originalSource, folder);
    const known = files.indexOf(name);
    const file = known === -1 ? files.push(name) - 1 : known;
    const [here, there] = [index + 1, entry.originalLine + 1];
    const last = runs.at(-1);
    if (last?.[1] === file && there - last[2] === here - last[0]) continue;
    runs.push([here, file, there]);
  }
  return { files, runs };
}

/** Maps an offset in the bundle to a line of a source; undefined for our own code. */
export function placeFinder(code: string, { files, runs }: LineTable): (offset: number) => SourceLine | undefined {
  const starts = [0, ...Array.from(code.matchAll(/\n/g), ({ index }) => index + 1)];
  return offset => {
    const line = lastAtMost(starts, offset) + 1;
    const run =
      runs[
        lastAtMost(
          runs.map(([here]) => here),
          line,
        )
      ];
    const file = run && files[run[1]];
    return run === undefined || !file ? undefined : { file, line: run[2] + line - run[0] };
  };
}

/** Returns the index of the last of these ascending numbers that is at most `limit`; -1 if all are greater. */
function lastAtMost(numbers: readonly number[], limit: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? 0) <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

const packages = `node_modules${sep}`;

/** Returns the display name of a source: relative to the plugin, or `node_modules/PACKAGE/…`; empty for our own code. */
export function sourceName(source: string, folder: string): string {
  const path = resolve(folder, source);
  if (path.startsWith(scriptFolder) || /^sallyport-(host|start):/.test(source)) return '';
  if (path.startsWith(helpersFolder)) return path.replace(helpersFolder, '@sallyport/plugin');
  if (path.includes(packages)) return path.slice(path.lastIndexOf(packages)).replaceAll(sep, '/');
  return existsSync(path) ? relative(folder, path) : source;
}
