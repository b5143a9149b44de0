import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts';
import { foldCase } from '../../core/json-twins.ts';

type Members = Readonly<Record<string, Json | undefined>>;

/**
 * Copies `base` with `members` set, and those that are `undefined` removed.
 * Spreading defines members and never calls a setter, so that a member named `__proto__` stays a member.
 */
export function withMembers(base: JsonObject, members: Members): JsonObject {
  const copy: Record<string, Json | undefined> = { ...base, ...members };
  for (const name of Object.keys(members)) if (members[name] === undefined) delete copy[name];
  return copy;
}

/** Returns `{ [name]: returned }` if it differs from what was shown, otherwise an empty object. */
export function changed(name: string, shown: Json | undefined, returned: Json | undefined): Members {
  return shown === returned ? {} : { [name]: returned };
}

/** Returns the member as a string without lone surrogates, which a component cannot receive. */
export function stringMember(of: JsonObject, name: string): string | undefined {
  const value = of[name];
  return typeof value === 'string' ? value.toWellFormed() : undefined;
}

/** Returns the member as JSON text; absent if it is absent or null, which many serializers write instead. */
export function jsonMember(of: JsonObject, name: string): string | undefined {
  const value = of[name];
  return isAbsent(value) ? undefined : JSON.stringify(value);
}

/**
 * Returns a list member; empty if absent or null. A value other than a list becomes its only entry, so it is not
 * hidden.
 */
export function listMember(of: JsonObject, name: string): readonly Json[] {
  const value = of[name];
  if (isAbsent(value)) return [];
  return isList(value) ? value : [value];
}

/** Whether a member is absent or null. */
export const isAbsent = (value: Json | undefined): value is undefined | null => value === undefined || value === null;

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

/** Returns `value` if it is an object, otherwise an empty one. */
export const objectOr = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});

/** Members of results that contain further MCP members: a list of objects, or one. */
export const nestedMembers: ReadonlySet<string> = new Set([
  ...['content', 'messages', 'contents', 'resource', 'arguments'],
  ...['tools', 'prompts', 'resources', 'resourceTemplates'],
]);

/** The members that MCP defines for results and their contents. */
export const mcpMembers: ReadonlySet<string> = new Set([
  ...nestedMembers,
  ...['_meta', 'annotations', 'blob', 'data', 'description', 'execution', 'icons', 'inputSchema', 'isError'],
  ...['mimeType', 'name', 'nextCursor', 'outputSchema', 'required', 'resultType', 'role', 'size', 'structuredContent'],
  ...['task', 'text', 'title', 'type', 'uri', 'uriTemplate'],
]);
const folded = new Set([...mcpMembers].map(foldCase));

/**
 * Removes members that differ only in case from one of MCP's (`Text`, `Content`). Plugins do not see them, and clients
 * that ignore case would read them instead of what plugins saw. Parts that plugins see completely, as JSON text, are
 * not changed. Returns the result itself if there are none.
 */
export function withoutLookalikes(result: JsonObject): JsonObject {
  let copy: Record<string, Json | undefined> | undefined;
  for (const name of Object.keys(result)) {
    const value = result[name];
    if (mcpMembers.has(name)) {
      const clean = nestedMembers.has(name) ? cleanNested(value) : value;
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
