import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { readJson } from '../core/json-reader.ts';
import { JsonExcess } from '../core/json-scan.ts';
import { findTwins } from '../core/json-twins.ts';

/** Thrown if a plugin's output violates the contract. The chain turns it into the failure `invalid_output`. */
export class InvalidOutput extends Error {
  override readonly name = 'InvalidOutput';
}

/** @throws InvalidOutput */
export function refuse(message: string): never {
  throw new InvalidOutput(message);
}

/**
 * Reads JSON text that a plugin returned. `what` names the field in the error.
 * @throws InvalidOutput when it is not JSON, not an object, out of bounds, or has names that differ only in case
 */
export function parseObject(text: string, what: string): JsonObject {
  const value = parse(text, what);
  if (!isJsonObject(value)) return refuse(`${what} is not a JSON object`);
  const twins = findTwins(value);
  return twins === undefined ? value : refuse(`${what} has ${twins.join(' and ')}, which differ only in case`);
}

function parse(text: string, what: string): Json {
  try {
    return readJson(text);
  } catch (thrown) {
    return refuse(thrown instanceof JsonExcess ? `${what} is ${thrown.message}` : `${what} is not JSON`);
  }
}
