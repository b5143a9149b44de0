import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { json, text as readText } from 'node:stream/consumers';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../host/src/core/log.ts';
import { createHost } from '../../host/src/host/create-host.ts';
import { type AdminGateway, adminToken, callAdmin, openAdminGateway } from '../fixtures/admin-gateway.ts';
import { createAuthority, type KeyAndCertificate } from '../fixtures/certificates.ts';
import { servingProcess } from '../fixtures/serving-process.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';
import { itWith } from '../prerequisite.ts';

/** A configuration that needs nothing but a port. */
const config = (admin: object, more: object = {}) =>
  JSON.stringify({
    ...{ listen: '127.0.0.1:0', secrets: [{ name: 'admin-token', file: 'token' }], admin },
    upstreams: [{ id: 'up', required: false, http: { url: 'http://127.0.0.1:9/mcp' } }],
    bindings: [{ id: 'main', upstreams: ['up'] }],
    ...more,
  });

describe('what is sent to the management API [ADM-105]', () => {
  let gateway: AdminGateway;
  beforeAll(async () => {
    gateway = await openAdminGateway({ limits: { body_bytes: 1_024 } });
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  it('is refused if it is larger than the limit, also without a stated length', async () => {
    const body = JSON.stringify({ dry_run: true, more: 'x'.repeat(5_000) });
    for (const headers of [{}, { 'transfer-encoding': 'chunked' }]) {
      const answer = await gateway.call('POST', '/admin/reload', { body, headers });
      expect([answer.status, answer.body.error.code]).toEqual([413, 'body_too_large']);
    }
  });

  it('is not read without credentials', async () => {
    const answer = await gateway.call('POST', '/admin/reload', { token: undefined, body: 'x'.repeat(5_000) });
    expect([answer.status, answer.body.error.code]).toEqual([401, 'unauthenticated']);
  });

  it('is refused if it is not JSON', async () => {
    const headers = { 'content-type': 'text/plain' };
    const answer = await gateway.call('POST', '/admin/reload', { body: '{}', headers });
    expect([answer.status, answer.body.error.code]).toEqual([415, 'media_type_refused']);
  });

  it('is refused if its body does not arrive, and the connection is closed', async () => {
    const { hostname, port } = new URL(gateway.adminUrl);
    const socket = connect(Number(port), hostname);
    const head = ['POST /admin/reload HTTP/1.1', `host: ${hostname}:${port}`, `authorization: Bearer ${adminToken}`];
    socket.write([...head, 'content-type: application/json', 'content-length: 100', '', '{'].join('\r\n'));
    const answer = await readText(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('body_late');
  });

  it('is refused while the gateway is draining', async () => {
    const client = new Client({ name: 'test', version: '1' });
    await client.connect(new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp`)));
    const slow = client.callTool({ name: 'slow', arguments: { ms: 2_000 } }).catch(error => error);
    const runs = ({ sessions }: { sessions: { running: number }[] }) => sessions.some(({ running }) => running > 0);
    await expect.poll(async () => runs((await gateway.call('GET', '/admin/sessions')).body)).toBe(true);
    const drained = gateway.host.server.drain(20_000);
    const answer = await gateway.call('GET', '/admin/status');
    expect([answer.status, answer.body.error.code]).toEqual([503, 'draining']);
    await slow;
    await client.close();
    await drained;
  });
});

describe('a management API with client certificates [ADM-101]', () => {
  itWith('openssl')('gives each certificate what its name may do, over an address of its own', async () => {
    const folder = await temporaryFolder();
    const authority = createAuthority(folder);
    await mkdir(join(folder, 'other'));
    const other = createAuthority(join(folder, 'other'));
    authority.certify('gateway', 'IP:127.0.0.1');
    const clients = {
      ops: authority.certify('ops', 'email:ops@example.com'),
      reader: authority.certify('reader', 'email:reader@example.com'),
      stranger: authority.certify('stranger', 'email:stranger@example.com'),
      forged: other.certify('ops', 'email:ops@example.com'),
    };
    const admin = {
      listen: '127.0.0.1:0',
      tls: { certificate: 'gateway.pem', key: 'gateway.key', client_authorities: 'ca.pem' },
      client_certificates: {
        allow: [
          { name: 'ops', scopes: ['admin:write'] },
          { name: 'reader', scopes: ['admin:read'] },
        ],
      },
    };
    await writeFile(join(folder, 'sallyport.yaml'), config(admin, { secrets: [] }));
    await using host = await createHost(join(folder, 'sallyport.yaml'), { log: silentLog() });
    await host.listen();
    const { port } = new URL(host.server.adminUrl ?? '');
    const ca = readFileSync(join(folder, 'ca.pem'), 'utf8');
    const call = (method: string, path: string, { key, cert }: Partial<KeyAndCertificate> = {}) =>
      new Promise<readonly [number | undefined, unknown]>((resolve, reject) => {
        const asked = request({ host: '127.0.0.1', port, method, path, ca, key, cert, agent: false }, response => {
          json(response).then(body => {
            const { error } = body as { error?: { code: string } };
            resolve([response.statusCode, error?.code]);
          }, reject);
        });
        asked.on('error', reject).end();
      });
    expect(await call('GET', '/admin/status', clients.ops)).toEqual([200, undefined]);
    expect(await call('GET', '/admin/status', clients.reader)).toEqual([200, undefined]);
    expect(await call('POST', '/admin/reload', clients.ops)).toEqual([409, 'reload_unavailable']);
    expect(await call('POST', '/admin/reload', clients.reader)).toEqual([403, 'insufficient_scope']);
    expect(await call('GET', '/admin/status', clients.stranger)).toEqual([401, 'credentials_refused']);
    expect(await call('GET', '/admin/status', clients.forged)).toEqual([401, 'credentials_refused']);
    expect(await call('GET', '/admin/status')).toEqual([401, 'unauthenticated']);
  });
});

it('[ADM-114] reloads the file of serve, or says what would change, and keeps what runs if the file is broken', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'sallyport.yaml');
  await writeFile(join(folder, 'token'), adminToken);
  const admin = { token: 'admin-token', registration: { path: 'registered.json' } };
  await writeFile(file, config(admin));
  const { url } = await servingProcess(['-c', file, '--no-watch']);
  const reload = (body: object) => callAdmin(url, 'POST', '/admin/reload', { body });
  await writeFile(file, config(admin, { allowed_origins: ['https://a.example'] }));
  const changes = [expect.stringMatching(/allowed origin .* added/)];
  expect(await reload({ dry_run: true })).toMatchObject({
    status: 200,
    body: { dry_run: true, generation: 1, changes },
  });
  expect(await reload({})).toMatchObject({ status: 200, body: { dry_run: false, generation: 2, changes } });
  await writeFile(file, config(admin, { bindings: [{ id: 'main', upstreams: ['nothing'] }] }));
  const { status, body } = await reload({});
  expect([status, body.error.code]).toEqual([422, 'config_invalid']);
  expect(body.problems).toEqual([expect.objectContaining({ path: 'bindings.0.upstreams.0', line: 1 })]);
  await writeFile(file, config({ ...admin, keys_file: 'keys.jsonl' }));
  const refused = await reload({});
  expect([refused.status, refused.body.error.code]).toEqual([422, 'reload_refused']);
  expect((await callAdmin(url, 'GET', '/admin/status')).body).toMatchObject({ generation: 2 });
});
