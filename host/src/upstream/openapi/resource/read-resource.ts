import { isJsonObject, type Json, type JsonObject } from '../../../core/json.ts';
import { type Answer, errorAnswer, resultAnswer } from '../../../mcp/answer.ts';
import { jsonRpc } from '../../../mcp/errors.ts';

/** A result of a tool, and what it was made of. */
export interface Called {
  readonly result: JsonObject;
  readonly status?: number | undefined;
  /** The media type of the response. */
  readonly type?: string | undefined;
}

/** "Resource not found" (MCP § Resources, Error Handling). */
const notFound = -32002;

export const unknownResource = (uri: string): Answer =>
  errorAnswer({ code: notFound, message: `Resource not found: ${uri.slice(0, 200)}`, data: { uri } });

/** Makes the contents of a resource of the result of its operation. An error of the tool is a JSON-RPC error. */
export function resourceAnswer(uri: string, { result, status, type = 'application/octet-stream' }: Called): Answer {
  const content = Array.isArray(result.content) ? (result.content as readonly Json[]).filter(isJsonObject) : [];
  const [first = {}] = content;
  if (status === 404) return unknownResource(uri);
  if (result.isError === true) {
    const code = status === undefined ? jsonRpc.invalidParams : jsonRpc.internalError;
    return errorAnswer({ code, message: String(first.text), data: { uri, ...(status !== undefined && { status }) } });
  }
  const { resource, data, text } = first;
  const blob = isJsonObject(resource) ? resource.blob : data;
  const contents = [{ uri, mimeType: type, ...(blob === undefined ? { text: text ?? '' } : { blob }) }];
  return resultAnswer({ contents, ...(result._meta !== undefined && { _meta: result._meta }) });
}
