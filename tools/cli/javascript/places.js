/**
 * Maps lines of the bundle to the author's lines. The build stores the table in `__sallyport_lines` as text, which is
 * parsed at the first error.
 */
import { hasCallSites } from 'sallyport:build';

/** @typedef {{ readonly files: readonly string[], readonly runs: readonly (readonly [here: number, file: number, there: number])[] }} LineTable */

/** @type {LineTable | undefined} */
let table;

/**
 * Returns the source of a line of the bundle as `file:line`; empty for our own code, undefined for other lines.
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
 * Returns a stack with the author's lines.
 * @param {string | undefined} stack
 */
export const placed = (stack = '') =>
  hasCallSites ? stack : stack.replace(inBundle, (all, line) => `(${placeOf(Number(line)) || all})`);

/** Formats stacks with V8's API, which QuickJS has too, so that `error.stack` itself names the author's lines. */
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

/** Whether a place is in a package, or in the SDK in the plugin's folder. @param {string} place */
const isInstalled = place => /^(node_modules|@?sallyport)\//.test(place);

/**
 * Whether the innermost line is in a package.
 * @param {string | undefined} stack
 */
export const isOfPackage = stack => isInstalled(placesOf(stack)[0] ?? '');

/**
 * Returns where an error was thrown: its innermost line and, if that is in a package, the author's line that led to it.
 * @param {string} stack
 */
export function originOf(stack) {
  const places = placesOf(stack);
  const [first] = places;
  const own = places.find(place => !isInstalled(place));
  if (first === undefined) return '';
  return own === undefined || own === first ? ` (${first})` : ` (${first}, called from ${own})`;
}
