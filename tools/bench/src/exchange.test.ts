import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { Exchange } from './exchange.ts';

async function answered(listener: RequestListener, bodies: readonly string[]): Promise<string[]> {
  await using stop = new AsyncDisposableStack();
  const server = createServer(listener).listen(0, '127.0.0.1');
  stop.defer(async () => {
    server.close();
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const exchange = await Exchange.open(new URL(`http://127.0.0.1:${port}/mcp`), { 'x-header': 'yes' });
  stop.defer(async () => exchange.close());
  const answers: string[] = [];
  for (const body of bodies) answers.push(await exchange.post(body));
  return answers;
}

const echo =
  (chunks: number): RequestListener =>
  async (request, response) => {
    const body = (await request.toArray()).join('');
    const text = `${request.method} ${request.url} ${request.headers['x-header']} ${body}`;
    if (chunks === 0) response.end(text);
    for (let at = 0; at < chunks; at++) {
      response.write(text.slice((at * text.length) / chunks, ((at + 1) * text.length) / chunks));
      await new Promise(resolve => setTimeout(resolve, 1));
    }
    response.end();
  };

it.each([
  ['with its length', 0],
  ['in one chunk', 1],
  ['in many chunks', 5],
])('reads bodies %s, one after the other on one connection', async (_, chunks) => {
  const long = 'x'.repeat(100_000);
  expect(await answered(echo(chunks), ['a', long, 'b'])).toEqual([
    'POST /mcp yes a',
    `POST /mcp yes ${long}`,
    'POST /mcp yes b',
  ]);
});

it('fails on any other status', async () => {
  const refuse: RequestListener = (_, response) => response.writeHead(503).end('busy');
  await expect(answered(refuse, ['a'])).rejects.toThrow('answered with 503: busy');
});

it('fails when the connection is closed', async () => {
  await expect(answered(request => request.socket.destroy(), ['a'])).rejects.toThrow();
});

it('[RUN-73] fails when the server closed the connection before the call', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const exchange = await Exchange.open(new URL(`http://127.0.0.1:${port}`), {});
  server.closeAllConnections();
  await expect.poll(() => exchange.post('{}').catch(String)).toContain('the connection is closed');
  server.close();
});
