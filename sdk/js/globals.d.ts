/**
 * What a plugin has beside the language itself. `Intl`, locales, timers, `fetch` and whatever else Node and browsers have
 * is not there.
 */

/** Writes to the gateway's log, under the plugin's id. The first text may have %s, %d, %i, %f and %j; values that are no text are written as JSON. */
declare const console: Readonly<
  Record<'log' | 'info' | 'warn' | 'error' | 'debug' | 'trace', (...values: unknown[]) => void>
>;

/** Throws unless plugin.json declares the capability `clock`. */
declare const performance: {
  /** Milliseconds since an arbitrary moment; never goes back. */
  now(): number;
};

/** Throws unless plugin.json declares the capability `random`. */
declare const crypto: {
  /** Fills an array of integers, of any size, with strong random bytes, and yields it. */
  getRandomValues<T extends ArrayBufferView>(array: T): T;
  /** A UUID of version 4. */
  randomUUID(): string;
};

/** UTF-8. */
declare class TextEncoder {
  readonly encoding: 'utf-8';
  encode(text?: string): Uint8Array;
}

/** UTF-8. What is not UTF-8 becomes U+FFFD, or with `fatal` a TypeError. */
declare class TextDecoder {
  constructor(label?: string, options?: { readonly fatal?: boolean });
  readonly encoding: 'utf-8';
  decode(bytes?: ArrayBuffer | ArrayBufferView): string;
}

declare function btoa(text: string): string;
declare function atob(text: string): string;
declare function queueMicrotask(task: () => void): void;

/** A deep copy: cycles, Map, Set, Date, RegExp, errors and typed arrays too. In a component that uses it. */
declare function structuredClone<T>(value: T): T;

/** As in the URL Standard; host names beyond ASCII are not mapped. In a component that uses it. */
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
  /** How many lines a stack has. */
  stackTraceLimit: number;
  captureStackTrace(target: object): void;
}
