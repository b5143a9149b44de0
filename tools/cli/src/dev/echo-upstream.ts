import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isJsonObject, type JsonObject } from '@sallyport/host/core';

const text = { type: 'string' };
const image = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** The lists of the echo upstream: something for each hook, and everything answers with its input. */
const lists: Readonly<Record<string, JsonObject>> = {
  'tools/list': {
    tools: [
      {
        name: 'echo',
        description: 'Returns the message as text.',
        inputSchema: { type: 'object', properties: { message: text }, required: ['message'] },
      },
      {
        name: 'echo_json',
        description: 'Returns the value as structured content and as text.',
        inputSchema: { type: 'object', properties: { value: { type: 'object' } }, required: ['value'] },
      },
      { name: 'picture', description: 'Returns an image.', inputSchema: { type: 'object' } },
    ],
  },
  'prompts/list': {
    prompts: [{ name: 'echo', description: 'Returns the message.', arguments: [{ name: 'message', required: true }] }],
  },
  'resources/list': { resources: [{ uri: 'echo:hello', name: 'hello', mimeType: 'text/plain' }] },
  'resources/templates/list': { resourceTemplates: [{ uriTemplate: 'echo:{message}', name: 'echo' }] },
};

function resultOf(method: string, params: JsonObject): JsonObject | undefined {
  const { name, uri } = params;
  const given = isJsonObject(params.arguments) ? params.arguments : {};
  const message = String(given.message ?? '');
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: '2025-11-25',
        capabilities: { tools: {}, prompts: {}, resources: {} },
        serverInfo: { name: 'echo', version: '0.1.0' },
      };
    case 'ping':
      return {};
    case 'tools/call': {
      if (name === 'echo') return { content: [{ type: 'text', text: message }] };
      if (name === 'picture') return { content: [{ type: 'image', data: image, mimeType: 'image/png' }] };
      const { value = {} } = given;
      if (name !== 'echo_json') return undefined;
      return { content: [{ type: 'text', text: JSON.stringify(value) }], structuredContent: value };
    }
    case 'prompts/get':
      return { messages: [{ role: 'user', content: { type: 'text', text: message } }] };
    case 'resources/read':
      return { contents: [{ uri: String(uri), mimeType: 'text/plain', text: String(uri).replace(/^echo:/, '') }] };
    default:
      return lists[method];
  }
}

/** Starts an MCP server on loopback that echoes requests, as the upstream of a plugin in development. */
export async function startEchoUpstream(): Promise<{ readonly url: string } & AsyncDisposable> {
  const server = createServer(async (request, response) => {
    if (request.method !== 'POST') return void response.writeHead(405).end();
    const { id, method, params = {} } = JSON.parse((await request.toArray()).join(''));
    if (id === undefined) return void response.writeHead(202).end();
    const result = resultOf(method, params);
    const error = { code: -32602, message: `Not found: ${method}` };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', id, ...(result === undefined ? { error } : { result }) }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}
