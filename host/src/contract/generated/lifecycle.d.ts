// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/lifecycle@0.1.0 **/
/**
 * Called once per instance, before any hook. `config-json` is the operator's `config`, as JSON text.
 * An `err` refuses the configuration; the gateway then does not start.
 */
export function configure(configJson: string): void;
