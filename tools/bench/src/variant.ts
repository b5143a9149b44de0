import type { Running } from './process.ts';
import { toolName } from './sample.ts';

/** One way to the upstream: what it is called, where it is, and what comes out of it. */
export interface Variant extends Running {
  readonly name: string;
  /** The tool's name, as this way shows it. */
  readonly tool: string;
  /** Arguments of each call beside the size of the text. */
  readonly args?: object;
  /** Headers that belong to the session. */
  readonly headers: Readonly<Record<string, string>>;
  /** Values of the header Authorization, which take turns. */
  readonly authorizations?: readonly string[];
  /** The text that it answers with when the upstream says `text`. */
  expected(text: string): string;
}

const revision = '2025-11-25';

/** Shakes hands as an MCP client does, and finds the tool. */
export async function openVariant(
  name: string,
  { url, pid }: Running,
  expected: (text: string) => string = text => text,
  args: object = {},
  authorizations: readonly string[] = [],
): Promise<Variant> {
  const [authorization] = authorizations;
  const credentials = authorization === undefined ? {} : { authorization };
  const post = async (headers: Readonly<Record<string, string>>, message: object) => {
    const accept = 'application/json, text/event-stream';
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept, ...credentials, ...headers },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${name} answered with ${response.status}: ${text.slice(0, 300)}`);
    return { session: response.headers.get('mcp-session-id'), text };
  };
  const clientInfo = { name: 'bench', version: '1.0.0' };
  const params = { protocolVersion: revision, capabilities: {}, clientInfo };
  const { session } = await post({}, { id: 1, method: 'initialize', params });
  const headers = { 'mcp-protocol-version': revision, ...(session !== null && { 'mcp-session-id': session }) };
  await post(headers, { method: 'notifications/initialized' });
  const { text } = await post(headers, { id: 2, method: 'tools/list' });
  const tool = new RegExp(`"name":"([^"]*${toolName})"`).exec(text)?.[1];
  if (tool === undefined) throw new Error(`${name} does not list the tool ${toolName}: ${text.slice(0, 300)}`);
  return { name, url, pid, tool, args, headers, authorizations, expected };
}
