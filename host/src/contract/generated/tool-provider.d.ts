// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/tool-provider@0.1.0 **/
export function listTools(): Array<Tool>;
export function callTool(ctx: CallContext, call: ToolCall): ToolResult;
export type CallContext = import('./types.js').CallContext;
export type Tool = import('./types.js').Tool;
export type ToolCall = import('./types.js').ToolCall;
export type ToolResult = import('./types.js').ToolResult;
