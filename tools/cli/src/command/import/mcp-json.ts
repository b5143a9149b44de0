import { defineCommand } from '../../command.ts';
import { importOptions, runImport } from '../../import/run-import.ts';

export const command = defineCommand({
  summary: "write a configuration from an MCP client's file",
  about: `Reads \`mcpServers\` of Claude Desktop, Claude Code, Cursor and others, and \`servers\` of VS Code. Values of env and
headers, and whatever looks like a secret, become variables and secrets; stderr lists them, and what was left out.`,
  arguments: { FILE: { says: 'for example .mcp.json, .cursor/mcp.json or .vscode/mcp.json' } },
  options: importOptions,
  example: 'sallyport import mcp-json ~/.cursor/mcp.json --out sallyport.yaml',
  async run({ options, args: { FILE: file } }, { terminal }) {
    const { importMcpJson } = await import('../../import/mcp-json.ts');
    return runImport({ file, read: importMcpJson, ...options }, terminal);
  },
});
