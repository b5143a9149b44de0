import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { grantsSchema } from '../../host/src/capability/registry.ts';
import { loadConfig } from '../../host/src/config/load-config.ts';
import { createLog } from '../../host/src/core/log.ts';
import { createHost } from '../../host/src/host/create-host.ts';
import { createAuthority, type KeyAndCertificate } from '../fixtures/certificates.ts';
import { initialize, mcpHeaders } from '../fixtures/open-gateway.ts';
import { itWith } from '../prerequisite.ts';

const withOpenssl = itWith('openssl');

describe('a proxy that shows a certificate [GW-171]', () => {
  const opened = new AsyncDisposableStack();
  const clients: Record<string, KeyAndCertificate> = {};
  const lines: Record<string, unknown>[] = [];
  let folder: string;
  let ca: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sallyport-proxy-'));
    opened.defer(() => rm(folder, { recursive: true }));
    const other = await mkdtemp(join(tmpdir(), 'sallyport-proxy-'));
    opened.defer(() => rm(other, { recursive: true }));
    let ours: ReturnType<typeof createAuthority>;
    try {
      ours = createAuthority(folder);
      clients.foreign = createAuthority(other).certify('ingress', 'DNS:ingress.example');
    } catch {
      return; // Without openssl, the tests say that they are skipped.
    }
    ca = ours.ca;
    ours.certify('gateway', 'IP:127.0.0.1');
    clients.ingress = ours.certify('ingress', 'DNS:ingress.example,DNS:ingress.internal');
    clients.service = ours.certify('service', 'DNS:service.example');
    clients.late = ours.certify('late', 'DNS:ingress.example', -1);
  });
  afterAll(() => opened.disposeAsync());

  /** Sends `initialize` for ada through a proxy with this certificate, and returns the refusal's reason, or the subject. */
  async function enter(proxy: object, client: KeyAndCertificate | undefined) {
    const file = join(folder, 'sallyport.yaml');
    const headers = { subject: 'x-user' };
    await writeFile(
      file,
      JSON.stringify({
        listen: '127.0.0.1:0',
        tls: { certificate: 'gateway.pem', key: 'gateway.key', client_authorities: 'ca.pem' },
        identity: {
          schemes: [
            { id: 'ingress', proxy: { ...proxy, headers } },
            { id: 'mesh', client_certificates: {} },
          ],
        },
        upstreams: [{ id: 'up', required: false, http: { url: 'http://127.0.0.1:9/mcp' } }],
        bindings: [{ id: 'main', upstreams: ['up'], allow: [{}] }],
      }),
    );
    const from = lines.length;
    const log = createLog('info', { write: line => void lines.push(JSON.parse(line)) });
    await using host = await createHost(await loadConfig(file, { grants: grantsSchema }), { log });
    const { url } = await host.server.listen({ host: '127.0.0.1', port: 0 });
    await new Promise<void>((resolve, reject) => {
      const { key, cert } = client ?? {};
      const about = { method: 'POST', headers: { ...mcpHeaders, 'x-user': 'ada' }, agent: false, key, cert, ca };
      const sent = request(`${url}/mcp`, about, response => response.resume().on('end', resolve));
      sent.on('error', reject).end(JSON.stringify(initialize()));
    });
    const line = lines.slice(from).find(({ msg }) => msg === 'request');
    const { reason, what } = (line?.details ?? {}) as { reason?: string; what?: string };
    return line?.subject ?? `${reason}${what === undefined ? '' : `: ${what}`}`;
  }

  const fingerprintOf = (name: string) => new X509Certificate(clients[name]?.cert ?? '').fingerprint256;
  const elsewhere = ['10.0.0.0/8'];
  const here = ['127.0.0.1/32'];
  const wrong = (what: string) => `wrong_certificate: ${what}`;
  const cases = [
    { what: 'its name', proxy: { certificate: { cn: ['ingress'] } }, by: 'ingress', found: 'ada' },
    {
      what: 'one of its names',
      proxy: { certificate: { dns: ['a.example', 'ingress.internal'] } },
      by: 'ingress',
      found: 'ada',
    },
    {
      what: 'its fingerprint',
      proxy: () => ({ certificate: { fingerprint: [fingerprintOf('ingress')] } }),
      by: 'ingress',
      found: 'ada',
    },
    { what: 'name and address', proxy: { from: here, certificate: { cn: ['ingress'] } }, by: 'ingress', found: 'ada' },
    {
      what: 'its name at another address',
      proxy: { from: elsewhere, certificate: { cn: ['ingress'] } },
      by: 'ingress',
      found: 'untrusted_address',
    },
    {
      what: 'its address and another name',
      proxy: { from: here, certificate: { cn: ['ingress'] } },
      by: 'service',
      found: wrong('the certificate has another cn'),
    },
    {
      what: 'one of two parts',
      proxy: { certificate: { cn: ['ingress'], dns: ['service.example'] } },
      by: 'ingress',
      found: wrong('the certificate has another dns'),
    },
    {
      what: 'another fingerprint',
      proxy: () => ({ certificate: { fingerprint: [fingerprintOf('service').replaceAll(':', '')] } }),
      by: 'ingress',
      found: wrong('the certificate has another fingerprint'),
    },
    {
      what: 'a part that the certificate lacks',
      proxy: { certificate: { uri: ['spiffe://x'] } },
      by: 'ingress',
      found: wrong('the certificate has another uri'),
    },
    {
      what: 'its name, by another authority',
      proxy: { certificate: { cn: ['ingress'] } },
      by: 'foreign',
      found: expect.stringMatching(/^wrong_certificate: UNABLE|^wrong_certificate: unable/),
    },
    {
      what: 'its name, expired',
      proxy: { certificate: { dns: ['ingress.example'] } },
      by: 'late',
      found: wrong('CERT_HAS_EXPIRED'),
    },
    {
      what: 'no certificate',
      proxy: { from: here, certificate: { cn: ['ingress'] } },
      by: 'none',
      found: wrong('the connection has no client certificate'),
    },
  ];
  for (const { what, proxy, by, found } of cases) {
    withOpenssl(`with ${what}: ${typeof found === 'string' ? found : 'refused'}`, async () => {
      expect(await enter(typeof proxy === 'function' ? proxy() : proxy, clients[by])).toEqual(found);
    });
  }
});
