// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/tool-call@0.1.0 **/
/**
 * `name` is the tool as clients of the binding know it, `arguments-json` a JSON object as text. The result is shown as
 * after hooks are shown one; an `opaque` block in it is a block that this plugin is not shown.
 */
export function call(name: string, argumentsJson: string): ToolResult;
export type ToolResult = import('./types.js').ToolResult;
export type Violation = import('./types.js').Violation;
export type CallError =
  | {
    /**
     * The grant does not allow it. The text says what was missing.
     */
    tag: 'denied',
    val: string,
  }
  | {
    /**
     * No upstream of the binding has a name that begins so. A tool that its upstream does not know is for the upstream
     * to tell, with `failed` or a result with `is-error`.
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
     * A plugin on the way blocked it.
     */
    tag: 'blocked',
    val: Violation,
  }
  | {
    /**
     * This plugin is calling this very tool already, and the call leads back to it.
     */
    tag: 'loop',
    val: string,
  }
  | {
    /**
     * More calls within each other than the grant allows.
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
     * The upstream answered with an error, or with what cannot be shown.
     */
    tag: 'failed',
    val: string,
  };
