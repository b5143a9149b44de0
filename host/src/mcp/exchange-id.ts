import type { Json } from '../core/json.ts';
import { readJson, withoutBom } from '../core/json-reader.ts';
import { endOfString } from '../core/json-scan.ts';

/**
 * Replaces a message's id with `own`, a JSON value. Undefined if the message does not have exactly one top-level member
 * `id`, because with two, readers differ in which one they use. Line breaks between tokens are removed, because SSE
 * frames by lines.
 * @param text a JSON object that JSON.parse accepts
 */
export function exchangeId(text: string, own: string): string | undefined {
  const place = findId(text);
  if (place === undefined) return undefined;
  const exchanged = withoutBom(text.slice(0, place.from)) + own + text.slice(place.to);
  return exchanged.includes('\n') || exchanged.includes('\r') ? exchanged.replace(/[\r\n]+/g, ' ') : exchanged;
}

interface Place {
  readonly from: number;
  readonly to: number;
}

/**
 * Finds the id of a message that is too large to parse. Undefined if it does not have exactly one that is a string
 * without escapes, or a number.
 */
export function readId(text: string): Json | undefined {
  const place = findId(text);
  if (place === undefined || place.to - place.from > longestId) return undefined;
  try {
    return readJson(text.slice(place.from, place.to));
  } catch {
    return undefined;
  }
}

const longestId = 1_000;

/** Finds the value of the only top-level member `id`. Strings are skipped, so that long texts cost little. */
function findId(text: string): Place | undefined {
  let found: Place | undefined;
  let depth = 0;
  let isName = false;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case quote: {
        const end = endOfString(text, at) + 1;
        if (isName && isId(text, at, end)) {
          if (found !== undefined) return undefined;
          found = valueAfter(text, end);
          if (found === undefined) return undefined;
        }
        isName = false;
        at = end - 1;
        break;
      }
      case openBrace:
      case openBracket:
        depth += 1;
        isName = depth === 1;
        break;
      case closeBrace:
      case closeBracket:
        depth -= 1;
        break;
      case comma:
        isName = depth === 1;
        break;
    }
  }
  return found;
}

const quote = 34;
const comma = 44;
const openBracket = 91;
const closeBracket = 93;
const openBrace = 123;
const closeBrace = 125;

/** Whether a name is `id`, which may be written with escapes. */
function isId(text: string, from: number, to: number): boolean {
  if (to - from === plainName.length) return text.startsWith(plainName, from);
  const name = to - from <= longestName ? text.slice(from, to) : '';
  return name.includes('\\') && JSON.parse(name) === 'id';
}

const plainName = '"id"';
const longestName = '"\\u0069\\u0064"'.length;

/** Parses an id; undefined for any other value. */
function valueAfter(text: string, end: number): Place | undefined {
  scalar.lastIndex = end;
  const [all, value] = scalar.exec(text) ?? [];
  if (all === undefined || value === undefined) return undefined;
  return { from: scalar.lastIndex - value.length, to: scalar.lastIndex };
}

const scalar = /\s*:\s*("[^"\\]*"|-?[0-9][0-9.eE+-]*|null)/y;
