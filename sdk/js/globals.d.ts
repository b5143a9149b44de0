/**
 * The globals of a plugin beside the language itself. `Intl`, locales, timers, `fetch` and everything else of Node and
 * browsers are not available.
 */

/**
 * Writes to the gateway's log, under the plugin's id. The first string may contain %s, %d, %i, %f and %j; values other than
 * strings are written as JSON.
 */
declare const console: Readonly<
  Record<'log' | 'info' | 'warn' | 'error' | 'debug' | 'trace', (...values: unknown[]) => void>
>;

/** Throws unless plugin.json declares the capability `clock`. */
declare const performance: {
  /** Returns milliseconds since an arbitrary moment; never decreases. */
  now(): number;
};

/** Throws unless plugin.json declares the capability `random`. */
declare const crypto: {
  /** Fills an integer array of any size with cryptographically strong random bytes and returns it. */
  getRandomValues<T extends ArrayBufferView>(array: T): T;
  /** Returns a version 4 UUID. */
  randomUUID(): string;
};

/** Encodes UTF-8. */
declare class TextEncoder {
  readonly encoding: 'utf-8';
  encode(text?: string): Uint8Array;
}

/** Decodes UTF-8. Invalid bytes become U+FFFD or, with `fatal`, a TypeError. */
declare class TextDecoder {
  constructor(label?: string, options?: { readonly fatal?: boolean });
  readonly encoding: 'utf-8';
  decode(bytes?: ArrayBuffer | ArrayBufferView): string;
}

declare function btoa(text: string): string;
declare function atob(text: string): string;
declare function queueMicrotask(task: () => void): void;

/** Makes a deep copy, including cycles, Map, Set, Date, RegExp, errors and typed arrays. Bundled only if used. */
declare function structuredClone<T>(value: T): T;

/** Follows the URL Standard, except that host names beyond ASCII are not mapped. Bundled only if used. */
declare class URL {
  constructor(url: string | URL, base?: string | URL);
  static canParse(url: string | URL, base?: string | URL): boolean;
  static parse(url: string | URL, base?: string | URL): URL | null;
  href: string;
  readonly origin: string;
  protocol: string;
  username: string;
  password: string;
  host: string;
  hostname: string;
  port: string;
  pathname: string;
  search: string;
  readonly searchParams: URLSearchParams;
  hash: string;
  toJSON(): string;
  toString(): string;
}

declare class URLSearchParams implements Iterable<[string, string]> {
  constructor(init?: string | Iterable<readonly [string, string]> | Readonly<Record<string, string>>);
  readonly size: number;
  append(name: string, value: string): void;
  delete(name: string, value?: string): void;
  entries(): IterableIterator<[string, string]>;
  forEach(call: (value: string, name: string, params: URLSearchParams) => void): void;
  get(name: string): string | null;
  getAll(name: string): string[];
  has(name: string, value?: string): boolean;
  keys(): IterableIterator<string>;
  set(name: string, value: string): void;
  sort(): void;
  toString(): string;
  values(): IterableIterator<string>;
  [Symbol.iterator](): IterableIterator<[string, string]>;
}

interface ErrorConstructor {
  /** The number of lines in a stack. */
  stackTraceLimit: number;
  captureStackTrace(target: object): void;
}
