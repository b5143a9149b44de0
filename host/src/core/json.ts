import { KeptNumber } from './json-number.ts';

/** A JSON value, as returned by `readJson`. */
export type Json = null | boolean | number | KeptNumber | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json | undefined;
}

/** Whether `value` is a JSON object: not null, not an array, not a number that keeps its text. */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof KeptNumber);

/** Returns a copy in which every number is a plain one, for code that does not know kept numbers. */
export function withDoubles(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof KeptNumber) return value.double;
  if (isList(value)) return value.map(withDoubles);
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, member === undefined ? undefined : withDoubles(member)]),
  ) as JsonObject;
}

/** Whether `value` is a JSON array. */
export const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

/** Escapes a name for a step of a JSON pointer (RFC 6901 § 3). */
export const pointerStep = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

/** Returns the name that a step of a JSON pointer stands for: the reverse of `pointerStep`. */
export const nameOfStep = (step: string): string => step.replaceAll('~1', '/').replaceAll('~0', '~');
