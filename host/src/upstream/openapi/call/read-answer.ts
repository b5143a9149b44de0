import type { Json, JsonObject } from '../../../core/json.ts';
import { readJson } from '../../../core/json-reader.ts';
import { schemaError } from '../../../core/json-schema.ts';
import type { EgressAnswer } from '../../../egress/request.ts';
import { essenceOf, isJsonType, isTextType } from '../operation/media-type.ts';
import type { Operation } from '../operation/operation.ts';

/** The response of an API. */
export type HttpResponse = Extract<EgressAnswer, { readonly ok: unknown }>['ok'];

/** Characters of an error's body that the caller sees. */
const longestError = 4_000;
/** Characters of a page that came instead of JSON. */
const longestPage = 500;

interface AnswerOptions {
  /** Whether the tool has its output schema, so that results are structured and compared with it. */
  readonly hasOutput: boolean;
  /** Where a binary answer comes from. */
  readonly url: string;
  /** Called with what does not match the output schema. */
  onMismatch(why: string): void;
}

/**
 * Makes the result of a tool of an HTTP response. An error status is an error of the tool, with the status and the body,
 * and so is a page instead of JSON. An answer that does not match the output schema of the tool is passed on as text and
 * marked as an error, because clients refuse structured content that does not match.
 */
export function readAnswer(operation: Operation, response: HttpResponse, options: AnswerOptions): JsonObject {
  const { status, headers, body } = response;
  const header = (name: string) => headers.find(([each]) => each.toLowerCase() === name)?.[1];
  const type = header('content-type') ?? '';
  const about = { _meta: { 'sallyport/http': aboutOf(response) } };
  if (status >= 400) return { ...errorOf(`HTTP status ${status}`, textIn(body, type, longestError)), ...about };
  if (status >= 300)
    return { ...errorOf(`HTTP status ${status}, which is not followed`, header('location') ?? ''), ...about };
  const links = header('link');
  const more = links === undefined ? [] : [{ type: 'text', text: `Link: ${links.slice(0, longestError)}` }];
  if (body.length === 0) return { ...emptyResult(operation, status, options.hasOutput), ...about };
  if (isJsonType(type)) return { ...jsonResult(operation, body, more, options), ...about };
  const { schema, accept } = operation.output;
  const content = [contentOf(body, type, options.url), ...more];
  const isJsonDue = accept.length > 0 && accept.every(isJsonType);
  const got = `${essenceOf(type) || 'no media type'} where JSON was expected`;
  if (isJsonDue && essenceOf(type) === 'text/html') {
    return {
      ...errorOf(`The API answered with ${got} (HTTP status ${status})`, textIn(body, type, longestPage)),
      ...about,
    };
  }
  if (!options.hasOutput || schema === undefined) return { content, ...about };
  options.onMismatch(got);
  return { content: [mismatchNote(got), ...content], isError: true, ...about };
}

/** Says that an answer cannot be structured content, for a client that would take the error for a failure. */
const mismatchNote = (why: string): JsonObject => ({
  type: 'text',
  text:
    'The call succeeded, and its answer does not match the schema in the document of the API, ' +
    `so it is not returned as structured content (${why}). Do not repeat the call.`,
});

const errorOf = (what: string, text: string): JsonObject => ({
  content: [{ type: 'text', text: text === '' ? what : `${what}: ${text}` }],
  isError: true,
});

/** Headers that clients need to go on: to the next page, later, or elsewhere. */
const shown = ['link', 'retry-after', 'location', 'etag', 'x-next-page', 'x-total-count', 'x-request-id'];

function aboutOf({ status, headers }: HttpResponse): JsonObject {
  const kept = headers
    .filter(([name]) => shown.includes(name.toLowerCase()))
    .map(([name, value]) => [name.toLowerCase(), value]);
  return { status, ...(kept.length > 0 && { headers: Object.fromEntries(kept) }) };
}

function emptyResult({ output: { schema, isWrapped } }: Operation, status: number, hasOutput: boolean): JsonObject {
  const text = `HTTP status ${status}, without a body`;
  if (!hasOutput || schema === undefined) return { content: [{ type: 'text', text }] };
  const structuredContent = isWrapped ? { result: null } : {};
  const isValid = schemaError(schema, structuredContent) === undefined;
  return { content: [{ type: 'text', text }], ...(isValid ? { structuredContent } : { isError: true }) };
}

function jsonResult(
  { output: { schema, isWrapped } }: Operation,
  body: Uint8Array,
  more: readonly JsonObject[],
  { hasOutput, onMismatch }: AnswerOptions,
): JsonObject {
  const text = utf8(body);
  let value: Json;
  try {
    value = readJson(text);
  } catch (error) {
    return errorOf(
      `The API answered with JSON that is not well-formed (${messageOf(error)})`,
      text.slice(0, longestPage),
    );
  }
  const content: JsonObject[] = [{ type: 'text', text }, ...more];
  if (!hasOutput || schema === undefined) return { content };
  const structuredContent = isWrapped ? { result: value } : value;
  const mismatch = schemaError(schema, structuredContent);
  if (mismatch === undefined || 'unusable' in mismatch) return { content, structuredContent };
  const why = `${mismatch.at}: ${mismatch.reason}`;
  onMismatch(why);
  return { content: [mismatchNote(why), ...content], isError: true };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Returns the content of a body that is not JSON: text, an image, a sound, or a file. */
function contentOf(body: Uint8Array, type: string, url: string): JsonObject {
  const mimeType = essenceOf(type) || 'application/octet-stream';
  if (isTextType(mimeType)) return { type: 'text', text: decoded(body, type) };
  const data = Buffer.from(body).toString('base64');
  if (mimeType.startsWith('image/')) return { type: 'image', data, mimeType };
  if (mimeType.startsWith('audio/')) return { type: 'audio', data, mimeType };
  return { type: 'resource', resource: { uri: url, mimeType, blob: data } };
}

/** Returns the beginning of a body as text; only its size if it is binary. */
function textIn(body: Uint8Array, type: string, longest: number): string {
  const isText = isTextType(type) || isJsonType(type) || type === '';
  if (!isText) return body.length === 0 ? '' : `${body.length} bytes of ${essenceOf(type)}`;
  const text = decoded(body, type).trim();
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

const utf8 = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Decodes text in the charset that its type names; UTF-8 where it names none or an unknown one. */
function decoded(bytes: Uint8Array, type: string): string {
  const charset = /;\s*charset="?(?<name>[\w-]+)/i.exec(type)?.groups?.name ?? 'utf-8';
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return utf8(bytes);
  }
}
