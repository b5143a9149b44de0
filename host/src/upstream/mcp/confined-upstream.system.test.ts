import { afterEach, describe, expect, it, vi } from 'vitest';
import { createUpstream } from '../../../../test/fixtures/create-upstream.ts';
import { startHttpApi } from '../../../../test/fixtures/http-api.ts';
import { startHttpProxy } from '../../../../test/fixtures/http-proxy.ts';
import { keep } from '../../../../test/fixtures/keep.ts';
import { startRawHttpServer } from '../../../../test/fixtures/raw-http-server.ts';
import type { ResolveName } from '../../egress/resolve-name.ts';
import { createOpenapiPool } from '../openapi/create-openapi-pool.ts';
import { textOf } from './upstream.case.ts';

const loopback = ['127.0.0.0/8'];
const here: ResolveName = async () => ['127.0.0.1'];

afterEach(() => vi.unstubAllEnvs());

describe('an upstream that was registered at run time [CHG-05]', () => {
  const open = (port: number, allow_private: readonly string[], resolve: ResolveName) => {
    const http = { url: `http://crm.test:${port}/mcp` };
    return keep(createUpstream({ id: 'crm', http, confined: { allow_private } }, { startTimeoutMs: 5_000, resolve }));
  };
  const echo = { name: 'echo', arguments: { text: 'honest' } };

  it('is reached in a network that the file allows', async () => {
    const { port } = keep(await startRawHttpServer());
    const { result } = await open(port, loopback, here).request('tools/call', echo);
    expect(textOf(result)).toBe('honest');
  });

  it.each([
    { what: 'a private address', addresses: ['127.0.0.1'] },
    { what: 'a public and a private address', addresses: ['192.0.2.1', '127.0.0.1'] },
    { what: 'a private address in IPv6', addresses: ['::ffff:127.0.0.1'] },
    { what: 'the address of a metadata service', addresses: ['169.254.169.254'] },
  ])('is not connected if its name has $what', async ({ addresses }) => {
    const { port } = keep(await startRawHttpServer());
    await expect(open(port, [], async () => addresses).start()).rejects.toMatchObject({
      code: 'upstream_unavailable',
      hint: expect.stringMatching(/^crm\.test resolves to an address that is not public .*admin\.registration/),
    });
  });

  it('is checked each time that it is connected, so that a name cannot change what it means', async () => {
    const server = keep(await startRawHttpServer());
    let allowed = true;
    const asked: string[] = [];
    const upstream = open(server.port, ['127.0.0.1/32'], async name => {
      asked.push(name);
      return [allowed ? '127.0.0.1' : '127.0.0.2'];
    });
    expect(textOf((await upstream.request('tools/call', echo)).result)).toBe('honest');
    allowed = false;
    await server[Symbol.asyncDispose]();
    const other = keep(await startRawHttpServer({ port: server.port }));
    // The loss of the connection may be noticed by the request itself.
    const outcome = () => upstream.request('tools/call', echo).catch((fault: { code: string }) => fault.code);
    await expect.poll(outcome).toBe('upstream_unavailable');
    expect(new Set(asked)).toEqual(new Set(['crm.test']));
    expect(other.methods).toEqual([]);
  });

  it('is not reached through a proxy, which would find the addresses of its name itself', async () => {
    const proxy = keep(await startHttpProxy());
    vi.stubEnv('HTTP_PROXY', proxy.url);
    const { port } = keep(await startRawHttpServer());
    await expect(open(port, [], here).start()).rejects.toMatchObject({ code: 'upstream_unavailable' });
    expect(proxy.seen).toEqual([]);
  });
});

describe('an HTTP API that was registered at run time [CHG-05]', () => {
  const document = {
    openapi: '3.1.0',
    info: { title: 'Pets', version: '7' },
    paths: { '/pets': { get: { operationId: 'listPets', responses: { 200: { description: 'ok' } } } } },
  };
  const open = async (allow_private: readonly string[], entry: (url: string) => object) => {
    const api = keep(await startHttpApi(() => ({ name: 'Tom' })));
    const openapi = {
      ...{ document, variables: {}, origins: [], allow_private: [], headers: {}, security: {}, include: [] },
      ...{ exclude: [], names: {}, on_problem: 'refuse' as const, output_schemas: false, resources: false },
      ...{ retries: 0, poll_ms: 0 },
      ...entry(api.url),
    };
    const pool = keep(createOpenapiPool({ id: 'pets', openapi, confined: { allow_private } }, { resolve: here }));
    return { api, upstream: pool.open(), pool };
  };
  const call = { name: 'listPets', arguments: {} };

  it('is reached in a network that the file allows', async () => {
    const { upstream } = await open(loopback, base_url => ({ base_url }));
    expect((await upstream.request('tools/call', call)).result).not.toHaveProperty('isError', true);
  });

  it('is not reached at the address that its base_url states', async () => {
    const { api, upstream } = await open([], base_url => ({ base_url }));
    await expect(upstream.request('tools/call', call)).rejects.toMatchObject({ code: 'upstream_unavailable' });
    expect(api.requests).toEqual([]);
  });

  it('is not reached by a name of a private address, nor is its document read there', async () => {
    const named = (url: string) => url.replace('127.0.0.1', 'pets.test');
    const { api, upstream, pool } = await open([], url => ({ base_url: named(url), document: `${named(url)}/api` }));
    await expect(pool.start()).rejects.toMatchObject({ code: 'openapi_unreadable' });
    await expect(upstream.request('tools/call', call)).rejects.toMatchObject({ code: 'openapi_unreadable' });
    expect(api.requests).toEqual([]);
  });
});
