// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/tool-call@0.1.0 **/
/**
 * `name` is the tool's name as clients of the binding know it; `arguments-json` is a JSON object, as text. The result has
 * the form that after hooks get; an `opaque` block in it is a block hidden from this plugin.
 */
export function call(name: string, argumentsJson: string): ToolResult;
export type ToolResult = import('./types.js').ToolResult;
export type Violation = import('./types.js').Violation;
export type CallError =
  | {
    /**
     * The grant does not allow it. The text says what is missing.
     */
    tag: 'denied',
    val: string,
  }
  | {
    /**
     * No upstream of the binding matches the name. If the upstream does not know the tool, it reports that itself, with
     * `failed` or a result with `is-error`.
     */
    tag: 'not-found',
    val: string,
  }
  | {
    /**
     * The name is too long, or the arguments are not a JSON object.
     */
    tag: 'invalid',
    val: string,
  }
  | {
    /**
     * A plugin blocked the call.
     */
    tag: 'blocked',
    val: Violation,
  }
  | {
    /**
     * This plugin is already calling this tool, and the call led back to it.
     */
    tag: 'loop',
    val: string,
  }
  | {
    /**
     * More nested calls than the grant allows.
     */
    tag: 'too-deep',
    val: string,
  }
  | {
    /**
     * More calls for one request, longer arguments or a longer result than the grant allows.
     */
    tag: 'limit',
    val: string,
  }
  | {
    tag: 'timeout',
  }
  | {
    /**
     * The upstream cannot be reached, or the gateway is too busy; in `configure` there is no request to call for.
     */
    tag: 'unavailable',
    val: string,
  }
  | {
    /**
     * The upstream answered with an error, or with a result that cannot be represented.
     */
    tag: 'failed',
    val: string,
  };
