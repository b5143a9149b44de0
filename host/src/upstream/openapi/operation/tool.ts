import type { JsonObject } from '../../../core/json.ts';
import type { Operation } from './operation.ts';

const readOnly = new Set(['GET', 'HEAD', 'OPTIONS', 'QUERY']);
/** Methods that replace or remove, so that what was there is lost (RFC 9110 § 9.3). */
const destructive = new Set(['PUT', 'PATCH', 'DELETE']);

/** Whether sending a request twice has the effect of sending it once (RFC 9110 § 9.2.2). */
export const isIdempotent = (method: string): boolean =>
  readOnly.has(method) || method === 'PUT' || method === 'DELETE';

/** Returns the tool of an operation. What POST does is not known, so it counts as destructive, as MCP assumes. */
export function toolOf({ name, title, description, method, input, output }: Operation, hasOutput: boolean): JsonObject {
  return {
    name,
    ...(title !== undefined && { title }),
    description,
    inputSchema: input,
    ...(hasOutput && output.schema !== undefined && { outputSchema: output.schema }),
    annotations: {
      ...(title !== undefined && { title }),
      readOnlyHint: readOnly.has(method),
      ...(!readOnly.has(method) && { destructiveHint: destructive.has(method) || method === 'POST' }),
      idempotentHint: isIdempotent(method),
      openWorldHint: true,
    },
  };
}
