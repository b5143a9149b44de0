import { createContext, Script } from 'node:vm';
import { validate } from '@cfworker/json-schema';
import { type Json, type JsonObject, withDoubles } from './json.ts';
import { type SchemaGap, type UsableSchema, usableSchema } from './usable-schema.ts';

/**
 * The deadlines of a validation, in milliseconds, while a request waits and while a plugin is loaded: a start on a busy
 * machine must not fail. Schemas are untrusted: a pattern may backtrack and references may
 * multiply without end. So the validator interprets the schema instead of generating code, and runs under a
 * deadline. A schema that exceeded one is not tried again.
 */
const deadlines = { call: 250, load: 5_000 };

const underDeadline = new Script('run()');
const runs: { run?: () => void } = {};
const context = createContext(runs, { codeGeneration: { strings: false, wasm: false } });

/** A schema that cannot be used, or not within the deadline. */
export interface Unusable {
  readonly unusable: true;
  readonly why: string;
}
const unusable = (error: unknown): Unusable => ({
  unusable: true,
  why: error instanceof Error ? error.message : String(error),
});

/** Prepared schemas by their source. */
const known = new WeakMap<JsonObject, UsableSchema | Unusable>();

/** The place at which a value violates a schema, as a JSON pointer; or why the schema cannot be used. */
export type SchemaError = { readonly at: string; readonly reason: string } | Unusable;

/**
 * Returns why `value` does not match `schema`, or `undefined` if it matches the usable parts of the schema. The draft
 * is 2020-12 unless `$schema` names another one.
 */
export function schemaError(schema: JsonObject, value: Json): SchemaError | undefined {
  const result = attempt(schema, value, { stopsAtFirst: true, ms: deadlines.call });
  if ('unusable' in result) return result;
  const deepest = result.errors.at(-1);
  if (result.valid) return undefined;
  return { at: deepest?.instanceLocation ?? '#', reason: deepest?.error ?? 'it does not match' };
}

/** Lists the parts of a schema that are ignored because they cannot be used. */
export function schemaGaps(schema: JsonObject): readonly SchemaGap[] {
  const usable = usableOf(schema, deadlines.call);
  return 'unusable' in usable ? [{ at: '#', reason: `it cannot be evaluated: ${usable.why}` }] : usable.gaps;
}

/** One violation of a schema: its place, as a JSON pointer, and whether the member there is unknown. */
export interface SchemaProblem {
  readonly at: string;
  readonly reason: string;
  readonly isUnknown: boolean;
}

/** Keywords whose errors only say that something nested does not match. */
const wrappers = new Set([
  'properties',
  'patternProperties',
  'additionalProperties',
  'items',
  'prefixItems',
  'allOf',
  '$ref',
]);

/** Lists the violations of `value` by a plugin's schema, one for each place; or says why the schema cannot be used. */
export function schemaErrors(schema: JsonObject, value: Json): readonly SchemaProblem[] | Unusable {
  const result = attempt(schema, value, { stopsAtFirst: false, ms: deadlines.load });
  if ('unusable' in result) return result;
  const places = new Map<string, SchemaProblem>();
  const seen = new Set<string>();
  for (const { instanceLocation: at, keyword, error } of result.errors) {
    // The library also reports known members that do not match as unknown: the first error counts.
    const isKnown = seen.has(at);
    seen.add(at);
    if (wrappers.has(keyword) || places.has(at) || (keyword === 'false' && isKnown)) continue;
    places.set(at, { at, reason: error, isUnknown: keyword === 'false' });
  }
  return [...places.values()];
}

interface Attempt {
  readonly stopsAtFirst: boolean;
  readonly ms: number;
}

function attempt(
  schema: JsonObject,
  value: Json,
  { stopsAtFirst, ms }: Attempt,
): ReturnType<typeof validate> | Unusable {
  const usable = usableOf(schema, ms);
  if ('unusable' in usable) return usable;
  try {
    const validated = () => validate(withDoubles(value), usable.schema, draftOf(schema), usable.lookup, stopsAtFirst);
    return limited(validated, ms);
  } catch (error) {
    const failed = unusable(error);
    known.set(schema, failed);
    return failed;
  }
}

function usableOf(schema: JsonObject, ms: number): UsableSchema | Unusable {
  let usable = known.get(schema);
  if (usable === undefined) {
    try {
      usable = limited(() => usableSchema(schema), ms);
    } catch (error) {
      usable = unusable(error);
    }
    known.set(schema, usable);
  }
  return usable;
}

function draftOf({ $schema }: JsonObject): '4' | '7' | '2019-09' | '2020-12' {
  if (typeof $schema !== 'string') return '2020-12';
  if ($schema.includes('draft-07') || $schema.includes('draft-06')) return '7';
  if ($schema.includes('draft-04')) return '4';
  return $schema.includes('2019-09') ? '2019-09' : '2020-12';
}

/** @throws when `work` takes longer than the deadline */
function limited<T>(work: () => T, ms: number): T {
  const results: T[] = [];
  runs.run = () => void results.push(work());
  try {
    underDeadline.runInContext(context, { timeout: ms });
  } finally {
    delete runs.run;
  }
  const [result] = results;
  if (result === undefined) throw new Error('the check returned no result');
  return result;
}
