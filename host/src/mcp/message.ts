import { fail } from '../core/fault.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { doubleOf, KeptNumber } from '../core/json-number.ts';
import { readJson } from '../core/json-reader.ts';
import { JsonExcess } from '../core/json-scan.ts';
import { ambiguousName } from './ambiguous-name.ts';

/** The id of a request, which the answer repeats exactly as the client wrote it. */
export type MessageId = string | number | KeptNumber;

/** A message that a client may POST: a request, a notification, or a response to a request of ours (we send none). */
export type Message =
  | { readonly kind: 'request'; readonly id: MessageId; readonly method: string; readonly params: JsonObject }
  | { readonly kind: 'notification'; readonly method: string; readonly params: JsonObject }
  | { readonly kind: 'response' };

/** A JSON-RPC notification: a message without an answer. */
export interface Notification {
  readonly method: string;
  readonly params?: JsonObject;
}

/** The maximum length of a client's name, URI or method in a log line. */
export const longestName = 1000;

/** The body of a POST: a message or a list of messages, not validated yet. */
export type Body = Message | { readonly kind: 'batch'; readonly messages: readonly Json[] };

/** The bounds of one body. Clients send calls, not tables; this many values are parsed in about 20 ms. */
const bounds = { values: 100_000, depth: 256 };

/**
 * Reads the JSON of one body.
 * @throws Fault `json_malformed`, `json_excessive`
 */
export function parseBody(text: string): Json {
  try {
    return readJson(text, bounds);
  } catch (cause) {
    if (cause instanceof JsonExcess) return fail('json_excessive', { hint: `The body is ${cause.message}.` });
    return fail('json_malformed', {}, cause);
  }
}

/**
 * Returns the id that the answer to a message echoes, even if the message is invalid: any string or number. `null` if
 * none could be read; `undefined` for a notification, whose refusal has no id (MCP, Transports § Sending Messages).
 */
export function idOf(message: Json): MessageId | null | undefined {
  if (!isJsonObject(message)) return null;
  const { id, method } = message;
  if (typeof id === 'string' || typeof id === 'number' || id instanceof KeptNumber) return id;
  return id === undefined && typeof method === 'string' ? undefined : null;
}

/**
 * Validates the JSON of a body as one JSON-RPC message (JSON-RPC 2.0 § 4).
 * @throws Fault `batch_refused`, `message_invalid`, `params_invalid`
 */
export function toMessage(message: Json): Message {
  if (Array.isArray(message)) return fail('batch_refused');
  if (!isJsonObject(message)) return invalid('The body is not a JSON object.');
  const { jsonrpc, id, method, params = {} } = message;
  if (jsonrpc !== '2.0') return invalid('`jsonrpc` is not "2.0".');
  if (method === undefined && id !== undefined) return { kind: 'response' };
  if (typeof method !== 'string') return invalid('`method` is not a string.');
  if (id !== undefined && !isId(id)) return invalid('`id` is neither a string nor an integer.');
  if (!isJsonObject(params)) return badParams(id, '`params` is not an object; leave it out if there are none.');
  const ambiguous = ambiguousName(params);
  if (ambiguous !== undefined) return badParams(id, ambiguous);
  return id === undefined ? { kind: 'notification', method, params } : { kind: 'request', id, method, params };
}

/** Refuses a message. For a notification, the client sees only the HTTP status. */
const badParams = (id: MessageId | undefined, hint: string) =>
  id === undefined ? invalid(hint) : fail('params_invalid', { hint });

const invalid = (hint: string) => fail('message_invalid', { hint });

/** The maximum length of a numeric id. */
const longestId = 1_000;

/** Whether this is a valid request id: a string or an integer, even one beyond the precision of a double. */
export function isId(id: Json | undefined): id is MessageId {
  if (id instanceof KeptNumber && id.text.length > longestId) return false;
  return typeof id === 'string' || Number.isInteger(doubleOf(id));
}

/** Returns an id as a map key: equal for equal strings, and for equal integers however they are written. */
export function keyOf(id: MessageId): string | number | bigint {
  if (!(id instanceof KeptNumber)) return id;
  return /^-?\d+$/.test(id.text) && !Number.isSafeInteger(id.double) ? BigInt(id.text) : id.double;
}
