import { isJsonObject } from '../core/json.ts';

/** Returns the value at `path` in plain data; undefined if nothing is there. */
export function memberAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((holder, step) => {
    if (Array.isArray(holder)) return holder[Number(step)];
    return isJsonObject(holder) && Object.hasOwn(holder, step) ? holder[String(step)] : undefined;
  }, value);
}
