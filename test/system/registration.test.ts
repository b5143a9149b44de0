import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadConfig } from '../../host/src/host/load-config.ts';
import {
  type AdminGateway,
  type AdminRequestOptions,
  callAdmin,
  openAdminGateway,
  startAdminGateway,
} from '../fixtures/admin-gateway.ts';
import { freePort } from '../fixtures/everything.ts';
import { startHttpApi } from '../fixtures/http-api.ts';
import { keep } from '../fixtures/keep.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';

const main = join(import.meta.dirname, '../../tools/cli/bin/sallyport.js');
const registration = { path: 'registered.json', allow_private: ['127.0.0.0/8'] };
const open = async (more: object = {}, rules: object = {}) =>
  keep(await openAdminGateway({ admin: { registration: { ...registration, ...rules } }, ...more }));

const connect = async (gateway: AdminGateway, binding: string) => {
  const client = new Client({ name: 'test', version: '1' });
  const changed = Promise.withResolvers<void>();
  client.setNotificationHandler('notifications/tools/list_changed', () => changed.resolve());
  await client.connect(new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp/${binding}`)));
  keep({ [Symbol.asyncDispose]: () => client.close() });
  return { client, changed: changed.promise };
};
const toolsOf = async (gateway: AdminGateway, binding: string) => {
  const { client } = await connect(gateway, binding);
  return (await client.listTools()).tools.map(({ name }) => name);
};

/** A server that can be registered. */
async function crmServer() {
  const server = keep(await startRawHttpServer({ name: 'crm' }));
  return { server, crm: { id: 'crm', http: { url: server.url } } };
}
const sales = { id: 'sales', upstreams: ['crm', 'upstream'] };
const codes = ({ body }: { body: { error?: { code: string }; problems?: { code: string }[] } }) =>
  body.problems?.map(({ code }) => code) ?? [body.error?.code];

describe('an upstream that is registered at run time', () => {
  it('[CHG-10] is served, survives a restart, is updated and is gone when it is unregistered', async () => {
    const gateway = await open();
    const { crm } = await crmServer();
    const registered = await gateway.call('POST', '/admin/upstreams', { body: crm });
    expect(registered).toMatchObject({
      status: 200,
      body: { id: 'crm', dry_run: false, generation: 2, changes: ['upstream crm added'] },
    });
    expect(registered.headers.etag).toBe(registered.body.etag);
    expect(await gateway.call('POST', '/admin/bindings', { body: sales })).toMatchObject({
      status: 200,
      body: { generation: 3, changes: ['binding sales added'] },
    });
    expect(gateway.lines().filter(({ msg }) => msg === 'configuration reloaded')).toMatchObject([
      { triggers: ['admin'], generation: 2, changes: ['upstream crm added'] },
      { triggers: ['admin'], generation: 3, changes: ['binding sales added'] },
    ]);
    const { client, changed } = await connect(gateway, 'sales');
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(['crm__echo', 'upstream__echo']));
    expect(await client.callTool({ name: 'crm__echo', arguments: { text: 'honest' } })).toMatchObject({
      content: [{ text: 'honest' }],
    });

    await using again = await startAdminGateway(gateway.folder);
    expect(await toolsOf(again, 'sales')).toContain('crm__echo');

    const updated = await gateway.call('PUT', '/admin/bindings/sales', { body: { ...sales, upstreams: ['crm'] } });
    expect(updated).toMatchObject({ status: 200, body: { changes: ['binding sales: upstream upstream removed'] } });
    await changed;
    expect(await toolsOf(gateway, 'sales')).toContain('echo');

    const used = await gateway.call('DELETE', '/admin/upstreams/crm');
    expect(used).toMatchObject({ status: 409, body: { error: { code: 'registration_in_use' } } });
    expect(used.body.problems).toMatchObject([{ bindings: ['sales'] }]);
    expect((await gateway.call('DELETE', '/admin/bindings/sales')).status).toBe(200);
    expect((await gateway.call('DELETE', '/admin/upstreams/crm')).status).toBe(200);
    await expect(connect(gateway, 'sales')).rejects.toThrow();
    expect((await loadConfig(join(gateway.folder, 'sallyport.yaml'))).upstreams.map(({ id }) => id)).toEqual([
      'upstream',
    ]);
  });

  it('[CHG-10] is an HTTP API by its document, and several instances', async () => {
    const gateway = await open();
    const api = keep(await startHttpApi(() => ({ name: 'Tom' })));
    const paths = { '/pets': { get: { operationId: 'listPets', responses: { 200: { description: 'ok' } } } } };
    const document = { openapi: '3.1.0', info: { title: 'Pets', version: '1' }, paths };
    const pets = { id: 'pets', openapi: { document, base_url: api.url } };
    const [one, other] = [await crmServer(), await crmServer()];
    const many = { id: 'many', http: { instances: [one.crm.http, other.crm.http] } };
    for (const body of [pets, many])
      expect((await gateway.call('POST', '/admin/upstreams', { body })).status).toBe(200);
    const body = { id: 'both', upstreams: ['pets', 'many'] };
    expect((await gateway.call('POST', '/admin/bindings', { body })).status).toBe(200);
    const { client } = await connect(gateway, 'both');
    await client.callTool({ name: 'pets__listPets', arguments: {} });
    expect(api.requests).toMatchObject([{ method: 'GET', url: '/pets' }]);
    expect(await client.callTool({ name: 'many__echo', arguments: { text: 'a' } })).toMatchObject({
      content: [{ text: 'a' }],
    });
  });

  it('[CHG-10] is refused if it is required and cannot be reached, and otherwise accepted', async () => {
    const gateway = await open();
    const http = { url: `http://127.0.0.1:${await freePort()}/mcp` };
    const refused = await gateway.call('POST', '/admin/upstreams', { body: { id: 'away', http } });
    expect([refused.status, codes(refused)]).toEqual([422, ['upstream_unavailable']]);
    expect((await gateway.call('GET', '/admin/upstreams/away')).status).toBe(404);
    const accepted = await gateway.call('POST', '/admin/upstreams', { body: { id: 'away', http, required: false } });
    expect(accepted.status).toBe(200);
    const { body } = await gateway.call('GET', '/admin/upstreams');
    expect(JSON.stringify(body)).toContain('"away"');
  });

  it('[CHG-06] collides with what the file and others define, each with its reason', async () => {
    const gateway = await open();
    const { crm } = await crmServer();
    const taken = await gateway.call('POST', '/admin/upstreams', { body: { ...crm, id: 'upstream' } });
    expect([taken.status, codes(taken)]).toEqual([409, ['registration_fixed']]);
    expect(taken.body.error.hint).toMatch(/upstream upstream is defined in \S+sallyport\.yaml:\d+/);
    await gateway.call('POST', '/admin/upstreams', { body: crm });
    const twice = await gateway.call('POST', '/admin/upstreams', { body: crm });
    expect([twice.status, codes(twice)]).toEqual([409, ['registration_exists']]);
    for (const [method, path] of [
      ['PUT', '/admin/upstreams/upstream'],
      ['DELETE', '/admin/upstreams/upstream'],
      ['PUT', '/admin/bindings/main'],
      ['DELETE', '/admin/bindings/main'],
    ] as const) {
      const fixed = await gateway.call(method, path, method === 'PUT' ? { body: {} } : {});
      expect([path, fixed.status]).toEqual([path, 409]);
    }
    expect((await gateway.call('DELETE', '/admin/upstreams/nothing')).status).toBe(404);
  });

  const hostile: readonly (readonly [what: string, body: AdminRequestOptions['body'], status: number, code: string])[] =
    [
      ['a private address', { id: 'crm', http: { url: 'http://10.0.0.1/mcp' } }, 422, 'config_invalid'],
      ['a name of this machine', { id: 'crm', http: { url: 'http://printer.localhost/' } }, 422, 'config_invalid'],
      ['a command', { id: 'crm', stdio: { command: 'sh', args: ['-c', 'touch /tmp/x'] } }, 422, 'config_invalid'],
      ['a file', { id: 'crm', openapi: { document: '/etc/passwd' } }, 422, 'config_invalid'],
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable
      ['a variable', { id: 'crm', http: { url: 'https://${HOME}.example/' } }, 422, 'config_invalid'],
      [
        'the token of the API',
        { id: 'crm', http: { url: 'https://a.example/' }, auth: { static: { secret: 'admin-token' } } },
        422,
        'config_invalid',
      ],
      ['a path as id', { id: '../../etc/passwd', http: { url: 'https://a.example/' } }, 422, 'config_invalid'],
      [
        'the prefix of tools of another',
        { id: 'upstream__x', http: { url: 'https://a.example/' } },
        422,
        'config_invalid',
      ],
      ['a prototype', '{"id":"crm","__proto__":{"stdio":{"command":"sh"}}}', 400, 'admin_input_invalid'],
      ['no id', { http: { url: 'https://a.example/' } }, 400, 'admin_input_invalid'],
      ['a list', [], 400, 'admin_input_invalid'],
      ['nothing', '', 400, 'admin_input_invalid'],
      ['half a body', '{"id":', 400, 'json_malformed'],
    ];
  it.each(hostile)('[CHG-04] is not registered with %s, and nothing changes', async (_, body, status, code) => {
    const gateway = await open({}, { allow_private: [] });
    const refused = await gateway.call('POST', '/admin/upstreams', { body: body ?? {} });
    expect([refused.status, refused.body.error.code]).toEqual([status, code]);
    expect((await gateway.call('GET', '/admin/status')).body.generation).toBe(1);
    await expect(readFile(join(gateway.folder, 'registered.json'))).rejects.toThrow('ENOENT');
  });

  it('[CHG-09] does not say in the metrics that the file can be used, or that it cannot', async () => {
    const gateway = await open();
    const { crm } = await crmServer();
    const success = async () =>
      /^sallyport_reload_success (.)$/m.exec(await (await fetch(`${gateway.url}/metrics`)).text())?.[1];
    expect(await gateway.call('DELETE', '/admin/upstreams/nothing')).toMatchObject({ status: 404 });
    expect(await success()).toBe('1');
    await expect(gateway.host.reload(() => Promise.reject(new Error('a broken file')))).rejects.toThrow();
    expect(await success()).toBe('0');
    expect(await gateway.call('POST', '/admin/upstreams', { body: crm })).toMatchObject({ status: 200 });
    expect(await success()).toBe('0');
  });

  it('[CHG-07] is changed only in the version that the caller has read', async () => {
    const gateway = await open();
    const { crm } = await crmServer();
    const { etag } = (await gateway.call('POST', '/admin/upstreams', { body: crm })).body;
    const body = { ...crm, timeout_ms: 5_000 };
    const put = (ifMatch: string) =>
      gateway.call('PUT', '/admin/upstreams/crm', { body, headers: { 'if-match': ifMatch } });
    const changed = await put(etag);
    expect([changed.status, changed.body.changes]).toEqual([200, ['upstream crm: timeout_ms none → 5000']]);
    const outdated = await put(etag);
    expect([outdated.status, codes(outdated)]).toEqual([412, ['registration_outdated']]);
    expect((await gateway.call('GET', '/admin/upstreams/crm')).headers.etag).toBe(changed.body.etag);
  });

  it('[CHG-09] is tried out without a change', async () => {
    const gateway = await open();
    const { crm } = await crmServer();
    const tried = await gateway.call('POST', '/admin/upstreams?dry_run=true', { body: crm });
    expect(tried).toMatchObject({
      status: 200,
      body: { dry_run: true, generation: 1, changes: ['upstream crm added'] },
    });
    expect((await gateway.call('GET', '/admin/upstreams/crm')).status).toBe(404);
  });

  it('[CHG-09] is there with all others if fifty are registered at once', async () => {
    const gateway = await open();
    const { crm } = await crmServer();
    const ids = Array.from({ length: 50 }, (_, index) => `n${index}`);
    const answers = await Promise.all(
      ids.map(id => gateway.call('POST', '/admin/upstreams', { body: { ...crm, id, required: false } })),
    );
    // The API serves 32 requests at once.
    const accepted = ids.filter((_, index) => answers[index]?.status === 200);
    expect(answers.filter(({ status }) => status !== 200).every(({ body }) => body.error.code === 'overloaded')).toBe(
      true,
    );
    expect(accepted.length).toBeGreaterThanOrEqual(32);
    const { upstreams } = await loadConfig(join(gateway.folder, 'sallyport.yaml'));
    expect(upstreams.map(({ id }) => id).toSorted()).toEqual(['upstream', ...accepted].toSorted());
  });

  it('[CHG-08] shows and audits no secret, and says who changed what', async () => {
    const gateway = await open();
    const { crm } = await crmServer();
    const headers = { authorization: 'Bearer s3cret-of-the-crm-0001', 'x-plain': 'short' };
    const body = { ...crm, http: { ...crm.http, headers } };
    await gateway.call('POST', '/admin/upstreams', { body });
    await gateway.call('PUT', '/admin/upstreams/crm', { body: { ...body, timeout_ms: 7 } });
    await gateway.call('POST', '/admin/upstreams', { body: { ...body, id: 'UP' } });
    const shown = await gateway.call('GET', '/admin/upstreams/crm');
    expect(shown.body).toMatchObject({
      source: 'registered',
      definition: { id: 'crm', timeout_ms: 7, http: { headers: { authorization: '***', 'x-plain': '***' } } },
    });
    const back = await gateway.call('PUT', '/admin/upstreams/crm', { body: shown.body.definition });
    expect([back.status, back.body.problems[0].path]).toEqual([400, 'body.http.headers.authorization']);
    const changes = gateway.audited().filter(({ event }) => event === 'admin.change');
    expect(changes.map(({ details }) => details)).toMatchObject([
      { operation: 'registerUpstream', result: 'done', after: { id: 'crm' } },
      { operation: 'updateUpstream', result: 'done', before: { id: 'crm' }, after: { timeout_ms: 7 } },
      { operation: 'registerUpstream', result: 'config_invalid', after: { id: 'UP' } },
      { operation: 'updateUpstream', result: 'admin_input_invalid', after: { id: 'crm' } },
    ]);
    const said = [JSON.stringify(shown.body), ...gateway.text].join('\n');
    expect(said).not.toContain('s3cret');
    expect(await readFile(join(gateway.folder, 'registered.json'), 'utf8')).toContain('s3cret');
  });

  it('[CHG-10] is shown where the file defines it', async () => {
    const gateway = await open();
    const { body } = await gateway.call('GET', '/admin/bindings/main');
    expect(body).toMatchObject({
      source: 'file',
      defined_at: expect.stringMatching(/sallyport\.yaml:\d+$/),
      definition: { id: 'main', upstreams: ['upstream'] },
    });
    expect(body).not.toHaveProperty('etag');
  });

  it('[CHG-09] changes nothing if it cannot be saved', async () => {
    // Nothing can be created there, not even by root.
    const gateway = await open({}, { path: '/proc/registered.json' });
    const { crm } = await crmServer();
    const refused = await gateway.call('POST', '/admin/upstreams', { body: crm });
    expect([refused.status, codes(refused)]).toEqual([503, ['overlay_not_saved']]);
    expect((await gateway.call('GET', '/admin/upstreams/crm')).status).toBe(404);
    expect((await gateway.call('GET', '/admin/status')).body.generation).toBe(1);
  });

  it('[CHG-04] has a body that is bounded', async () => {
    const gateway = await open({ limits: { body_bytes: 1_048_576 } });
    const { crm } = await crmServer();
    const filler = (characters: number) => ({
      ...crm,
      http: { ...crm.http, headers: { 'x-a': 'a'.repeat(characters) } },
    });
    expect((await gateway.call('POST', '/admin/upstreams', { body: filler(1_100_000) })).status).toBe(413);
    expect((await gateway.call('POST', '/admin/upstreams', { body: crm })).status).toBe(200);
  });
});

