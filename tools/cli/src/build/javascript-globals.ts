import { join } from 'node:path';
import { freeReferences } from '@sallyport/host/plugin';
import type { SourceLine } from './javascript-lines.ts';
import { scriptFolder } from './javascript-start.ts';

const module = (name: string) => `import ${JSON.stringify(join(scriptFolder, name))};`;

/** Globals that are replaced by ones that call the host or throw, with the module that installs each. */
const bound: ReadonlyMap<string, string> = new Map([
  ['console', module('console.js')],
  ['Date', module('clock.js')],
  ['performance', module('clock.js')],
  ['Math', module('random.js')],
  ['crypto', module('random.js')],
]);

/** The modules of all replaced globals, for a plugin that may use any of them. */
export const allBound: readonly string[] = [...new Set(bound.values())];

/** Names through which a program can reach globals dynamically. */
const ways: ReadonlySet<string> = new Set(['globalThis', 'self', 'window', 'global', 'eval', 'Function']);

const url = "import 'core-js/web/url';";

/** Globals that QuickJS lacks, with the code that provides each; it is bundled only into plugins that use it. */
const provided: ReadonlyMap<string, string> = new Map([
  ['URL', url],
  ['URLSearchParams', url],
  [
    'structuredClone',
    `import clone from '@ungap/structured-clone';
import { provide } from ${JSON.stringify(join(scriptFolder, 'provide.js'))};
provide('structuredClone', clone);`,
  ],
  ['TextEncoder', module('text.js')],
  ['TextDecoder', module('text.js')],
]);

/** Globals that QuickJS has, except the replaced ones. */
const present: ReadonlySet<string> = new Set(
  `AggregateError Array ArrayBuffer AsyncDisposableStack Atomics BigInt BigInt64Array BigUint64Array Boolean DOMException
  DataView Date DisposableStack Error EvalError FinalizationRegistry Float16Array Float32Array Float64Array Function
  Infinity Int16Array Int32Array Int8Array InternalError Iterator JSON Map Math NaN Number Object Promise Proxy RangeError
  ReferenceError Reflect RegExp Set SharedArrayBuffer String SuppressedError Symbol SyntaxError TypeError URIError
  Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet atob btoa decodeURI
  decodeURIComponent encodeURI encodeURIComponent escape eval globalThis isFinite isNaN parseFloat parseInt
  queueMicrotask undefined unescape arguments __sallyport_lines`.split(/\s+/),
);

/** Functions that take a locale, with the number of arguments from which on one is given. */
const localized: ReadonlyMap<string, number> = new Map([
  ['toLocaleString', 1],
  ['toLocaleDateString', 1],
  ['toLocaleTimeString', 1],
  ['toLocaleUpperCase', 1],
  ['toLocaleLowerCase', 1],
  ['localeCompare', 2],
]);

/** The globals that a bundle uses. */
export interface BundleGlobals {
  /** Code that provides globals that QuickJS lacks. */
  readonly imports: readonly string[];
  /** Missing globals, one line each with the first place that uses it. */
  readonly missing: readonly string[];
}

/**
 * Finds the globals that a bundle uses. A name whose presence the same file also tests (`typeof x`) is left out,
 * because that code works without it.
 * @param placeOf maps an offset in the bundle to a line of a source; undefined for our own code
 */
export function globalsOf(code: string, placeOf: (offset: number) => SourceLine | undefined): BundleGlobals {
  const { references, questions, calls } = freeReferences(code);
  const imports = new Set<string>();
  const found = new Map<string, SourceLine[]>();
  const note = (what: string, place: SourceLine) => void found.set(what, [...(found.get(what) ?? []), place]);
  const asked = new Set(questions.map(({ name, start }) => `${name} ${placeOf(start)?.file}`));
  for (const { name, start } of [...references, ...questions]) {
    const text = bound.get(name) ?? provided.get(name);
    if (text !== undefined && placeOf(start) !== undefined) imports.add(text);
  }
  for (const { name, start } of references) {
    const place = placeOf(start);
    if (place === undefined) continue;
    if (ways.has(name)) for (const each of allBound) imports.add(each);
    const isThere = present.has(name) || bound.has(name) || provided.has(name);
    if (!isThere && !asked.has(`${name} ${place.file}`)) note(`uses ${name}`, place);
  }
  for (const { name, given, start } of calls) {
    const [from, place] = [localized.get(name), placeOf(start)];
    if (from === undefined || given < from || place === undefined) continue;
    imports.add(module('locales.js'));
    note(`calls ${name} with a locale`, place);
  }
  const missing = [...found].map(([what, [first, ...more]]) => {
    const rest = more.length === 0 ? '' : ` and ${more.length} more ${more.length === 1 ? 'place' : 'places'}`;
    return `${first?.file}:${first?.line}${rest} ${what}, which a plugin does not have`;
  });
  return { imports: [...imports], missing };
}
