/** Text and JSON in the store of the capability `kv_store`. */
/// <reference path="./contract.d.ts" />
/// <reference path="./globals.d.ts" />

import { get, set } from 'sallyport:plugin/kv-store@0.1.0';

/** The text under a key; undefined when there is none. @throws what `get` throws */
export function getText(key: string): string | undefined {
  const bytes = get(key);
  return bytes == null ? undefined : new TextDecoder().decode(bytes);
}

/** Keeps a text; with `ttlMs` for so many milliseconds. @throws what `set` throws */
export function setText(key: string, text: string, ttlMs?: number): void {
  set(key, new TextEncoder().encode(text), ttlMs === undefined ? undefined : BigInt(Math.round(ttlMs)));
}

/** The value that was kept as JSON under a key; undefined when there is none. @throws what `get` throws, SyntaxError */
export function getJson(key: string): unknown {
  const text = getText(key);
  return text === undefined ? undefined : JSON.parse(text);
}

/** Keeps a value as JSON, as {@link setText} does. */
export const setJson = (key: string, value: unknown, ttlMs?: number): void =>
  setText(key, JSON.stringify(value), ttlMs);
