import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fault } from '../../host/src/core/fault.ts';
import { Egress } from '../../host/src/egress/egress.ts';
import { egressGrantSchema } from '../../host/src/egress/egress-grant.ts';
import { openDnsServer } from '../fixtures/dns-server.ts';
import { itWith } from '../prerequisite.ts';

const withOpenssl = itWith('openssl');
const names = ['api.example.test', 'other.example.test'];

describe('TLS', () => {
  const opened = new AsyncDisposableStack();
  let folder: string;
  let dns: string;
  let port: number;
  const seen: { sni: unknown; host: string | undefined; client: string | undefined }[] = [];

  /** A key and a certificate in `folder`, signed by our own authority, or by itself. */
  function certify(file: string, subject: string, signed: boolean, extension: string): void {
    const at = (name: string) => join(folder, name);
    const by = signed ? ['-CA', at('ca.pem'), '-CAkey', at('ca.key')] : [];
    const subjectAnd = ['-subj', `/CN=${subject}`, '-addext', extension, '-days', '2'];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', at(`${file}.key`)];
    execFileSync('openssl', ['req', '-x509', ...key, ...by, ...subjectAnd, '-out', at(`${file}.pem`)], {
      stdio: 'pipe',
    });
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-tls-'));
    opened.defer(() => rmSync(folder, { recursive: true }));
    try {
      certify('ca', 'an authority', false, 'keyUsage=keyCertSign');
      certify('server', names[0] ?? '', true, `subjectAltName=${names.map(name => `DNS:${name}`).join(',')}`);
      certify('client', 'a client', true, 'extendedKeyUsage=clientAuth');
    } catch (error) {
      if (process.env.CI === 'true') throw error;
      return;
    }
    const read = (name: string) => readFileSync(join(folder, name));
    const server = createServer(
      {
        key: read('server.key'),
        cert: read('server.pem'),
        ca: read('ca.pem'),
        requestCert: true,
        rejectUnauthorized: false,
      },
      (request, response) => {
        const socket = request.socket as TLSSocket;
        const { servername } = socket as TLSSocket & { servername?: string };
        seen.push({
          sni: servername,
          host: request.headers.host,
          client: socket.getPeerCertificate()?.subject?.CN as string | undefined,
        });
        response.end('hello');
      },
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
    opened.defer(() => {
      server.closeAllConnections();
      server.close();
    });
    const wrong = 'wrong.example.test';
    const zone = Object.fromEntries([...names, wrong].map(name => [name, ['127.0.0.1']]));
    dns = opened.use(await openDnsServer(zone)).address;
  });
  afterAll(() => opened.disposeAsync());

  const grant = (more: object) => ({
    allow: [{ url: `https://*.example.test:${port}` }],
    allow_private: ['127.0.0.1/32'],
    dns: [dns],
    ...more,
  });
  const file = (name: string) => join(folder, name);

  async function ask(more: object, ...hosts: string[]) {
    await using egress = new Egress(egressGrantSchema.parse(grant(more)), { plugin: 'p' });
    const answers = [];
    for (const host of hosts) {
      const url = `https://${host}:${port}/`;
      const answer = await egress.request(
        { method: 'GET', url, headers: [] },
        { signal: new AbortController().signal },
      );
      answers.push('ok' in answer ? answer.ok.status : answer.err);
    }
    return answers;
  }

  withOpenssl('[CAP-28] asks for the name that the guest asked for, whatever address it was pinned to', async () => {
    seen.length = 0;
    expect(await ask({ ca_file: file('ca.pem') }, 'API.example.test.')).toEqual([200]);
    expect(seen).toMatchObject([{ sni: 'api.example.test', host: `api.example.test:${port}`, client: undefined }]);
  });

  withOpenssl('[CAP-28] refuses an authority that nobody added, and a certificate of another name', async () => {
    seen.length = 0;
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    // What switches verification off elsewhere does not do so here.
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      expect(await ask({}, 'api.example.test')).toMatchObject([{ tag: 'failed' }]);
      expect(await ask({ ca_file: file('ca.pem') }, 'wrong.example.test')).toMatchObject([{ tag: 'failed' }]);
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
    }
    expect(seen).toEqual([]);
  });

  withOpenssl("[CAP-28] shows a client certificate to the hosts of its rule, and to no other's", async () => {
    seen.length = 0;
    const client_certificate = { certificate_file: file('client.pem'), key_file: file('client.key') };
    const allow = [
      { url: `https://api.example.test:${port}`, client_certificate },
      `https://other.example.test:${port}`,
    ];
    expect(await ask({ allow, ca_file: file('ca.pem') }, ...names)).toEqual([200, 200]);
    expect(seen.map(({ client }) => client)).toEqual(['a client', undefined]);
  });

  it.each([
    { what: 'an authority that is not there', grant: () => ({ ca_file: file('none.pem') }) },
    { what: 'an authority that is no PEM', grant: () => ({ ca_file: file('nonsense') }) },
    {
      what: 'a client certificate that is none',
      grant: () => {
        const client_certificate = { certificate_file: file('nonsense'), key_file: file('nonsense') };
        return { allow: [{ url: 'https://api.example.test', client_certificate }] };
      },
    },
  ])('[CAP-28] refuses to start with $what', ({ grant }) => {
    writeFileSync(file('nonsense'), '-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n');
    const parsed = egressGrantSchema.parse({ allow: ['https://api.example.test'], ...grant() });
    let fault: Fault | undefined;
    try {
      new Egress(parsed, { plugin: 'p' });
    } catch (error) {
      fault = error as Fault;
    }
    expect(fault).toMatchObject({ code: 'egress_file_unreadable', details: { plugin: 'p' } });
  });
});
