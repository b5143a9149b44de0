import type { Json, JsonObject } from '../core/json.ts';
import { schemaError, schemaGaps } from '../core/json-schema.ts';

/**
 * Why `value` does not fit the tool's `outputSchema` (MCP § Output Schema), or `undefined` when it fits. What of a schema
 * cannot be used, nothing is held to: the upstream wrote it, and no plugin is to blame for it.
 */
export function outputSchemaError(schema: JsonObject, value: Json | undefined): string | undefined {
  if (value === undefined) return 'structured-content is missing, and the tool has an output schema';
  const error = schemaError(schema, value);
  return error === undefined || 'unusable' in error
    ? undefined
    : `structured-content does not match the output schema at ${error.at}: ${error.reason}`;
}

/** What of an output schema cannot be used, each part with its place; `undefined` when there is nothing. */
export function outputSchemaGaps(schema: JsonObject): string | undefined {
  const gaps = schemaGaps(schema).map(({ at, reason }) => `${at}: ${reason}`);
  return gaps.length === 0 ? undefined : gaps.slice(0, mostGaps).join('; ');
}

/** Gaps of one schema that are told. */
const mostGaps = 10;
