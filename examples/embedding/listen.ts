/** A gateway with a listener of its own, whose upstream is registered at run time. */
import { createHost, refuse } from '@sallyport/host';

const host = await createHost({ listen: '127.0.0.1:0', identity: 'none' });
await host.registerUpstream({ id: 'files', http: { url: process.env.FILES_URL ?? 'http://127.0.0.1:3001/mcp' } });

host.on('beforeRequest', ({ method, params }) => {
  if (method === 'tools/call' && params.name === 'delete') refuse('nothing is deleted on Fridays');
});
host.on('afterResponse', ({ method, params, outcome }) => {
  console.log(method, params.name ?? '', outcome.kind);
});

const { url } = await host.listen();
console.log(`serving at ${url}/mcp`);
process.once('SIGTERM', () => void host.close());
