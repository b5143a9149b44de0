import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { readDescriptorFile } from '@sallyport/cli/artifact/read-descriptor-file';
import { buildPlugin } from '@sallyport/cli/build/build-plugin';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { initialize, mcpHeaders } from '../fixtures/open-gateway.ts';
import { openHost } from '../fixtures/open-host.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';

const example = join(import.meta.dirname, '../../plugins-examples/session-lookup');

/** An application that knows two sessions. */
interface Application {
  readonly server: Server;
  readonly url: string;
  readonly asked: { readonly session: string; readonly authorization: string | undefined }[];
  isBroken: boolean;
}

async function startApplication(): Promise<Application> {
  const asked: Application['asked'] = [];
  const server = createServer(async (request, response) => {
    const { session } = (await json(request)) as { session: string };
    asked.push({ session, authorization: request.headers.authorization });
    const answers: Record<string, object> = {
      's-ada': { active: true, user: 'ada', tenant: 'acme', roles: ['tools'], expires_in: 600 },
      's-ended': { active: false },
    };
    response.statusCode = application.isBroken ? 500 : session in answers ? 200 : 404;
    response.end(JSON.stringify(answers[session] ?? {}));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const application: Application = { server, url, asked, isBroken: false };
  return application;
}

let folder = '';
let application: Application;
let upstream: Awaited<ReturnType<typeof startRawHttpServer>>;
let opened: Awaited<ReturnType<typeof openHost>>;
beforeAll(async () => {
  vi.stubEnv('SALLYPORT_TEST_SECRET', 'key of the application');
  application = await startApplication();
  upstream = await startRawHttpServer();
  const descriptor = await readDescriptorFile(join(example, 'plugin.json'));
  folder = await mkdtemp(join(tmpdir(), 'sallyport-sessions-'));
  const out = join(folder, 'session-lookup.wasm');
  const { bytes } = await buildPlugin({ folder: example, descriptor, out });
  const origins = [application.url];
  const plugin = {
    ...{ id: 'session-lookup', bytes, config: { url: `${application.url}/session` } },
    grants: {
      outbound_http: { allow: origins, methods: ['POST'], allow_private: ['127.0.0.1/32'] },
      secret_store: { references: [{ name: 'session-service-key', origins }] },
    },
  };
  const asking = { id: 'session-lookup', header: 'x-session', tenants: ['acme'], scopes: ['tools'] };
  const settings = {
    secrets: [{ name: 'session-service-key', env: 'SALLYPORT_TEST_SECRET' }],
    bindings: [{ id: 'main', upstreams: ['upstream'], allow: [{ tenants: ['acme'], scopes: ['tools'] }] }],
    identity: { schemes: [{ id: 'shop', plugin: asking }] },
  };
  opened = await openHost([plugin], upstream.url, settings, { headers: { 'x-session': 's-ada' } });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await opened?.[Symbol.asyncDispose]();
  await upstream?.[Symbol.asyncDispose]();
  application?.server.close();
  await rm(folder, { recursive: true, force: true });
});

async function statusOf(session: string): Promise<number> {
  const headers = { ...mcpHeaders, 'x-session': session };
  const body = JSON.stringify(initialize());
  return (await fetch(`${opened.url}/mcp`, { method: 'POST', headers, body })).status;
}

it('[GW-210] a client with a session of an application is its user, and the application is asked once', async () => {
  expect(await opened.call('echo', { text: 'hi' })).toMatchObject({ content: [{ type: 'text' }] });
  expect(opened.lines.findLast(({ msg }) => msg === 'request')).toMatchObject({ subject: 'shop:ada', tenant: 'acme' });
  expect(application.asked).toEqual([{ session: 's-ada', authorization: 'Bearer key of the application' }]);
});

it('[GW-210] other sessions are refused, and none is let in while the application is broken', async () => {
  expect(await statusOf('s-ended')).toBe(401);
  expect(await statusOf('s-stranger')).toBe(401);
  application.isBroken = true;
  expect(await statusOf('s-new')).toBe(503);
  expect(await opened.call('echo', { text: 'hi' })).toMatchObject({ content: [{ type: 'text' }] });
  application.isBroken = false;
  expect(JSON.stringify(opened.lines)).not.toContain('key of the application');
  expect(JSON.stringify(opened.lines)).not.toContain('s-ended');
});
