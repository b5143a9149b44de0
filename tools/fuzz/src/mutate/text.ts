// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of configurations are what is written
import type { Random } from '../random.ts';

/** Characters that readers of text stumble over. */
const odd: readonly string[] = [
  ...['\0', '\n', '\r\n', '\t', ' ', '\u00a0', '\u2028', '\ufeff', '\u202e', '\u200d', '\x7f', '\x1b[0m'],
  ...['\ud800', '\udfff', '\u{1f600}', 'e\u0301', '\u0130', 'ß', 'ſ', '．', '／', '﹫', '℀', '。'],
  ...['/', '//', '\\', ':', '@', '#', '?', '%', '%00', '%2f', '%2e%2e', '..', '../', '*', '**', '[', ']', '{', '}'],
  ...['"', "'", '`', '$', '${', '${X', '${HOME}', '$${', '<!--', '//x', '/*', '&', '=', ';', ',', '|', '>', '!', '-'],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then', 'null', 'true', 'NaN'],
  ...['0', '-1', '1e999', '9007199254740993', '0x10', '0177', '1'.repeat(400), 'a'.repeat(300), 'localhost', '127.1'],
];

const changes: readonly ((text: string, random: Random, other: string) => string)[] = [
  (text, random) => put(text, random, random.pick(odd)),
  (text, random) => put(text, random, random.pick(odd), 1 + random.int(4)),
  (text, random) => put(text, random, '', 1 + random.int(8)),
  (text, random) => put(text, random, String.fromCodePoint(random.int(random.chance(0.5) ? 128 : 0xffff))),
  (text, random) => text.slice(0, random.int(text.length + 1)),
  (text, random) => put(text, random, pieceOf(text, random)),
  (text, random, other) => put(text, random, pieceOf(other, random), random.int(12)),
  (text, random) => put(text, random, pieceOf(text, random).repeat(1 + random.int(2 ** random.int(9)))),
  (text, random) => text.replace(/\d+/g, digits => (random.chance(0.3) ? random.pick(numbers) : digits)),
  text => text.toUpperCase(),
  (text, random) => {
    const at = random.int(text.length + 1);
    return text.slice(at) + text.slice(0, at);
  },
];

const numbers = ['0', '-0', '-1', '1.5', '65535', '65536', '4294967296', '9007199254740993', '1e400', '00', '0x1'];

/** The text with one to four small changes; `other` lends pieces. */
export function mutateText(text: string, random: Random, other: string): string {
  let changed = text;
  for (let times = 1 + random.int(4); times > 0; times -= 1) changed = random.pick(changes)(changed, random, other);
  return changed.length > 200_000 ? changed.slice(0, 200_000) : changed;
}

function put(text: string, random: Random, piece: string, over = 0): string {
  const at = random.int(text.length + 1);
  return text.slice(0, at) + piece + text.slice(at + over);
}

function pieceOf(text: string, random: Random): string {
  const at = random.int(text.length + 1);
  return text.slice(at, at + 1 + random.int(24));
}
