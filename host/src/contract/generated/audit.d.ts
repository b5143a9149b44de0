// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/audit@0.1.0 **/
/**
 * `event` is a stable name such as `email_redacted`; `details` is a JSON object, as text. The error says what is invalid,
 * or that this hook call has written more than one call may.
 */
export function write(event: string, details: string): void;
