import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  documented,
  gatewayClient,
  registered,
  startAuthorizationServer,
} from '../../examples/sign-in/authorization-server.ts';
import { connectOAuthClient, type KnownClient } from '../../examples/sign-in/oauth-client.ts';
import { openServingHost } from '../fixtures/open-host.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';

type OidcProvider = Awaited<ReturnType<typeof startAuthorizationServer>>;

let provider: OidcProvider;
let server: Awaited<ReturnType<typeof startRawHttpServer>>;
let gateway: Awaited<ReturnType<typeof open>>;

/** A gateway whose callers are the users of the provider; the tool `ping` needs a scope. */
async function open({ issuer }: OidcProvider, introspection?: object) {
  const oauth = { issuer, claims: { tenant: 'org' }, required_scopes: ['mcp'], introspection };
  const allow = [
    { tools: ['echo'], tenants: ['acme'] },
    { tools: ['odd'], tenants: ['umbrella'] },
    { tools: ['ping'], scopes: ['mcp', 'admin'] },
  ];
  const more = {
    secrets: [{ name: 'introspection', env: 'OAUTH_TEST_SECRET' }],
    identity: { schemes: [{ id: 'staff', oauth }] },
    bindings: [{ id: 'main', upstreams: ['upstream'], allow }],
  };
  return openServingHost([], server.url, more);
}

beforeAll(async () => {
  process.env.OAUTH_TEST_SECRET = gatewayClient.client_secret;
  const tenantOf = (subject: string) => (subject === 'ada' ? 'acme' : 'umbrella');
  provider = await startAuthorizationServer({ scope: 'mcp admin', tenantOf });
  server = await startRawHttpServer({});
  gateway = await open(provider);
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
  await provider?.[Symbol.asyncDispose]();
});

describe("a user of a real authorization server, with the SDK's own OAuth client [GW-138]", () => {
  it.each(['/mcp', '/mcp/main', '/main/mcp'])('gets from the URL %s alone to the call of a tool', async path => {
    await using ada = await connectOAuthClient(`${gateway.url}${path}`, 'ada');
    const { tools } = await ada.client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(['echo']);
    const result = await ada.client.callTool({ name: 'echo', arguments: { text: 'hello' } });
    expect(JSON.stringify(result)).toContain('hello');
    const [page] = ada.keeping.pages;
    expect(Object.fromEntries(page?.searchParams ?? [])).toMatchObject({
      ...{ resource: `${gateway.url}${path}`, scope: 'mcp', code_challenge_method: 'S256' },
    });
    await expect
      .poll(() => gateway.lines)
      .toContainEqual(
        expect.objectContaining({ msg: 'request', subject: 'ada', tenant: 'acme', name: 'echo', status: 200 }),
      );
  });

  it('of another tenant does not see the tools of the first one', async () => {
    await using bob = await connectOAuthClient(`${gateway.url}/mcp`, 'bob');
    expect((await bob.client.listTools()).tools.map(({ name }) => name)).toEqual(['odd']);
    await expect(bob.client.callTool({ name: 'echo', arguments: {} })).rejects.toThrow();
  });

  const clients: readonly [what: string, client: KnownClient][] = [
    ['registered beforehand', { client_id: registered.client_id }],
    ['known by a document at a URL', { document: documented }],
  ];
  it.each(clients)(
    'is asked for further scopes when a call needs them, with a client that is %s',
    async (_, client) => {
      await using ada = await connectOAuthClient(`${gateway.url}/mcp`, 'ada', client);
      const result = await ada.agreeing(() => ada.client.callTool({ name: 'ping', arguments: {} }));
      expect(result).toHaveProperty('content');
      expect(ada.keeping.pages.map(page => page.searchParams.get('scope')?.split(' ').sort())).toEqual([
        ['mcp'],
        ['admin', 'mcp'],
      ]);
      const ids = ada.keeping.pages.map(page => page.searchParams.get('client_id'));
      expect(ids).toEqual(Array(2).fill(client.client_id ?? client.document));
    },
  );
});

it('a user with an opaque token is known by introspection [GW-136]', async () => {
  await using opaque = await startAuthorizationServer({ scope: 'mcp', format: 'opaque', tenantOf: () => 'acme' });
  const { client_id } = gatewayClient;
  const url = `${opaque.issuer}/token/introspection`;
  await using introspecting = await open(opaque, { url, client_id, client_secret: 'introspection' });
  await using ada = await connectOAuthClient(`${introspecting.url}/mcp`, 'ada');
  expect(ada.keeping.tokens()?.access_token).not.toContain('.');
  const result = await ada.client.callTool({ name: 'echo', arguments: { text: 'hello' } });
  expect(JSON.stringify(result)).toContain('hello');
  const { status } = await fetch(`${introspecting.url}/mcp`, {
    method: 'POST',
    headers: { authorization: 'Bearer x' },
  });
  expect(status).toBe(401);
  const refused = { details: { scheme: 'staff', reason: 'inactive' } };
  await expect.poll(() => introspecting.lines).toContainEqual(expect.objectContaining(refused));
});
