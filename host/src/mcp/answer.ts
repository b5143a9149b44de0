import { fail } from '../core/fault.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { doubleOf, type KeptNumber } from '../core/json-number.ts';
import { exchangeId } from './exchange-id.ts';

/** A JSON-RPC error object (JSON-RPC 2.0 § 5.1). */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

export type RequestId = string | number | KeptNumber | null;

/** A result. `text` is its JSON-RPC response under the caller's id. */
export interface ResultAnswer {
  readonly kind: 'result';
  readonly result: JsonObject;
  readonly error?: never;
  text(id: RequestId): string;
}

/** An error. `text` is its JSON-RPC response under the caller's id. */
export interface ErrorAnswer {
  readonly kind: 'error';
  readonly error: RpcError;
  readonly result?: never;
  text(id: RequestId): string;
}

/** The answer to one request. */
export type Answer = ResultAnswer | ErrorAnswer;

/** Answers with a result that the gateway writes itself. */
export const resultAnswer = (result: JsonObject): ResultAnswer => ({
  kind: 'result',
  result,
  text: id => `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${JSON.stringify(result)}}`,
});

/** Answers with an error that the gateway writes itself. */
export const errorAnswer = (error: RpcError): ErrorAnswer => ({
  kind: 'error',
  error,
  text: id => JSON.stringify({ jsonrpc: '2.0', id, error }),
});

/**
 * Reads an upstream's answer to a request. Its `text` is the upstream's own with only the id replaced, so numbers keep
 * their digits and members their order.
 * @param message `text`, parsed
 * @throws Fault `upstream_garbage` when it is not a JSON-RPC response
 */
export function readAnswer(upstream: string, message: JsonObject, text: string): Answer {
  const { jsonrpc, result, error } = message;
  if (jsonrpc !== '2.0') return fail('upstream_garbage', { upstream, hint: 'its answer lacks "jsonrpc": "2.0"' });
  if (error !== undefined && result !== undefined) {
    return fail('upstream_garbage', { upstream, hint: 'its answer has both a result and an error' });
  }
  if (error !== undefined) {
    const read = readError(error);
    if (read === undefined) return fail('upstream_garbage', { upstream, hint: 'its error has no code and message' });
    return {
      kind: 'error',
      error: read,
      text: own => exchangeId(text, JSON.stringify(own)) ?? errorAnswer(read).text(own),
    };
  }
  if (!isJsonObject(result)) return fail('upstream_garbage', { upstream, hint: 'its result is not a JSON object' });
  return {
    kind: 'result',
    result,
    text: own => exchangeId(text, JSON.stringify(own)) ?? resultAnswer(result).text(own),
  };
}

function readError(value: Json): RpcError | undefined {
  if (!isJsonObject(value) || typeof value.message !== 'string') return undefined;
  const code = doubleOf(value.code);
  return code !== undefined && Number.isInteger(code) ? { ...value, code, message: value.message } : undefined;
}
