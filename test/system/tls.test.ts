import { once } from 'node:events';
import { copyFile, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { grantsSchema } from '../../host/src/capability/registry.ts';
import { loadConfig } from '../../host/src/config/load-config.ts';
import { createLog } from '../../host/src/core/log.ts';
import { createHost } from '../../host/src/host/create-host.ts';
import { createAuthority, type KeyAndCertificate } from '../fixtures/certificates.ts';
import { initialize, mcpHeaders } from '../fixtures/open-gateway.ts';
import { itWith } from '../prerequisite.ts';

const withOpenssl = itWith('openssl');

describe('a gateway with TLS', () => {
  const opened = new AsyncDisposableStack();
  const lines: Record<string, unknown>[] = [];
  const log = createLog('info', { write: line => void lines.push(JSON.parse(line)) });
  let folder: string;
  let port: string;
  let ours: ReturnType<typeof createAuthority>;
  let theirs: ReturnType<typeof createAuthority>;
  const at = (name: string) => join(folder, name);
  const clients: Record<string, KeyAndCertificate> = {};

  const config = (more = '') => `
listen: 127.0.0.1:0
tls: { certificate: gateway.pem, key: gateway.key, client_authorities: ca.pem, client_revocations: revoked.pem }
identity: { schemes: [{ id: mesh, client_certificates: { subject: uri, tenant: cn } }] }
upstreams: [{ id: up, required: false, http: { url: "http://127.0.0.1:9/mcp" } }]
bindings: [{ id: main, upstreams: [up], allow: [{}] }]
${more}`;
  const load = () => loadConfig(at('sallyport.yaml'), { grants: grantsSchema });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sallyport-tls-'));
    opened.defer(() => rm(folder, { recursive: true }));
    const other = await mkdtemp(join(tmpdir(), 'sallyport-tls-'));
    opened.defer(() => rm(other, { recursive: true }));
    try {
      [ours, theirs] = [createAuthority(folder), createAuthority(other)];
    } catch {
      return; // Without openssl, the tests say that they are skipped.
    }
    ours.certify('gateway', 'IP:127.0.0.1');
    clients.ada = ours.certify('ada', 'URI:spiffe://example.test/ada');
    clients.bob = ours.certify('bob', 'URI:spiffe://example.test/bob');
    clients.carol = ours.certify('carol', 'URI:spiffe://example.test/carol');
    clients.late = ours.certify('late', 'URI:spiffe://example.test/late', -1);
    clients.vague = ours.certify('vague', 'URI:spiffe://example.test/a,URI:spiffe://example.test/b');
    clients.nameless = ours.certify('nameless', 'DNS:nameless.example.test');
    clients.foreign = theirs.certify('foreign', 'URI:spiffe://example.test/ada');
    clients.own = ours.selfSigned('own', 'URI:spiffe://example.test/ada');
    ours.revocationsOf();
    await writeFile(at('sallyport.yaml'), config());
    const host = opened.use(await createHost(await load(), { log }));
    const { url } = await host.server.listen({ host: '127.0.0.1', port: 0 });
    expect(url).toMatch(/^https:/);
    port = new URL(url).port;
  });
  afterAll(() => opened.disposeAsync());

  /** Sends `initialize`, and returns the status and the name of the certificate that the gateway showed. */
  function enter(client: KeyAndCertificate | undefined, agent = new Agent({ keepAlive: false })) {
    const { key, cert } = client ?? {};
    return new Promise<{ status: number; shown: string }>((resolve, reject) => {
      const sent = request({
        host: '127.0.0.1',
        port,
        method: 'POST',
        path: '/mcp',
        headers: mcpHeaders,
        agent,
        key,
        cert,
        ca: ours.ca,
      });
      sent.on('error', reject).on('response', response => {
        const shown = String((response.socket as TLSSocket).getPeerCertificate().subject?.CN);
        response.resume().on('end', () => resolve({ status: response.statusCode ?? 0, shown }));
      });
      sent.end(JSON.stringify(initialize()));
    });
  }
  const refusal = (reason: string) =>
    expect.objectContaining({
      code: 'credentials_refused',
      details: expect.objectContaining({ scheme: 'mesh', reason }),
    });

  withOpenssl('knows a client by its certificate [GW-122]', async () => {
    expect(await enter(clients.ada)).toEqual({ status: 200, shown: 'gateway' });
    const line = { subject: 'spiffe://example.test/ada', tenant: 'ada' };
    await expect.poll(() => lines).toContainEqual(expect.objectContaining(line));
    expect(await enter(undefined)).toMatchObject({ status: 401 });
  });

  const refused = [
    { who: 'late', reason: 'wrong_certificate' },
    { who: 'foreign', reason: 'wrong_certificate' },
    { who: 'own', reason: 'wrong_certificate' },
    { who: 'vague', reason: 'missing_claim' },
    { who: 'nameless', reason: 'missing_claim' },
  ];
  for (const { who, reason } of refused) {
    withOpenssl(`refuses the certificate "${who}" as ${reason} [GW-122]`, async () => {
      const from = lines.length;
      expect(await enter(clients[who])).toMatchObject({ status: 401 });
      await expect.poll(() => lines.slice(from)).toContainEqual(refusal(reason));
    });
  }

  withOpenssl(
    'refuses a revoked certificate, also on a connection that was open before [GW-121] [GW-122]',
    async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      opened.defer(() => agent.destroy());
      expect(await enter(clients.bob, agent)).toMatchObject({ status: 200 });
      ours.revocationsOf('bob');
      await expect
        .poll(() => enter(clients.bob, agent), { timeout: 60_000, interval: 250 })
        .toMatchObject({ status: 401 });
      expect(await enter(clients.ada)).toMatchObject({ status: 200 });
    },
  );

  withOpenssl('serves a revoked certificate on no connection that was busy or not yet encrypted [GW-173]', async () => {
    const { key, cert } = clients.carol ?? {};
    const socket = connect({ host: '127.0.0.1', port: Number(port) });
    await once(socket, 'connect');
    const busy = connectTls({ host: '127.0.0.1', port: Number(port), key, cert, ca: ours.ca });
    const body = JSON.stringify(initialize());
    const head = ['POST /mcp HTTP/1.1', `host: 127.0.0.1:${port}`, `content-length: ${body.length}`];
    for (const [name, value] of Object.entries(mcpHeaders)) head.push(`${name}: ${value}`);
    const request = `${head.join('\r\n')}\r\n\r\n${body}`;
    let answers = '';
    busy.on('data', part => (answers += part));
    // The gateway asks for the body of a request that it has begun to read.
    busy.write(request.slice(0, -body.length).replace(/\r\n\r\n$/, '\r\nexpect: 100-continue\r\n\r\n'));
    await expect.poll(() => answers).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    const from = lines.length;
    ours.revocationsOf('bob', 'carol');
    const read = expect.objectContaining({ msg: 'read the certificates again' });
    await expect.poll(() => lines.slice(from)).toContainEqual(read);
    busy.write(`${body}${request}`);
    await once(busy, 'end');
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 100', 'HTTP/1.1 200']);
    expect(answers).toMatch(/connection: close/i);

    const late = connectTls({
      socket,
      key,
      cert,
      ca: ours.ca,
      servername: 'gateway',
      checkServerIdentity: () => undefined,
    });
    late.write(request);
    expect(await readText(late)).toMatch(/^HTTP\/1\.1 421 .*"code":"connection_outdated"/s);
    expect(await enter(clients.ada)).toMatchObject({ status: 200 });
  });

  withOpenssl('keeps its certificates when the new ones cannot be used, and takes usable ones [GW-121]', async () => {
    const from = lines.length;
    await copyFile(at('ada.key'), at('gateway.key'));
    const unusable = { level: 50, code: 'tls_unusable', details: expect.objectContaining({ file: at('gateway.pem') }) };
    await expect.poll(() => lines.slice(from)).toContainEqual(expect.objectContaining(unusable));
    expect(await enter(clients.ada)).toEqual({ status: 200, shown: 'gateway' });
    const loops = { ...unusable, details: { file: at('gateway.key'), what: expect.stringContaining('ELOOP') } };
    await rm(at('gateway.key'));
    await symlink(at('gateway.key'), at('gateway.key'));
    await expect.poll(() => lines.slice(from)).toContainEqual(expect.objectContaining(loops));
    await rm(at('gateway.key'));
    expect(await enter(clients.ada)).toEqual({ status: 200, shown: 'gateway' });
    ours.certify('renewed', 'IP:127.0.0.1');
    await copyFile(at('renewed.key'), at('gateway.key'));
    await copyFile(at('renewed.pem'), at('gateway.pem'));
    await expect
      .poll(() => enter(clients.ada), { timeout: 60_000, interval: 250 })
      .toEqual({ status: 200, shown: 'renewed' });
  });

  const unusable = [
    { what: 'a key of another certificate', file: 'gateway.key', text: () => clients.bob?.key ?? '' },
    { what: 'text instead of the certificate', file: 'gateway.pem', text: () => 'hello' },
    {
      what: 'authorities that cannot be read',
      file: 'ca.pem',
      text: () => '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    },
    { what: 'no file', file: 'revoked.pem', text: () => undefined },
  ];
  for (const { what, file, text } of unusable) {
    withOpenssl(`does not start with ${what} [GW-121]`, async () => {
      await copyFile(at(file), at('kept'));
      const changed = text();
      await (changed === undefined ? rm(at(file)) : writeFile(at(file), changed));
      try {
        await using host = await createHost(await load(), { log });
        const listening = host.server.listen({ host: '127.0.0.1', port: 0 });
        await expect(listening).rejects.toMatchObject({ code: 'tls_unusable', exit: 3 });
      } finally {
        await copyFile(at('kept'), at(file));
      }
    });
  }
});
