import type { Json } from './json.ts';
import { KeptNumber } from './json-number.ts';
import { findOddNumbers, type JsonBounds, standIn } from './json-scan.ts';

/**
 * The bounds for JSON from upstreams and plugins: a table of about ten megabytes passes, and takes half a second at
 * worst.
 */
export const wideBounds: JsonBounds = { values: 1_000_000, depth: 256 };

/**
 * Parses untrusted JSON. It accepts what `JSON.parse` accepts, with an optional byte order mark (RFC 8259 § 8.1).
 * Numbers that `JSON.stringify` would write differently become a `KeptNumber`.
 *
 * It takes time linear in the length of the text, and builds no value from a text that is out of bounds.
 * @throws SyntaxError, JsonExcess
 */
export function readJson(text: string, bounds: JsonBounds = wideBounds): Json {
  const bare = withoutBom(text);
  const odd = findOddNumbers(bare, bounds);
  return odd === undefined ? JSON.parse(bare) : parseKeeping(bare, odd);
}

/** Removes a leading byte order mark. */
export const withoutBom = (text: string): string => (text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);

/** @param odd start and end of each odd number, in order */
function parseKeeping(text: string, odd: readonly number[]): Json {
  const kept: string[] = [];
  let rewritten = '';
  let copied = 0;
  for (let place = 0; place < odd.length; place += 2) {
    const start = odd[place] ?? 0;
    const end = odd[place + 1] ?? 0;
    const source = text.slice(start, end);
    kept.push(source);
    rewritten += `${text.slice(copied, start)}${source.startsWith('-') ? '-' : ''}${kept.length}e22`;
    copied = end;
  }
  return restore(JSON.parse(rewritten + text.slice(copied)), kept);
}

/** Replaces the placeholders with the kept numbers, in place, because the value is fresh from `JSON.parse`. */
function restore(value: unknown, kept: readonly string[]): Json {
  if (typeof value === 'number') {
    const source = Math.abs(value) < standIn ? undefined : kept[Math.round(Math.abs(value) / standIn) - 1];
    return source === undefined ? value : new KeptNumber(source);
  }
  if (Array.isArray(value)) {
    for (let place = 0; place < value.length; place += 1) {
      const member = value[place];
      if (holds(member)) value[place] = restore(member, kept);
    }
  } else if (typeof value === 'object' && value !== null) {
    const members = value as Record<string, unknown>;
    for (const name of Object.keys(members)) {
      const member = members[name];
      // An own member named `__proto__` is assigned like any other.
      if (holds(member)) members[name] = restore(member, kept);
    }
  }
  return value as Json;
}

/** Whether a value may be or contain a placeholder. */
const holds = (value: unknown): boolean =>
  typeof value === 'number' ? value >= standIn || value <= -standIn : typeof value === 'object' && value !== null;
