import type { Json, JsonObject } from '../core/json.ts';
import { schemaError } from '../core/json-schema.ts';

/**
 * Why `value` does not fit the tool's `outputSchema` (MCP § Output Schema), or `undefined` when it fits. A schema that
 * cannot be used fits nothing.
 */
export function outputSchemaError(schema: JsonObject, value: Json | undefined): string | undefined {
  if (value === undefined) return 'structured-content is missing, and the tool has an output schema';
  const error = schemaError(schema, value);
  if (error === undefined) return undefined;
  if ('unusable' in error) return `the tool's output schema cannot be used to check structured-content: ${error.why}`;
  return `structured-content breaks the output schema at ${error.at}: ${error.reason}`;
}
