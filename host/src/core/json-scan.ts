/** The limits of one JSON text. */
export interface JsonBounds {
  readonly values: number;
  /** The maximum nesting of arrays and objects. */
  readonly depth: number;
}

/** Thrown for a JSON text that exceeds its bounds. */
export class JsonExcess extends Error {
  override readonly name = 'JsonExcess';
}

const quote = 34;
const plus = 43;
const comma = 44;
const minus = 45;
const dot = 46;
const zero = 48;
const nine = 57;
const upperE = 69;
const openBracket = 91;
const backslash = 92;
const closeBracket = 93;
const lowerE = 101;
const openBrace = 123;
const closeBrace = 125;

/** The number of digits that every double keeps (DBL_DIG). */
const safeDigits = 15;

/**
 * Scans a JSON text once, outside of its strings: checks its bounds and finds the numbers that `JSON.parse` and
 * `JSON.stringify` would change. Returns their starts and ends in order; `undefined` if there are none, as in nearly
 * every text. Invalid JSON is left to the parser.
 * @throws JsonExcess
 */
export function findOddNumbers(text: string, bounds: JsonBounds): readonly number[] | undefined {
  let odd: number[] | undefined;
  let depth = 0;
  let values = 1;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = endOfString(text, at);
    } else if (code === comma) {
      values += 1;
    } else if (code === openBracket || code === openBrace) {
      values += 1;
      depth += 1;
      if (depth > bounds.depth) throw new JsonExcess(`nested deeper than ${bounds.depth} levels`);
      if (values > bounds.values) throw tooMany(bounds);
    } else if (code === closeBracket || code === closeBrace) {
      depth -= 1;
    } else if (isDigit(code) || code === minus) {
      let end = at + 1;
      while (isDigit(text.charCodeAt(end))) end += 1;
      const next = text.charCodeAt(end);
      const isNegativeZero = code === minus && text.charCodeAt(at + 1) === zero;
      if (next === dot || next === lowerE || next === upperE || end - at > safeDigits || isNegativeZero) {
        const whole = end;
        while (isNumberCode(text.charCodeAt(end))) end += 1;
        if (isOdd(text, at, whole, end)) {
          odd ??= [];
          odd.push(at, end);
        }
      }
      at = end - 1;
    }
  }
  if (values > bounds.values) throw tooMany(bounds);
  return odd;
}

const tooMany = ({ values }: JsonBounds) => new JsonExcess(`more than ${values} values`);

/**
 * The placeholder of odd numbers in `JSON.parse`: the first one becomes 1e22, the second 2e22. No other number is as
 * large, because all such numbers count as odd. V8 parses no larger power of ten as fast.
 */
export const standIn = 1e22;

/** Returns the index of the quote that ends the string at `start`, or of the end of the text. */
export function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1) {
    let before = end - 1;
    while (text.charCodeAt(before) === backslash) before -= 1;
    if ((end - before) % 2 === 1) return end;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

const isDigit = (code: number) => code >= zero && code <= nine;

const isNumberCode = (code: number) =>
  isDigit(code) || code === dot || code === lowerE || code === upperE || code === plus || code === minus;

const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Whether the number in `text` would be written differently as a double, or is as large as a placeholder. */
function isOdd(text: string, start: number, dotAt: number, end: number): boolean {
  const short = isOddFraction(text, text.charCodeAt(start) === minus ? start + 1 : start, dotAt, end);
  if (short !== undefined) return short;
  const number = text.slice(start, end);
  const double = Number(number);
  return (String(double) !== number || Math.abs(double) >= standIn) && jsonNumber.test(number);
}

/**
 * Decides the common case of short fractions like 12.345 or 1.50, of which a double keeps every digit but a final zero.
 * `undefined` for everything that is longer, smaller than 0.1, or not a fraction.
 */
function isOddFraction(text: string, start: number, dotAt: number, end: number): boolean | undefined {
  if (end - start > safeDigits + 1 || text.charCodeAt(dotAt) !== dot || dotAt === start || dotAt + 1 === end)
    return undefined;
  for (let at = dotAt + 1; at < end; at += 1) if (!isDigit(text.charCodeAt(at))) return undefined;
  if (text.charCodeAt(start) === zero && (dotAt > start + 1 || text.charCodeAt(dotAt + 1) === zero)) return undefined;
  return text.charCodeAt(end - 1) === zero;
}
