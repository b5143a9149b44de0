import type { ServerResponse } from 'node:http';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openHost } from '../fixtures/open-host.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';

const opened = new AsyncDisposableStack();
/** Requests to the server that does not answer yet. */
const held: ServerResponse[] = [];
let isSilent = true;
let url = '';

beforeAll(async () => {
  const good = opened.use(await startRawHttpServer({ name: 'good' }));
  const late = opened.use(
    await startRawHttpServer({
      name: 'late',
      refuse(_request, response) {
        if (isSilent) held.push(response);
        return isSilent;
      },
    }),
  );
  const upstreams = [
    { id: 'good', http: { url: good.url } },
    { id: 'late', http: { url: late.url }, required: false },
  ];
  const bindings = [
    { id: 'both', upstreams: ['good', 'late'] },
    { id: 'alone', upstreams: ['late'] },
  ];
  // Waiting for an attempt to end would take an hour.
  const limits = { upstream_start_ms: 3_600_000, request_timeout_ms: 2_000 };
  ({ url } = opened.use(await openHost([], '', { upstreams, bindings, limits })));
});
afterAll(() => opened.disposeAsync());

async function connect(binding: string) {
  const client = new Client({ name: 'test', version: '1.0.0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp/${binding}`)));
  return opened.adopt(client, each => each.close());
}
const toolsOf = async (client: Client) =>
  new Set((await client.listTools()).tools.map(({ name }) => name.split('__')[0]));

it('[RUN-78] is left out while it is silent, and its tools are there once it answers', async () => {
  const client = await connect('both');
  let told = 0;
  client.setNotificationHandler('notifications/tools/list_changed', () => {
    told += 1;
  });
  expect(await toolsOf(client)).toEqual(new Set(['good']));
  await expect(client.readResource({ uri: 'raw://nowhere/' })).rejects.toThrow('Resource not found');
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  await expect(connect('alone')).rejects.toThrow('did not answer in time');

  isSilent = false;
  for (const response of held.splice(0)) response.destroy();
  await expect.poll(() => toolsOf(client)).toEqual(new Set(['good', 'late']));
  await expect.poll(() => told).toBeGreaterThan(0);
  expect(await toolsOf(await connect('alone'))).not.toEqual(new Set());
});
