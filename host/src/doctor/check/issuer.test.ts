import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Patient } from '../patient.ts';
import { issuersOf, readMetadata } from './issuer.ts';

/** Starts a server of this machine until the test ends. Returns its URL. */
async function serverWith(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const loopback = ['127.0.0.0/8'];
const read = (issuer: string, allowPrivate = loopback) =>
  readMetadata({ issuer, at: 'identity', allowPrivate }, new AbortController().signal);

describe('[CLI-62] the metadata of an authorization server', () => {
  it.each([
    '/.well-known/oauth-authorization-server/a',
    '/.well-known/openid-configuration/a',
    '/a/.well-known/openid-configuration',
  ])('is found at %s', async path => {
    const issuer = `${await serverWith(({ url }, response) => {
      response.statusCode = url === path ? 200 : 404;
      response.end(JSON.stringify({ issuer }));
    })}/a`;
    expect(await read(issuer)).toEqual({ date: expect.any(Number) });
  });

  it('is read at no private address that the gateway would not reach', async () => {
    let asked = 0;
    const issuer = await serverWith((_, response) => {
      asked += 1;
      response.end(JSON.stringify({ issuer }));
    });
    expect(await read(issuer)).not.toHaveProperty('problem');
    expect(await read(issuer, [])).toEqual({ problem: expect.stringContaining('127.0.0.1') });
    expect(asked).toBe(1);
  });

  it('is not read from where a redirect leads', async () => {
    let asked = 0;
    const other = await serverWith((_, response) => {
      asked += 1;
      response.end();
    });
    const issuer = await serverWith((_, response) => response.writeHead(302, { location: other }).end());
    expect(await read(issuer)).toHaveProperty('problem');
    expect(asked).toBe(0);
  });

  it('is not read without bound', async () => {
    let written = 0;
    const issuer = await serverWith((_, response) => {
      response.on('error', () => {});
      const more = () => {
        if (response.destroyed) return;
        written += 64 * 1024;
        response.write(Buffer.alloc(64 * 1024, ' '), more);
      };
      more();
    });
    expect(await read(issuer)).toEqual({ problem: expect.any(String) });
    expect(written).toBeLessThan(64 * 2 ** 20);
  });

  it('that names another issuer is reported, also if there is no other metadata', async () => {
    const issuer = await serverWith(({ url }, response) => {
      response.statusCode = url?.includes('oauth') ? 200 : 404;
      response.end('{"issuer":"https://other.example"}');
    });
    expect(await read(issuer)).toMatchObject({ problem: expect.stringContaining('https://other.example') });
  });
});

it('[CLI-62] metadata that the gateway does not read is not looked at', () => {
  const oauth = { issuer: 'https://as.example', allow_private: [] };
  const issuers = (more: object) =>
    issuersOf({
      config: { identity: { schemes: [{ id: 'as', oauth: { ...oauth, ...more } }] }, upstreams: [] },
    } as unknown as Patient);
  expect(issuers({})).toEqual([{ issuer: 'https://as.example', at: 'identity.schemes.as.oauth', allowPrivate: [] }]);
  expect(issuers({ jwks_url: 'https://as.example/keys' })).toEqual([]);
});
