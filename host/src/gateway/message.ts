import { fail } from '../core/fault.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';

/** JSON-RPC error code of a request that a plugin blocked. `data` is then BlockData. */
export const blockedCode = -32001;

/** What a client may POST: a request, a notification, or a response to a request of ours (we make none). */
export type Message =
  | { readonly kind: 'request'; readonly id: string | number; readonly method: string; readonly params: JsonObject }
  | { readonly kind: 'notification'; readonly method: string; readonly params: JsonObject }
  | { readonly kind: 'response' };

/**
 * Reads one JSON-RPC message (JSON-RPC 2.0 § 4).
 * @throws Fault `json_malformed`, `batch_refused`, `message_invalid`, `params_invalid`
 */
export function parseMessage(text: string): Message {
  const message = parseJson(text);
  if (Array.isArray(message)) return fail('batch_refused');
  if (!isJsonObject(message)) return invalid('it is no object');
  const { jsonrpc, id, method, params } = message;
  if (jsonrpc !== '2.0') return invalid('its `jsonrpc` is not "2.0"');
  if (method === undefined && id !== undefined) return { kind: 'response' };
  if (typeof method !== 'string') return invalid('its `method` is not a string');
  if (params !== undefined && !isJsonObject(params))
    return fail('params_invalid', { hint: '`params` is not an object' });
  if (id === undefined) return { kind: 'notification', method, params: params ?? {} };
  if (typeof id === 'string' || Number.isSafeInteger(id)) {
    return { kind: 'request', id: id as string | number, method, params: params ?? {} };
  }
  return invalid('its `id` is neither a string nor a whole number');
}

const invalid = (hint: string) => fail('message_invalid', { hint });

function parseJson(text: string): unknown {
  try {
    return longNumber.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
  } catch (cause) {
    return fail('json_malformed', {}, cause);
  }
}

const longNumber = /\d{16}/;
const { rawJSON } = JSON as unknown as { rawJSON(text: string): Json };

/** A number with more digits than a double holds stays as it was written, and is written so again. */
function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  return typeof value === 'number' && source !== undefined && longNumber.test(source) ? rawJSON(source) : value;
}