it('[CHG-02] does not start over a file of what is registered that is broken', async () => {
  const gateway = await open();
  const { crm } = await crmServer();
  await gateway.call('POST', '/admin/upstreams', { body: crm });
  const file = join(gateway.folder, 'registered.json');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.slice(0, -20));
  await expect(startAdminGateway(gateway.folder)).rejects.toMatchObject({
    message: expect.stringContaining('overlay_unusable'),
  });
  const refused = await gateway.call('DELETE', '/admin/upstreams/crm');
  expect(codes(refused)).toEqual(['overlay_unusable']);
  await writeFile(file, text);
  await chmod(file, 0o600);
  expect((await gateway.call('DELETE', '/admin/upstreams/crm')).status).toBe(200);
});

/** Runs a gateway over a folder in a process of its own. */
async function serveIn(folder: string) {
  const child = spawn(process.execPath, [main, 'serve', '-c', join(folder, 'sallyport.yaml')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  child.stderr.on('data', text => {
    said += text;
  });
  await expect.poll(() => /"url":"([^"]+)".*"msg":"serving"/.exec(said)?.[1]).toBeDefined();
  return { child, url: /"url":"([^"]+)".*"msg":"serving"/.exec(said)?.[1] ?? '', ended: once(child, 'exit') };
}

