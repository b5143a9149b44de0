import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';

/** What a plugin returned is not what the contract asks for. The chain makes it the failure `invalid_output`. */
export class InvalidOutput extends Error {
  override readonly name = 'InvalidOutput';
}

/** @throws InvalidOutput */
export function refuse(message: string): never {
  throw new InvalidOutput(message);
}

/** Levels of nesting that a plugin may return. Far deeper values end in a stack overflow when they are written. */
export const maxDepth = 256;

/**
 * Reads JSON text that a plugin returned. `what` names the field in the error.
 * @throws InvalidOutput when it is not JSON, not an object, or nested deeper than `maxDepth`
 */
export function parseObject(text: string, what: string): JsonObject {
  const value = parse(text, what);
  return isJsonObject(value) ? value : refuse(`${what} is not a JSON object`);
}

function parse(text: string, what: string): Json {
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse(`${what} is not JSON`);
  }
  // A level takes two characters at least, so that a short text need not be walked.
  if (text.length > 2 * maxDepth && isDeeper(value, maxDepth))
    refuse(`${what} is nested deeper than ${maxDepth} levels`);
  return value;
}

function isDeeper(value: Json | undefined, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const member of Array.isArray(value) ? value : Object.values(value)) {
    if (isDeeper(member, levels - 1)) return true;
  }
  return false;
}
