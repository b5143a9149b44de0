import { isJsonObject, isList, type Json, type JsonObject } from '../core/json.ts';

/**
 * Returns the media types of the content of a tool's result, a prompt or a resource. Text is `text/plain` unless it says
 * otherwise; structured content is `application/json`.
 */
export function contentTypesOf(result: JsonObject): readonly string[] {
  const messages = listOf(result.messages).map(message => (isJsonObject(message) ? (message.content ?? null) : null));
  const blocks = [...listOf(result.content), ...messages, ...listOf(result.contents)];
  const types = blocks.filter(isJsonObject).map(typeOf);
  return isJsonObject(result.structuredContent) ? [...types, 'application/json'] : types;
}

const listOf = (value: Json | undefined): readonly Json[] => (value !== undefined && isList(value) ? value : []);

function typeOf(block: JsonObject): string {
  const resource = isJsonObject(block.resource) ? block.resource : block;
  if (typeof resource.mimeType === 'string') return resource.mimeType;
  return typeof resource.text === 'string' ? 'text/plain' : 'application/octet-stream';
}
