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
  const place = findPlainId(text) ?? findId(text);
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

/**
 * Finds the id where servers write it, first or last, without looking at everything between: there is no second member
 * `id` if its name occurs once, and no escape could spell it. Undefined for everything else.
 * @param text a JSON object that JSON.parse accepts
 */
function findPlainId(text: string): Place | undefined {
  const at = text.indexOf(plainName);
  if (at === -1 || text.includes(plainName, at + plainName.length) || text.includes(asciiEscape)) return undefined;
  const from = at + plainName.length + 1;
  let to = from;
  while (isDigit(text.charCodeAt(to))) to += 1;
  const next = text.charCodeAt(to);
  const isWhole = text.charCodeAt(from - 1) === colon && to > from && (next === comma || next === closeBrace);
  // A quote behind a comma begins a name, because the text is valid, and the last brace ends the message.
  const isLast = to + 1 === text.length && text.charCodeAt(at - 1) === comma;
  const isFirst = at === 1 || (at === firstMember.length && text.startsWith(firstMember));
  return isWhole && (isLast || isFirst) ? { from, to } : undefined;
}

const firstMember = '{"jsonrpc":"2.0",';
/** How the escapes of all ASCII characters begin. */
const asciiEscape = '\\u00';

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

const isDigit = (code: number) => code >= 48 && code <= 57;

const quote = 34;
const comma = 44;
const colon = 58;
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
