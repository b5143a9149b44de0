import { createContext, Script } from 'node:vm';
import { validate } from '@cfworker/json-schema';
import { type Json, type JsonObject, withDoubles } from './json.ts';
import { type SchemaGap, type UsableSchema, usableSchema } from './usable-schema.ts';

/**
 * Whoever wrote a schema is not to be trusted with the main thread: a pattern may backtrack and references may
 * multiply without end. So the validator interprets the schema and generates no code, and it runs under a deadline
 * (milliseconds). A schema that missed it once is not tried again.
 */
const deadline = 250;

const underDeadline = new Script('run()');
const runs: { run?: () => void } = {};
const context = createContext(runs, { codeGeneration: { strings: false, wasm: false } });

/** A schema of which nothing can be used, or not within the deadline. */
interface Unusable {
  readonly unusable: true;
  readonly why: string;
}
const unusable = (error: unknown): Unusable => ({
  unusable: true,
  why: error instanceof Error ? error.message : String(error),
});

/** Schemas as they were taken. */
const known = new WeakMap<JsonObject, UsableSchema | Unusable>();

/** Where a value breaks a schema, as a JSON pointer; or why the schema itself cannot be used. */
export type SchemaError = { readonly at: string; readonly reason: string } | Unusable;

/**
 * Why `value` does not fit `schema`, or `undefined` when it fits what of the schema can be used. Draft 2020-12 unless
 * `$schema` says another one.
 */
export function schemaError(schema: JsonObject, value: Json): SchemaError | undefined {
  const result = attempt(schema, value, true);
  if ('unusable' in result) return result;
  const deepest = result.errors.at(-1);
  if (result.valid) return undefined;
  return { at: deepest?.instanceLocation ?? '#', reason: deepest?.error ?? 'it does not fit' };
}

/** The parts of a schema that no value is held to, because they cannot be used. */
export function schemaGaps(schema: JsonObject): readonly SchemaGap[] {
  const usable = usableOf(schema);
  return 'unusable' in usable ? [{ at: '#', reason: `it cannot be evaluated: ${usable.why}` }] : usable.gaps;
}

/** One way in which a value breaks a schema: where, as a JSON pointer, and whether that member may not be there at all. */
export interface SchemaProblem {
  readonly at: string;
  readonly reason: string;
  readonly isUnknown: boolean;
}

/** Keywords that only say that something within does not fit. */
const wrappers = new Set([
  'properties',
  'patternProperties',
  'additionalProperties',
  'items',
  'prefixItems',
  'allOf',
  '$ref',
]);

/** All that is wrong with `value`, one problem for each place of it; `unusable` where the schema itself cannot be used. */
export function schemaErrors(schema: JsonObject, value: Json): readonly SchemaProblem[] | 'unusable' {
  const result = attempt(schema, value, false);
  if ('unusable' in result) return 'unusable';
  const places = new Map<string, SchemaProblem>();
  const seen = new Set<string>();
  for (const { instanceLocation: at, keyword, error } of result.errors) {
    // The library also calls each member unknown that is known and does not fit: what was said first counts.
    const isKnown = seen.has(at);
    seen.add(at);
    if (wrappers.has(keyword) || places.has(at) || (keyword === 'false' && isKnown)) continue;
    places.set(at, { at, reason: error, isUnknown: keyword === 'false' });
  }
  return [...places.values()];
}

function attempt(schema: JsonObject, value: Json, stopsAtFirst: boolean): ReturnType<typeof validate> | Unusable {
  const usable = usableOf(schema);
  if ('unusable' in usable) return usable;
  try {
    return limited(() => validate(withDoubles(value), usable.schema, draftOf(schema), usable.lookup, stopsAtFirst));
  } catch (error) {
    const failed = unusable(error);
    known.set(schema, failed);
    return failed;
  }
}

function usableOf(schema: JsonObject): UsableSchema | Unusable {
  let usable = known.get(schema);
  if (usable === undefined) {
    try {
      usable = limited(() => usableSchema(schema));
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
function limited<T>(work: () => T): T {
  const results: T[] = [];
  runs.run = () => void results.push(work());
  try {
    underDeadline.runInContext(context, { timeout: deadline });
  } finally {
    delete runs.run;
  }
  const [result] = results;
  if (result === undefined) throw new Error('the check returned no result');
  return result;
}
