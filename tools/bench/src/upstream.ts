/**
 * A raw MCP server over streamable HTTP, stateless, with JSON answers: no framework and no SDK, so that it is never
 * the bottleneck. Its one tool, `text`, answers with `size` bytes of text. A process of its own;
 * its argument is the port, if that matters.
 */
import { createServer } from 'node:http';
import { announce } from './process.ts';
import { sampleText, toolName } from './sample.ts';

const tool = {
  name: toolName,
  description: 'Text of a given size with an e-mail address in it.',
  inputSchema: { type: 'object', properties: { size: { type: 'integer' } }, required: ['size'] },
};

const texts = new Map<number, string>();

/** The text of this size as a JSON string: made once, so that it costs nothing to answer with. */
function textJson(size: number): string {
  let json = texts.get(size);
  if (json === undefined) {
    json = JSON.stringify(sampleText(size));
    texts.set(size, json);
  }
  return json;
}

function resultJson({ method, params }: { method: string; params?: { arguments?: { size?: number } } }): string {
  switch (method) {
    case 'tools/call':
      return `{"content":[{"type":"text","text":${textJson(params?.arguments?.size ?? 0)}}]}`;
    case 'tools/list':
      return JSON.stringify({ tools: [tool] });
    case 'initialize':
      return JSON.stringify({
        protocolVersion: '2025-11-25',
        capabilities: { tools: {} },
        serverInfo: { name: 'bench', version: '1.0.0' },
      });
    default:
      return '{}';
  }
}

const server = createServer((request, response) => {
  if (request.method !== 'POST') {
    response.writeHead(405).end();
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', chunk => chunks.push(chunk));
  request.on('end', () => {
    const message = JSON.parse(Buffer.concat(chunks).toString());
    if (message.id === undefined) {
      response.writeHead(202).end();
      return;
    }
    const body = `{"jsonrpc":"2.0","id":${JSON.stringify(message.id)},"result":${resultJson(message)}}`;
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.end(body);
  });
});
server.keepAliveTimeout = 600_000;
const [port = '0'] = process.argv.slice(2);
server.listen(Number(port), '127.0.0.1', () => announce(server.address()));
