import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { faultyRegistry } from '../../../../test/fixtures/faulty-registry.ts';
import { type HttpProxy, startHttpProxy } from '../../../../test/fixtures/http-proxy.ts';
import { silentLog } from '../../core/log.ts';
import { createSource } from '../create-source.ts';
import { fetchArtifact } from '../source.ts';

/** One for all: the gateway reads the environment once. */
let proxy: HttpProxy;
beforeAll(async () => {
  proxy = await startHttpProxy();
  vi.stubEnv('http_proxy', proxy.url);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await proxy[Symbol.asyncDispose]();
});

it('reaches a registry through the proxy of the environment, and its token service too [UP-26]', async () => {
  const registry = await faultyRegistry((request, response, honest) => {
    if (request.url?.startsWith('/token')) return response.end('{"token":"t"}');
    if (request.headers.authorization === 'Bearer t') return honest();
    const challenge = `Bearer realm="http://${host}/token",service="s"`;
    return response.writeHead(401, { 'www-authenticate': challenge }).end();
  });
  const host = registry.host.replace('127.0.0.1', 'registry.invalid');
  const on = { log: silentLog(), baseDir: '/', plainHttp: [host] };
  const artifact = await fetchArtifact(createSource({ oci: `${host}/acme/redact:1` }, on));
  expect(artifact.origin.repository).toBe(`${host}/acme/redact`);
  const asked = proxy.seen.map(({ line }) => line);
  expect(asked).toContain(`GET http://${host}/v2/acme/redact/manifests/1`);
  expect(asked.some(line => line.startsWith(`GET http://${host}/token?`))).toBe(true);
  expect(asked).toHaveLength(registry.seen.length);
});

it('asks a registry on this machine without it [UP-26]', async () => {
  const registry = await faultyRegistry();
  await fetchArtifact(createSource({ oci: registry.reference }, { log: silentLog(), baseDir: '/' }));
  expect(proxy.seen.filter(({ line }) => line.includes(registry.host))).toEqual([]);
});
