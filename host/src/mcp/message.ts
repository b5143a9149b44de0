import { fail } from '../core/fault.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { doubleOf, KeptNumber } from '../core/json-number.ts';
import { readJson } from '../core/json-reader.ts';
import { JsonExcess } from '../core/json-scan.ts';
import { ambiguousName } from './ambiguous-name.ts';

/** The id of a request, which is written again exactly as the client wrote it. */
export type MessageId = string | number | KeptNumber;

/** What a client may POST: a request, a notification, or a response to a request of ours (we make none). */
export type Message =
  | { readonly kind: 'request'; readonly id: MessageId; readonly method: string; readonly params: JsonObject }
  | { readonly kind: 'notification'; readonly method: string; readonly params: JsonObject }
  | { readonly kind: 'response' };

/** A JSON-RPC notification: a message without an answer. */
export interface Notification {
  readonly method: string;
  readonly params?: JsonObject;
}

/** Characters of a name, uri or method that a client sent, in the log line. */
export const longestName = 1000;

/** What the body of a POST may be: a message, or a list of them, none of which was looked at yet. */
export type Body = Message | { readonly kind: 'batch'; readonly messages: readonly Json[] };

/** What one body may hold. A client writes calls and not tables: this many values are read in some 20 ms. */
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
 * The id that the answer to a message echoes, whatever else is wrong with the message: any string or number. `null`
 * where none could be read; `undefined` for a notification, whose refusal has no id (MCP, Transports § Sending Messages).
 */
export function idOf(message: Json): MessageId | null | undefined {
  if (!isJsonObject(message)) return null;
  const { id, method } = message;
  if (typeof id === 'string' || typeof id === 'number' || id instanceof KeptNumber) return id;
  return id === undefined && typeof method === 'string' ? undefined : null;
}

/**
 * Takes the JSON of a body as one JSON-RPC message (JSON-RPC 2.0 § 4).
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

/** A client learns of a notification only by the status whether it was taken. */
const badParams = (id: MessageId | undefined, hint: string) =>
  id === undefined ? invalid(hint) : fail('params_invalid', { hint });

const invalid = (hint: string) => fail('message_invalid', { hint });

/** Characters of an id that is a number. */
const longestId = 1_000;

/** Whether this is the id of a request: a string, or an integer, also one that no double holds. */
export function isId(id: Json | undefined): id is MessageId {
  if (id instanceof KeptNumber && id.text.length > longestId) return false;
  return typeof id === 'string' || Number.isInteger(doubleOf(id));
}

/** An id as the key of a map: the same for the same string, and for the same integer however it was written. */
export function keyOf(id: MessageId): string | number | bigint {
  if (!(id instanceof KeptNumber)) return id;
  return /^-?\d+$/.test(id.text) && !Number.isSafeInteger(id.double) ? BigInt(id.text) : id.double;
}
