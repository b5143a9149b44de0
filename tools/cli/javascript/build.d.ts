/** What the build puts together for one plugin (javascript-start.ts). */
declare module 'sallyport:build' {
  export const isQuickJs: boolean;
  /** Whether `Error.prepareStackTrace` is called. */
  export const hasCallSites: boolean;
}

/** What the descriptor declares of the host; the rest throws. */
declare module 'sallyport:powers' {
  export const log: { write(level: 'debug' | 'info' | 'warn' | 'error', message: string): void };
  export const clock: { nowMs(): number | bigint; monotonicNs(): number | bigint };
  export const random: { bytes(length: number): Uint8Array };
}

/** A LineTable, as JSON. */
declare const __sallyport_lines: string;
