/** Error numbers of JSON-RPC, by revision of MCP, and the table of methods. */

export { errorNumber } from '../mcp/errors.ts';
export { calledHooks, methods } from '../mcp/methods.ts';
export { errorNumbers } from '../mcp/revision/2025-11-25/errors.ts';
