/** Modules that the build generates for one plugin (javascript-start.ts). */
declare module 'sallyport:build' {
  export const isQuickJs: boolean;
  /** Whether the engine calls `Error.prepareStackTrace`. */
  export const hasCallSites: boolean;
}

/** The host interfaces behind globals; undeclared ones throw. */
declare module 'sallyport:powers' {
  export const log: { write(level: 'debug' | 'info' | 'warn' | 'error', message: string): void };
  export const clock: { nowMs(): number | bigint; monotonicNs(): number | bigint };
  export const random: { bytes(length: number): Uint8Array };
}

/** A LineTable, as JSON. */
declare const __sallyport_lines: string;
