/** A gateway as a handler of the Fetch standard, which is called without any server. */
import { createHost } from '@sallyport/host';

const host = await createHost({
  identity: 'none',
  upstreams: [{ id: 'files', http: { url: process.env.FILES_URL ?? 'http://127.0.0.1:3001/mcp' } }],
});

const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'me', version: '1.0.0' } };
const request = new Request('http://localhost/mcp', {
  method: 'POST',
  headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
  body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
});
const response = await host.fetch(request);
console.log(response.status, await response.text());
await host.close();
