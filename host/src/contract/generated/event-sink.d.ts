// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/event-sink@0.1.0 **/
/**
 * Each event is a JSON object, as text.
 */
export function accept(events: Array<string>): void;
