/** A gateway beside the routes of a server that the program has already. */
import { createServer } from 'node:http';
import { createHost } from '@sallyport/host';

const host = await createHost({
  identity: 'none',
  allowed_hosts: ['mcp.example.com'],
  upstreams: [{ id: 'files', http: { url: process.env.FILES_URL ?? 'http://127.0.0.1:3001/mcp' } }],
});

const server = createServer((incoming, outgoing) => {
  if (incoming.url === '/') outgoing.end('This is my program.');
  else host.handle(incoming, outgoing);
});
server.listen(0, '127.0.0.1', () => console.log('serving at', server.address()));
process.once('SIGTERM', async () => {
  await host.close();
  server.close();
});
