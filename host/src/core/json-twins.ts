import { isJsonObject, type Json, type JsonObject } from './json.ts';

/** Two names of one object that differ only in case. */
export type Twins = readonly [one: string, other: string];

/**
 * Finds names that differ only in case, in any object within `value`. In JSON they are two members. Many servers treat
 * them as one (Go's encoding/json, .NET, Jackson if configured so) and use the last one, which need not be the one that
 * a plugin checked.
 */
export function findTwins(value: Json | undefined): Twins | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) {
    for (const member of value as readonly Json[]) {
      const twins = findTwins(member);
      if (twins !== undefined) return twins;
    }
    return undefined;
  }
  return isJsonObject(value) ? findTwinsIn(value) : undefined;
}

function findTwinsIn(object: JsonObject): Twins | undefined {
  const names = Object.keys(object);
  const own = names.length > fewNames ? twinsOfMany(names) : twinsOfFew(names);
  if (own !== undefined) return own;
  for (const name of names) {
    const member = object[name];
    const twins = typeof member === 'object' ? findTwins(member) : undefined;
    if (twins !== undefined) return twins;
  }
  return undefined;
}

/** Up to this many names are compared pairwise, without allocating. */
const fewNames = 12;

function twinsOfFew(names: readonly string[]): Twins | undefined {
  for (let place = 1; place < names.length; place += 1) {
    const name = names[place] ?? '';
    for (let before = 0; before < place; before += 1) {
      const other = names[before] ?? '';
      if (name.length === other.length && isSameFolded(name, other)) return [other, name];
    }
  }
  return undefined;
}

function twinsOfMany(names: readonly string[]): Twins | undefined {
  if (new Set(names.map(roughHash)).size === names.length) return undefined;
  const seen = new Map<string, string>();
  for (const name of names) {
    const folded = foldCase(name);
    const other = seen.get(folded);
    if (other !== undefined) return [other, name];
    seen.set(folded, name);
  }
  return undefined;
}

/** Computes a hash that is equal for names that differ only in case, and for few others. */
function roughHash(name: string): number {
  let hash = 0;
  for (let at = 0; at < name.length; at += 1) {
    const code = name.charCodeAt(at);
    hash = (Math.imul(hash, 31) + (code > lastAscii ? (foldedToAscii.get(code) ?? lastAscii) : lowerCase(code))) | 0;
  }
  return hash;
}

/** Non-ASCII characters that fold to ASCII ones: ſ to s, K to k, ı to i. */
const foldedToAscii: ReadonlyMap<number, number> = new Map([
  [0x17f, 115],
  [0x212a, 107],
  [0x131, 105],
]);

/** Whether two names of the same length differ only in case. */
function isSameFolded(one: string, other: string): boolean {
  for (let at = 0; at < one.length; at += 1) {
    const a = one.charCodeAt(at);
    const b = other.charCodeAt(at);
    if (a > lastAscii || b > lastAscii) return foldCase(one) === foldCase(other);
    if (a !== b && lowerCase(a) !== lowerCase(b)) return false;
  }
  return true;
}

const lastAscii = 127;
const lowerCase = (code: number) => (code >= 65 && code <= 90 ? code + 32 : code);

/**
 * Folds case (Unicode, CaseFolding.txt, C and S), one character to one, so that ſ is s, K is k and ß stays.
 * The dotless ı counts as i, as it does to Java.
 */
export function foldCase(name: string): string {
  if (/^[ -~]*$/.test(name)) return name.toLowerCase();
  let folded = '';
  for (const character of name) folded += foldedCharacters.get(character) ?? foldCharacter(character);
  return folded;
}

/** A cache of folded characters, bounded by the size of Unicode. */
const foldedCharacters = new Map<string, string>();

function foldCharacter(character: string): string {
  const upper = onlyIfOne(character.toUpperCase(), character);
  const folded = onlyIfOne(upper.toLowerCase(), upper);
  foldedCharacters.set(character, folded);
  return folded;
}

const onlyIfOne = (folded: string, otherwise: string) => (Array.from(folded).length === 1 ? folded : otherwise);
