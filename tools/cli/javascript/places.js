/**
 * The lines that the author wrote, in the place of those of the bundle. The build puts the table in `__sallyport_lines`,
 * as text: it is parsed when the first error asks for it.
 */
import { hasCallSites } from 'sallyport:build';

/** @typedef {{ readonly files: readonly string[], readonly runs: readonly (readonly [here: number, file: number, there: number])[] }} LineTable */

/** @type {LineTable | undefined} */
let table;

/**
 * Where a line of the bundle comes from, as `file:line`; empty for code of ours, undefined for what is no line of it.
 * @param {number} line
 * @returns {string | undefined}
 */
function placeOf(line) {
  table ??= /** @type {LineTable} */ (JSON.parse(__sallyport_lines));
  const { files, runs } = table;
  let [low, high] = [0, runs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((runs[middle]?.[0] ?? 0) <= line) low = middle + 1;
    else high = middle;
  }
  const run = runs[low - 1];
  if (run === undefined) return undefined;
  const file = files[run[1]];
  return file === '' ? '' : `${file}:${run[2] + line - run[0]}`;
}

const inBundle = /\(?[^ (]*?(?:<[a-z]+>|\.js):(\d+)(?::\d+)?\)?/g;

/**
 * A stack with the author's lines.
 * @param {string | undefined} stack
 */
export const placed = (stack = '') =>
  hasCallSites ? stack : stack.replace(inBundle, (all, line) => `(${placeOf(Number(line)) || all})`);

/** Reads stacks as V8's API has it, which QuickJS has too: so that `error.stack` itself names the author's lines. */
if (hasCallSites) {
  Error.prepareStackTrace = (_error, sites) =>
    sites
      .map(site => {
        const line = site.getLineNumber();
        const place = line === null ? 'native' : placeOf(line);
        return place ? `    at ${site.getFunctionName() || '<anonymous>'} (${place})\n` : '';
      })
      .join('');
}

/** @param {string | undefined} stack */
const placesOf = stack => [...placed(stack).matchAll(/\(([^()\s]+:\d+)\)/g)].map(([, place = '']) => place);

/** Packages, and the helpers, which a new plugin has in its folder. @param {string} place */
const isInstalled = place => /^(node_modules|@?sallyport)\//.test(place);

/**
 * Whether the innermost line is a package's.
 * @param {string | undefined} stack
 */
export const isOfPackage = stack => isInstalled(placesOf(stack)[0] ?? '');

/**
 * Where an error arose: its innermost line, and when that is a package's also the first line of the author's own.
 * @param {string} stack
 */
export function originOf(stack) {
  const places = placesOf(stack);
  const [first] = places;
  const own = places.find(place => !isInstalled(place));
  if (first === undefined) return '';
  return own === undefined || own === first ? ` (${first})` : ` (${first}, by way of ${own})`;
}
