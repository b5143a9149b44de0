import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts';
import { foldCase } from '../../core/json-twins.ts';

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

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

/** `value` when it is an object, and an empty one when it is not. */
export const objectOr = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});

/** Members of results in which further members of MCP stand: a list of objects, or one. */
const nested = new Set([
  ...['content', 'messages', 'contents', 'resource', 'arguments'],
  ...['tools', 'prompts', 'resources', 'resourceTemplates'],
]);

/** The members that MCP defines for results and for what stands in them. */
const known = new Set([
  ...nested,
  ...['_meta', 'annotations', 'blob', 'data', 'description', 'execution', 'icons', 'inputSchema', 'isError'],
  ...['mimeType', 'name', 'nextCursor', 'outputSchema', 'required', 'resultType', 'role', 'size', 'structuredContent'],
  ...['task', 'text', 'title', 'type', 'uri', 'uriTemplate'],
]);
const folded = new Set([...known].map(foldCase));

/**
 * The result without members that differ from one of MCP's in case only (`Text`, `Content`). No plugin is shown them,
 * and clients that ignore case would read them in place of what plugins were shown. What plugins are shown whole, as
 * JSON text, stays as it is. Returns the very result when there are none.
 */
export function withoutLookalikes(result: JsonObject): JsonObject {
  let copy: Record<string, Json | undefined> | undefined;
  for (const name of Object.keys(result)) {
    const value = result[name];
    if (known.has(name)) {
      const clean = nested.has(name) ? cleanNested(value) : value;
      if (clean === value) continue;
      copy ??= { ...result };
      copy[name] = clean;
    } else if (folded.has(foldCase(name))) {
      copy ??= { ...result };
      delete copy[name];
    }
  }
  return copy ?? result;
}

function cleanNested(value: Json | undefined): Json | undefined {
  if (isJsonObject(value)) return withoutLookalikes(value);
  if (!isList(value)) return value;
  const cleaned = value.map(cleanNested) as Json[];
  return cleaned.some((member, place) => member !== value[place]) ? cleaned : value;
}
