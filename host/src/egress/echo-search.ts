import { formsOf } from '../core/secret-mask.ts';

/**
 * Bytes of a value that may stand together in an answer. A server that serves parts of what it repeats would give a longer
 * run away piece by piece.
 */
const longestRun = 7;
/** Layers of escapes that are looked through: JSON within HTML, or percent-encoded twice. */
const layers = 3;

/** Runs of bytes to look for, folded, as Latin-1 text. */
export interface EchoSearch {
  readonly runs: readonly { readonly length: number; readonly known: ReadonlySet<string> }[];
  /** By a hash of the first four bytes of a run, so that most places are passed in one step. */
  readonly begins: Uint8Array;
}

/** Letters of either case are the same, and so are a space and the plus that stands for it in forms. */
const folded = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x41 && byte <= 0x5a) return byte + 0x20;
  return byte === 0x2b ? 0x20 : byte;
});

/** The hash of four bytes, after one more. */
const hashed = (hash: number, byte: number) => ((hash << 4) ^ byte) & 0xffff;

/** Makes a search for these values. Values of fewer than four bytes are not looked for. */
export function createEchoSearch(values: Iterable<string>): EchoSearch {
  const byLength = new Map<number, Set<string>>();
  const begins = new Uint8Array(1 << 16);
  for (const bytes of [...values].flatMap(writings)) {
    const length = Math.min(bytes.length, longestRun + 1);
    if (length < 4) continue;
    const known = byLength.get(length) ?? new Set();
    byLength.set(length, known);
    for (let at = 0; at + length <= bytes.length; at += 1) {
      const run = bytes.map(byte => folded[byte] ?? 0).subarray(at, at + length);
      known.add(Buffer.from(run).toString('latin1'));
      begins[run.subarray(0, 4).reduce(hashed, 0)] = 1;
    }
  }
  return { runs: [...byLength].map(([length, known]) => ({ length, known })), begins };
}

/** The bytes with `stars` instead of each run of a value, however it is escaped; themselves when they hold none. */
export function hideEchoes(search: EchoSearch, bytes: Uint8Array, stars: string): Uint8Array {
  const found: [from: number, to: number][] = [];
  let layer: Layer | undefined = { bytes, starts: undefined };
  for (let depth = 0; depth <= layers && layer !== undefined; depth += 1) {
    find(search, layer, found);
    layer = unescaped(layer);
  }
  if (found.length === 0) return bytes;
  const pieces: Uint8Array[] = [];
  let end = -1;
  for (const [from, to] of found.toSorted((one, other) => one[0] - other[0])) {
    if (from > end) pieces.push(bytes.subarray(Math.max(end, 0), from), Buffer.from(stars));
    end = Math.max(end, to);
  }
  return new Uint8Array(Buffer.concat([...pieces, bytes.subarray(end)]));
}

/** A value in the alphabets that no escape turns back: UTF-8, UTF-16 and Latin-1, base64, hexadecimal. */
const writings = (value: string): Uint8Array[] =>
  formsOf(value).flatMap(form => [
    Buffer.from(form),
    Buffer.from(form, 'utf16le'),
    ...(/^[\0-\xff]*$/.test(form) ? [Buffer.from(form, 'latin1')] : []),
  ]);

/** Bytes and, for each of them and their end, where that begins in the answer; undefined when each is at its own place. */
interface Layer {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array | undefined;
}

function find({ runs, begins }: EchoSearch, { bytes, starts }: Layer, found: [number, number][]): void {
  const plain = Buffer.from(bytes);
  const hits: number[] = [];
  let hash = 0;
  for (let end = 0; end < plain.length; end += 1) {
    const byte = folded[plain[end] ?? 0] ?? 0;
    plain[end] = byte;
    hash = hashed(hash, byte);
    if (begins[hash] === 0) continue;
    hits.push(end - 3);
  }
  for (const at of hits) {
    for (const { length, known } of runs) {
      if (at < 0 || at + length > plain.length || !known.has(plain.toString('latin1', at, at + length))) continue;
      found.push(starts === undefined ? [at, at + length] : [starts[at] ?? 0, starts[at + length] ?? 0]);
    }
  }
}

const [percent, ampersand, backslash] = [0x25, 0x26, 0x5c];
/** An escape at the beginning of a text; a group says of which kind. Twelve characters hold the longest one. */
const escapeSequence =
  /^(?:%(?<byte>[0-9a-f]{2})|\\x(?<x>[0-9a-f]{2})|\\u(?<unit>[0-9a-f]{4})(?<low>\\ud[c-f][0-9a-f]{2})?|\\(?<plain>[^ux])|&#(?<decimal>\d{1,7});?|&#x(?<hex>[0-9a-f]{1,6});?|&(?<name>amp|lt|gt|quot|apos|sol|plus);)/i;
const named: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  sol: '/',
  plus: '+',
};

/** The bytes with one layer of escapes undone, those of JSON, HTML and URLs alike; undefined when it has none. */
function unescaped({ bytes, starts }: Layer): Layer | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (![percent, ampersand, backslash].some(byte => text.includes(byte))) return undefined;
  const out = new Uint8Array(bytes.length);
  const from = new Uint32Array(bytes.length + 1);
  let size = 0;
  let at = 0;
  while (at < bytes.length) {
    const byte = bytes[at] ?? 0;
    const start = starts === undefined ? at : (starts[at] ?? 0);
    const isEscape = byte === percent || byte === ampersand || byte === backslash;
    const read = isEscape ? readEscape(text.toString('latin1', at, at + 12)) : undefined;
    if (read === undefined) {
      from[size] = start;
      out[size] = byte;
      size += 1;
      at += 1;
      continue;
    }
    for (const put of read.bytes) {
      from[size] = start;
      out[size] = put;
      size += 1;
    }
    at += read.length;
  }
  if (size === bytes.length) return undefined;
  from[size] = starts === undefined ? bytes.length : (starts[bytes.length] ?? 0);
  return { bytes: out.subarray(0, size), starts: from.subarray(0, size + 1) };
}

/** What an escape at the beginning of `text` stands for, and how long it is. Never more bytes than characters. */
function readEscape(text: string): { readonly bytes: Iterable<number>; readonly length: number } | undefined {
  const hexByte = text[0] === '%' ? Number.parseInt(text.slice(1, 3), 16) : Number.NaN;
  // Most escapes of a long text are these, and a regular expression for each would take most of the time.
  if (text.length > 2 && /[0-9a-f]/i.test(text[2] ?? '') && !Number.isNaN(hexByte))
    return { bytes: [hexByte], length: 3 };
  const match = escapeSequence.exec(text);
  if (match === null) return undefined;
  const { byte, x, unit, low, plain, decimal, hex, name } = match.groups ?? {};
  const [{ length }] = match;
  if (byte !== undefined || x !== undefined) return { bytes: [Number.parseInt(byte ?? x ?? '', 16)], length };
  if (unit !== undefined) {
    const isPair = low !== undefined && /^d[89ab]/i.test(unit);
    const character = JSON.parse(`"\\u${unit}${isPair ? low : ''}"`) as string;
    return { bytes: Buffer.from(character), length: isPair ? length : 6 };
  }
  if (plain !== undefined) return { bytes: Buffer.from(plain, 'latin1'), length };
  if (name !== undefined) return { bytes: Buffer.from(named[name.toLowerCase()] ?? ''), length };
  const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  return point > 0x10ffff ? undefined : { bytes: Buffer.from(String.fromCodePoint(point)), length };
}
