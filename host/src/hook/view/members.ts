import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts';

type Members = Readonly<Record<string, Json | undefined>>;

/**
 * A copy of `base` with `members` set, and those that are `undefined` taken out.
 * Spreading defines members and never calls a setter, so that a member named `__proto__` stays a member.
 */
export function withMembers(base: JsonObject, members: Members): JsonObject {
  const copy: Record<string, Json | undefined> = { ...base, ...members };
  for (const name of Object.keys(members)) if (members[name] === undefined) delete copy[name];
  return copy;
}

/** `{ [name]: returned }` when it differs from what was shown, and nothing when it does not. */
export function changed(name: string, shown: Json | undefined, returned: Json | undefined): Members {
  return shown === returned ? {} : { [name]: returned };
}

/** The member as a string that can cross into a component, which knows no lone surrogates. */
export function stringMember(of: JsonObject, name: string): string | undefined {
  const value = of[name];
  return typeof value === 'string' ? value.toWellFormed() : undefined;
}

/** The member as JSON text; absent when it is absent or null, which many serializers write for it. */
export function jsonMember(of: JsonObject, name: string): string | undefined {
  const value = of[name];
  return isAbsent(value) ? undefined : JSON.stringify(value);
}

/** A list member; none when it is absent or null. What an upstream put in its place instead of a list is shown as the only entry, and not hidden. */
export function listMember(of: JsonObject, name: string): readonly Json[] {
  const value = of[name];
  if (isAbsent(value)) return [];
  return isList(value) ? value : [value];
}

/** Whether a member says nothing. */
export const isAbsent = (value: Json | undefined): value is undefined | null => value === undefined || value === null;

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

/** `value` when it is an object, and an empty one when it is not. */
export const objectOr = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});
