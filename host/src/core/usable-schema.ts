import { dereference } from '@cfworker/json-schema';
import { isJsonObject, type Json, type JsonObject, pointerStep, withDoubles } from './json.ts';

/** A part of a schema that is ignored because it cannot be used. */
export interface SchemaGap {
  /** A JSON pointer into the schema. */
  readonly at: string;
  readonly reason: string;
}

export interface UsableSchema {
  readonly schema: object;
  /** The parts of the schema, by URI. */
  readonly lookup: ReturnType<typeof dereference>;
  readonly gaps: readonly SchemaGap[];
}

type Schema = Record<string, Json | undefined>;

/** Keywords whose value is data, not a schema. */
const data = new Set(['const', 'default', 'enum', 'examples']);
/** Keywords whose value is an object of schemas. */
const maps = new Set(['$defs', 'definitions', 'dependentSchemas', 'patternProperties', 'properties']);

/**
 * Copies a schema for the validator, which adds members of its own, supports only doubles, and throws on a pattern or a
 * reference that it cannot use. Such parts are left out of the copy and reported as gaps.
 * @throws when no part of it can be used
 */
export function usableSchema(original: JsonObject): UsableSchema {
  const schema = withDoubles(original) as Schema;
  const gaps: SchemaGap[] = [];
  eachSchema(schema, '#', (part, at) => {
    repairPattern(part, at, gaps);
    repairPatternProperties(part, at, gaps);
    for (const keyword of ['$ref', '$id']) {
      if (part[keyword] === undefined || isReference(part[keyword])) continue;
      gaps.push({ at: `${at}/${keyword}`, reason: 'it is not a URI reference' });
      delete part[keyword];
    }
  });
  const lookup = dereference(schema);
  eachSchema(schema, '#', (part, at) => {
    const { $ref, __absolute_ref__: absolute = $ref } = part;
    if ($ref === undefined || lookup[String(absolute)] !== undefined) return;
    gaps.push({
      at: `${at}/$ref`,
      reason: `it refers to something that does not exist: ${String($ref).slice(0, 200)}`,
    });
    delete part.$ref;
  });
  return { schema, lookup, gaps };
}

function eachSchema(value: Json | undefined, at: string, visit: (schema: Schema, at: string) => void): void {
  if (Array.isArray(value)) for (const [place, each] of value.entries()) eachSchema(each, `${at}/${place}`, visit);
  if (!isJsonObject(value)) return;
  visit(value as Schema, at);
  for (const [keyword, member] of Object.entries(value)) {
    if (data.has(keyword)) continue;
    const below = `${at}/${pointerStep(keyword)}`;
    if (!maps.has(keyword)) eachSchema(member, below, visit);
    else if (isJsonObject(member)) {
      for (const [name, each] of Object.entries(member)) eachSchema(each, `${below}/${pointerStep(name)}`, visit);
    }
  }
}

function repairPattern(schema: Schema, at: string, gaps: SchemaGap[]): void {
  const { pattern } = schema;
  if (pattern === undefined) return;
  const usable = typeof pattern === 'string' ? usablePattern(pattern) : undefined;
  if (usable === undefined) gaps.push({ at: `${at}/pattern`, reason: notPattern(pattern) });
  schema.pattern = usable;
  if (usable === undefined) delete schema.pattern;
}

/** Prevents that members matching an unusable pattern count as additional ones. */
function repairPatternProperties(schema: Schema, at: string, gaps: SchemaGap[]): void {
  const { patternProperties } = schema;
  if (!isJsonObject(patternProperties)) return;
  const repaired: [pattern: string, schema: Json | undefined][] = [];
  for (const [pattern, each] of Object.entries(patternProperties)) {
    const usable = usablePattern(pattern);
    if (usable !== undefined) {
      repaired.push([usable, each]);
      continue;
    }
    gaps.push({ at: `${at}/patternProperties/${pointerStep(pattern)}`, reason: notPattern(pattern) });
    delete schema.additionalProperties;
    delete schema.unevaluatedProperties;
  }
  schema.patternProperties = Object.fromEntries(repaired);
}

const notPattern = (pattern: Json) => `it is not a regular expression: ${JSON.stringify(pattern).slice(0, 200)}`;

/**
 * Rewrites a pattern for the validator, which uses the flag `u` (JSON Schema 2020-12 § 6.4: SHOULD). Without the flag
 * any punctuation may be escaped, as in `https\:\/\/`; such escapes are rewritten in hexadecimal.
 */
function usablePattern(pattern: string): string | undefined {
  if (isPattern(pattern)) return pattern;
  const strict = pattern.replace(/\\([\s\S])/g, (escaped, character: string) =>
    /^[!-/:-@[-`{-~ ]$/.test(character) && !/[\^$\\.*+?()[\]{}|/]/.test(character)
      ? `\\x${character.charCodeAt(0).toString(16)}`
      : escaped,
  );
  return isPattern(strict) ? strict : undefined;
}

function isPattern(pattern: string): boolean {
  try {
    new RegExp(pattern, 'u');
    return true;
  } catch {
    return false;
  }
}

const isReference = (value: Json | undefined) =>
  typeof value === 'string' && URL.canParse(value, 'https://schema.invalid');