it.each([
  ['takes the lock', /^registered\.json\.lock$/],
  ['writes', /^[0-9a-f-]{36}$/],
  ['has saved', /^registered\.json$/],
])('[CHG-09] is made or not made if the gateway is killed when it %s', async (_, pattern) => {
  const gateway = await open();
  const { crm } = await crmServer();
  const { child, url, ended } = await serveIn(gateway.folder);
  const watcher = watch(gateway.folder, (_event, name) => {
    if (pattern.test(String(name))) child.kill('SIGKILL');
  });
  const sent = callAdmin(url, 'POST', '/admin/upstreams', { body: crm }).catch(() => undefined);
  await ended;
  watcher.close();
  await sent;
  const { upstreams } = await loadConfig(join(gateway.folder, 'sallyport.yaml'));
  const isMade = upstreams.some(({ id }) => id === 'crm');
  expect(upstreams.length).toBe(isMade ? 2 : 1);
  // Another process can make changes, although the lock may still be there.
  expect((await gateway.call('POST', '/admin/upstreams', { body: { ...crm, id: 'erp' } })).status).toBe(200);
  await using again = await startAdminGateway(gateway.folder);
  expect((await again.call('GET', '/admin/upstreams/crm')).status).toBe(isMade ? 200 : 404);
  expect((await again.call('GET', '/admin/upstreams/erp')).status).toBe(200);
});
