import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** Tools of the upstream: `echo` answers with a text, and `mirror` with whatever its arguments say the result is. */
const tools = ['echo', 'mirror'].map(name => ({ name, inputSchema: { type: 'object' } }));

interface Asked {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: { readonly name?: string; readonly arguments?: { readonly result?: unknown } };
}

/**
 * An MCP server without sessions whose results are what the client asks for, so that strangers' words come back to
 * the gateway from its other side, too.
 */
export async function startMirrorUpstream(): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(async (request, response) => {
    if (request.method !== 'POST') return response.writeHead(405).end();
    const message = JSON.parse(await text(request)) as Asked;
    if (message.id === undefined) return response.writeHead(202).end();
    const body = JSON.stringify({ jsonrpc: '2.0', id: message.id, result: resultOf(message) });
    return response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

function resultOf({ method, params }: Asked): unknown {
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: '2025-11-25',
        capabilities: { tools: {}, prompts: {}, resources: {}, completions: {}, logging: {} },
        serverInfo: { name: 'mirror', version: '1.0.0' },
      };
    case 'tools/list':
      return { tools };
    case 'tools/call': {
      const asked = params?.arguments?.result;
      return params?.name === 'mirror' && asked !== undefined
        ? asked
        : { content: [{ type: 'text', text: 'echo to someone@example.com' }] };
    }
    case 'prompts/list':
      return { prompts: [{ name: 'greet' }] };
    case 'prompts/get':
      return { messages: [{ role: 'user', content: { type: 'text', text: 'hello' } }] };
    case 'resources/list':
      return { resources: [{ uri: 'raw://fixed', name: 'fixed' }] };
    case 'resources/templates/list':
      return { resourceTemplates: [{ uriTemplate: 'raw://item/{id}', name: 'item' }] };
    case 'resources/read':
      return { contents: [{ uri: 'raw://fixed', text: 'read' }] };
    case 'completion/complete':
      return { completion: { values: ['one'] } };
    default:
      return {};
  }
}
