/** Helpers for text and JSON in the store of the capability `kv_store`. */
/// <reference path="./contract.d.ts" />
/// <reference path="./globals.d.ts" />

import { get, set } from 'sallyport:plugin/kv-store@0.1.0';

/** Reads text; undefined if the key does not exist. @throws as `get` does */
export function getText(key: string): string | undefined {
  const bytes = get(key);
  return bytes == null ? undefined : new TextDecoder().decode(bytes);
}

/** Stores text, with `ttlMs` for that many milliseconds. @throws as `set` does */
export function setText(key: string, text: string, ttlMs?: number): void {
  set(key, new TextEncoder().encode(text), ttlMs === undefined ? undefined : BigInt(Math.round(ttlMs)));
}

/** Reads a value stored as JSON; undefined if the key does not exist. @throws as `get` does, SyntaxError */
export function getJson(key: string): unknown {
  const text = getText(key);
  return text === undefined ? undefined : JSON.parse(text);
}

/** Stores a value as JSON, like {@link setText}. */
export const setJson = (key: string, value: unknown, ttlMs?: number): void =>
  setText(key, JSON.stringify(value), ttlMs);
