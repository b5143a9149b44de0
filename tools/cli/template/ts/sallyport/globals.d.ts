/** What is there beside the language itself. There is no timer, and nothing of Node or of a browser. */

/** Writes to the gateway's log, under the plugin's id. Values that are no text are written as JSON. */
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
  decode(bytes?: Uint8Array): string;
}

declare function btoa(text: string): string;
declare function atob(text: string): string;
declare function queueMicrotask(task: () => void): void;
