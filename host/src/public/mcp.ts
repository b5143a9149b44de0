/** Error numbers of JSON-RPC, by revision of MCP. */

export { errorNumber } from '../mcp/errors.ts';
export { errorNumbers } from '../mcp/revision/2025-11-25/errors.ts';
