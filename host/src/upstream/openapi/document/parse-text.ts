import { Lexer, parseDocument } from 'yaml';
import type { Json } from '../../../core/json.ts';

/** The text is not JSON or YAML, or becomes too large or too deep. */
export class NotParsed extends Error {}

/** Nesting of collections. The documents of large APIs have about thirty levels. */
const deepest = 200;
/** Values after all aliases are expanded. The largest public document has a million. */
const mostValues = 4_000_000;
/** Characters of all texts after all aliases are expanded. */
const mostCharacters = 64 * 1024 * 1024;
/** How often aliases may expand in each other, as the parser counts it. */
const mostAliases = 100_000;

/**
 * Parses JSON or YAML 1.2 whose author is not trusted. It runs in a child process with little memory, because YAML of a
 * few megabytes can become gigabytes while it is parsed.
 * @throws NotParsed
 */
export function parseText(text: string): Json {
  const value = text.trimStart().startsWith('{') ? (parseJson(text) ?? parseYaml(text)) : parseYaml(text);
  checkSize(value);
  return value;
}

/** A text that begins like JSON may still be YAML. */
function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function parseYaml(text: string): Json {
  checkNesting(text);
  const document = parseDocument(text, { version: '1.2', uniqueKeys: true, logLevel: 'silent' });
  const [error] = document.errors;
  if (error !== undefined) throw new NotParsed(error.message);
  try {
    return document.toJS({ maxAliasCount: mostAliases }) as Json;
  } catch (thrown) {
    throw new NotParsed(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

/** The parser keeps each open collection. A text of nothing but brackets would exhaust its memory. */
function checkNesting(text: string): void {
  let inFlow = 0;
  let onLine = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') inFlow += 1;
    else if (token === ']' || token === '}') inFlow -= 1;
    else if (token === '-' || token === '?') onLine += 1;
    else if (token.includes('\n')) onLine = 0;
    if (inFlow > deepest || onLine > deepest) throw new NotParsed(tooDeep);
  }
}

const tooDeep = `it is nested more than ${deepest} levels deep`;

/** Counts without recursion, and aliases as often as they are used. */
function checkSize(value: Json): void {
  let level: Json[] = [value];
  let count = 0;
  let characters = 0;
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > deepest) throw new NotParsed(tooDeep);
    const next: Json[] = [];
    for (const each of level) {
      if (typeof each === 'string') characters += each.length;
      if (characters > mostCharacters) throw new NotParsed(`it expands to more than ${mostCharacters} characters`);
      if (typeof each !== 'object' || each === null) continue;
      for (const [name, member] of Object.entries(each) as [string, Json][]) {
        if (!Array.isArray(each)) characters += name.length;
        next.push(member);
      }
      count += 1;
      if (count + next.length > mostValues) throw new NotParsed(`it expands to more than ${mostValues} values`);
    }
    count += next.length;
    level = next;
  }
}
