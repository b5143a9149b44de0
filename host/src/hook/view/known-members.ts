import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts';
import { foldCase } from '../../core/json-twins.ts';

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

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);
