import { fail } from '../core/fault.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { exchangeId } from './exchange-id.ts';

/** A JSON-RPC error object (JSON-RPC 2.0 § 5.1). */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

export type RequestId = string | number | null;

/** The answer to one request. `text` is its JSON-RPC response under the caller's id. */
export type Answer =
  | { readonly result: JsonObject; readonly error?: never; text(id: RequestId): string }
  | { readonly error: RpcError; readonly result?: never; text(id: RequestId): string };

/** An answer of our own making. */
export const resultAnswer = (result: JsonObject): Answer => ({
  result,
  text: id => `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${JSON.stringify(result)}}`,
});

/** An error of our own making. */
export const errorAnswer = (error: RpcError): Answer => ({
  error,
  text: id => JSON.stringify({ jsonrpc: '2.0', id, error }),
});

/**
 * Reads what an upstream sent as the answer to a request. Its `text` is the upstream's own, with only the id exchanged:
 * no number loses a digit, no member its place.
 * @param message `text`, parsed
 * @throws Fault `upstream_garbage` when it is no JSON-RPC response
 */
export function readAnswer(upstream: string, message: JsonObject, text: string): Answer {
  const { result, error } = message;
  if (error !== undefined) {
    if (!isRpcError(error)) return fail('upstream_garbage', { upstream, hint: 'its error has no code and message' });
    return { error, text: own => exchangeId(text, JSON.stringify(own)) ?? errorAnswer(error).text(own) };
  }
  if (!isJsonObject(result)) return fail('upstream_garbage', { upstream, hint: 'its result is not a JSON object' });
  return { result, text: own => exchangeId(text, JSON.stringify(own)) ?? resultAnswer(result).text(own) };
}

function isRpcError(value: Json): value is JsonObject & RpcError {
  return isJsonObject(value) && Number.isInteger(value.code) && typeof value.message === 'string';
}
