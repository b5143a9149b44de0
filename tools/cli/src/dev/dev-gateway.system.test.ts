import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { digestOf } from '@sallyport/host/core';
import { expect, it, onTestFinished } from 'vitest';
import { watGuest } from '../../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../../test/fixtures/guest-descriptor.ts';
import { temporaryFolder } from '../../../../test/fixtures/temporary-folder.ts';
import { createDevGateway } from './dev-gateway.ts';
import { startEchoUpstream } from './echo-upstream.ts';

const descriptor = guestDescriptor('own', { hooks: ['tool_post_invoke'] });
const patience = { timeout: 600_000 };

/** A development gateway with this configuration, and the file of it. */
async function devWith(config: object) {
  const folder = await temporaryFolder();
  const file = join(folder, 'sallyport.yaml');
  const everywhere = { identity: 'none', listen: '0.0.0.0:8787', allowed_hosts: ['gateway.example'] };
  await writeFile(file, JSON.stringify({ ...everywhere, cache_dir: './cache', limits: { lanes: 1 }, ...config }));
  const gateway = await createDevGateway({ config: file, port: 0, watch: runner => runner, hear: () => {} });
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  return { gateway, folder };
}

const own = { id: 'own', source: { oci: 'registry.invalid/acme/own:0.1.0' } };
const binding = { id: 'main', upstreams: ['mine'], transforms: ['own'] };
const upstreamAt = (url: string) => [{ id: 'mine', http: { url } }];

async function connect(url: string): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)));
  onTestFinished(() => client.close());
  return client;
}

it('[AUT-33] a request that waits for the upstream ends with the plugin that it began with', patience, async () => {
  await using echo = await startEchoUpstream();
  const gate = Promise.withResolvers<void>();
  let isHeld = false;
  const slow = createServer(async (request, response) => {
    const body = (await request.toArray()).join('');
    if (body.includes('wait')) {
      isHeld = true;
      await gate.promise;
    }
    const headers = { 'content-type': 'application/json', accept: 'application/json' };
    const answer = await fetch(echo.url, { method: request.method ?? 'GET', headers, body: body || null });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void slow.close());
  await once(slow, 'listening');
  const url = `http://127.0.0.1:${(slow.address() as AddressInfo).port}/`;
  const { gateway } = await devWith({ upstreams: upstreamAt(url), bindings: [binding], plugins: [own] });

  const first = await gateway.serve({ bytes: await watGuest(descriptor), descriptor });
  const client = await connect(first.url);
  const call = (message: string) => client.callTool({ name: 'echo', arguments: { message } });
  const held = call('wait');
  await expect.poll(() => isHeld).toBe(true);
  await gateway.serve({ bytes: await watGuest(descriptor, { after: 'unreachable' }), descriptor });
  await expect(call('later')).rejects.toThrow('own');
  gate.resolve();
  expect(await held).toMatchObject({ content: [{ text: 'wait' }] });
});

it('[AUT-34] the plugin alone is taken from its build, and only this machine reaches it', patience, async () => {
  await using upstream = await startEchoUpstream();
  const { gateway } = await devWith({ upstreams: upstreamAt(upstream.url), bindings: [binding], plugins: [own] });
  const { url } = await gateway.serve({ bytes: await watGuest(descriptor), descriptor });
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect((await (await connect(url)).listTools()).tools).not.toEqual([]);
});

it('[AUT-34] what else is true of serve is true of it', patience, async () => {
  await using upstream = await startEchoUpstream();
  const bytes = await watGuest(descriptor);
  const other = { id: 'other', source: { file: './other.wasm' } };
  const otherBytes = await watGuest(guestDescriptor('other'));
  const bindings = [{ ...binding, transforms: ['own', 'other'] }];
  const upstreams = upstreamAt(upstream.url);
  const refusals = [
    { code: 'signature_missing', config: { bindings, plugins: [own, other] } },
    { code: 'digest_revoked', config: { trust: { revoked_digests: [digestOf(bytes)] } } },
    { code: 'grant_unasked', config: { plugins: [{ ...own, grants: { clock: {} } }] } },
    { code: 'usage', config: { bindings: [{ ...binding, transforms: [] }] } },
  ];
  for (const { code, config } of refusals) {
    const { gateway, folder } = await devWith({ upstreams, bindings: [binding], plugins: [own], ...config });
    await writeFile(join(folder, 'other.wasm'), otherBytes);
    await expect(gateway.serve({ bytes, descriptor })).rejects.toSatisfy((error: unknown) => {
      const faults = (error as { faults?: unknown[] }).faults ?? [error];
      return faults.some(fault => (fault as { code: string }).code === code);
    }, code);
  }
});
