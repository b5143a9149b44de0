import { createContext, Script } from 'node:vm';
import { Validator } from '@cfworker/json-schema';
import { type Json, type JsonObject, withDoubles } from './json.ts';

/**
 * Whoever wrote a schema is not to be trusted with the main thread: a pattern may backtrack and references may
 * multiply without end. So the validator interprets the schema and generates no code, and it runs under a deadline
 * (milliseconds). A schema that missed it once is not tried again.
 */
const deadline = 250;

const underDeadline = new Script('run()');
const runs: { run?: () => void } = {};
const context = createContext(runs, { codeGeneration: { strings: false, wasm: false } });

type Check = (value: Json) => SchemaError | undefined;
const checks = new WeakMap<JsonObject, Check>();

/** Where a value breaks a schema, as a JSON pointer; or that the schema itself cannot be used, which fits nothing. */
export type SchemaError =
  | { readonly at: string; readonly reason: string }
  | { readonly unusable: true; readonly why: string };

/** Why `value` does not fit `schema`, or `undefined` when it fits. Draft 2020-12 unless `$schema` says another one. */
export function schemaError(schema: JsonObject, value: Json): SchemaError | undefined {
  let check = checks.get(schema);
  if (check === undefined) {
    check = createCheck(schema);
    checks.set(schema, check);
  }
  const error = check(value);
  if (error !== undefined && 'unusable' in error) checks.set(schema, () => error);
  return error;
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
  try {
    const errors = limited(() => new Validator(structuredClone(schema), draftOf(schema), false).validate(value).errors);
    const places = new Map<string, SchemaProblem>();
    const seen = new Set<string>();
    for (const { instanceLocation: at, keyword, error } of errors ?? []) {
      // The library also calls each member unknown that is known and does not fit: what was said first counts.
      const isKnown = seen.has(at);
      seen.add(at);
      if (wrappers.has(keyword) || places.has(at) || (keyword === 'false' && isKnown)) continue;
      places.set(at, { at, reason: error, isUnknown: keyword === 'false' });
    }
    return [...places.values()];
  } catch {
    return 'unusable';
  }
}

function createCheck(schema: JsonObject): Check {
  let validator: Validator | undefined;
  return value => {
    try {
      return limited(() => {
        // The library marks the schema's parts with members of its own, and knows doubles alone: it gets a copy.
        validator ??= new Validator(withDoubles(schema) as object, draftOf(schema));
        const { valid, errors } = validator.validate(withDoubles(value));
        const deepest = errors.at(-1);
        return valid
          ? undefined
          : { at: deepest?.instanceLocation ?? '#', reason: deepest?.error ?? 'it does not fit' };
      });
    } catch (error) {
      return { unusable: true, why: error instanceof Error ? error.message : String(error) };
    }
  };
}

function draftOf({ $schema }: JsonObject): '4' | '7' | '2019-09' | '2020-12' {
  if (typeof $schema !== 'string') return '2020-12';
  if ($schema.includes('draft-07') || $schema.includes('draft-06')) return '7';
  if ($schema.includes('draft-04')) return '4';
  return $schema.includes('2019-09') ? '2019-09' : '2020-12';
}

/** @throws when `work` takes longer than the deadline */
function limited<T>(work: () => T): T | undefined {
  let result: T | undefined;
  runs.run = () => {
    result = work();
  };
  try {
    underDeadline.runInContext(context, { timeout: deadline });
  } finally {
    delete runs.run;
  }
  return result;
}
