import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

/** Calls the tool `echo` behind `url` with a real MCP client and returns its text. */
export async function callEcho(url: string, message: string): Promise<string> {
  const client = new Client({ name: 'sallyport-demo', version: '0.1.0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  try {
    const { content } = await client.callTool({ name: 'echo', arguments: { message } });
    return content.map(block => (block.type === 'text' ? block.text : `(${block.type})`)).join('\n');
  } finally {
    await client.close();
  }
}
