import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { expect, it } from 'vitest';
import { grantsSchema } from '../../host/src/capability/registry.ts';
import { loadConfig } from '../../host/src/config/load-config.ts';
import { createLog } from '../../host/src/core/log.ts';
import { createHost } from '../../host/src/host/create-host.ts';
import type { AuthEntry } from '../../host/src/upstream/auth/auth-entry.ts';
import { startIdTokenIssuer } from '../fixtures/id-token-issuer.ts';
import { keep } from '../fixtures/keep.ts';
import { startOidcServer } from '../fixtures/oidc-server.ts';
import { call, initialize, type OpenGateway, openGateway } from '../fixtures/open-gateway.ts';
import { writeHostFolder } from '../fixtures/open-host.ts';
import { startPrintingServer } from '../fixtures/printing-server.ts';
import { asUser, bearerOfUser, gatewayClient as client } from '../fixtures/signed-in.ts';
import { itWith } from '../prerequisite.ts';

const secret = 'the+secret/of the gateway';

const startUpstream = (issuer: string, jwks: string, audience: string) => {
  const server = join(import.meta.dirname, '../../examples/sign-in/upstream.ts');
  return keep(
    startPrintingServer(process.execPath, [server, '--issuer', issuer, '--jwks', jwks, '--audience', audience]),
  );
};

const gatewayWith = (url: string, auth: AuthEntry) =>
  openGateway([{ id: 'up', http: { url }, auth }], {
    ...{ secrets: { own: secret }, authentication: { schemes: [bearerOfUser], servesAnonymous: true } },
  }).then(gateway => keep(gateway));

/** Whom the upstream takes the caller for, or the data of the error. */
async function whoIs(gateway: OpenGateway, user: Record<string, string>) {
  const opened = await gateway.post(initialize(), user);
  const id = opened.headers.get('mcp-session-id');
  if (id === null) return opened.body.error.data;
  const { body } = await gateway.post(call('whoami'), { ...user, 'mcp-session-id': id });
  return body.error?.data ?? JSON.parse(body.result.content[0].text);
}

it('[UP-40] gets a token for itself from oidc-provider, which the upstream validates by its keys', async () => {
  const { issuer } = await keep(startOidcServer(secret));
  const resource = 'https://tickets.example/';
  const upstream = await startUpstream(issuer, `${issuer}/jwks`, resource);
  const grant = { ...client, issuer, resource, scopes: ['tickets.read'] };
  const gateway = await gatewayWith(upstream.url, { client_credentials: grant });
  expect(await whoIs(gateway, asUser('ada', 'a-token-of-ada'))).toEqual({ sub: 'gateway' });
  const other = await gatewayWith(upstream.url, {
    client_credentials: { ...grant, resource: 'https://other.example/' },
  });
  expect(await whoIs(other, {})).toMatchObject({ code: 'upstream_refused', status: 401 });
});

const audience = 'tickets';
const exchangeIn = async (lifetime = '1h') => {
  const provider = await keep(startIdTokenIssuer());
  const flags = [
    '-provider',
    provider.issuer,
    '-client',
    `gateway:${secret}`,
    '-audience',
    audience,
    '-lifetime',
    lifetime,
  ];
  const { url: issuer } = await keep(startPrintingServer('interop-dex', flags));
  const upstream = await startUpstream(issuer, `${issuer}/keys`, audience);
  const exchange = {
    ...{ ...client, issuer, parameters: { connector_id: 'provider' } },
    scopes: ['openid', 'email', `audience:server:client_id:${audience}`],
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
    same_claim: 'email',
  };
  const tokenOf = (name: string, expires?: string) =>
    provider.sign({ sub: name, name, email: `${name}@example.com`, email_verified: true }, 'gateway', expires);
  return { upstream, exchange, tokenOf, issuer: provider.issuer };
};

itWith('interop-dex')('[UP-44] exchanges the token of each user at dex, and the upstream sees the user', async () => {
  const { upstream, exchange, tokenOf } = await exchangeIn();
  const gateway = await gatewayWith(upstream.url, { token_exchange: exchange });
  const users = await Promise.all(
    ['ada', 'bob', 'ada'].map(async name => whoIs(gateway, asUser(name, await tokenOf(name)))),
  );
  expect(users.map(({ email }) => email)).toEqual(['ada@example.com', 'bob@example.com', 'ada@example.com']);
  const [ada, bob, again] = users.map(({ sub }) => sub);
  expect(ada).not.toBe(bob);
  expect(again).toBe(ada);
  expect(JSON.stringify([gateway.lines, gateway.warnings])).not.toMatch(/eyJ/);
});

itWith('interop-dex')('[UP-44] passes on that dex refuses a token, and the next one is served', async () => {
  const { upstream, exchange, tokenOf } = await exchangeIn();
  const gateway = await gatewayWith(upstream.url, { token_exchange: exchange });
  expect(await whoIs(gateway, asUser('ada', await tokenOf('ada', '-1m')))).toMatchObject({
    code: 'upstream_auth_failed',
  });
  expect(JSON.stringify(gateway.lines)).toContain('access_denied');
  expect(await whoIs(gateway, asUser('bob', await tokenOf('bob')))).toMatchObject({ email: 'bob@example.com' });
});

itWith('interop-dex')('[UP-44] refuses a token of dex that is about another user', async () => {
  const { upstream, exchange, tokenOf } = await exchangeIn();
  // Without the scope, dex leaves out the claim that is compared.
  const scopes = exchange.scopes.filter(scope => scope !== 'email');
  const gateway = await gatewayWith(upstream.url, { token_exchange: { ...exchange, scopes } });
  expect(await whoIs(gateway, asUser('ada', await tokenOf('ada')))).toMatchObject({ code: 'upstream_auth_subject' });
});

itWith('interop-dex')('[UP-41] replaces a token of dex before it expires', async () => {
  const { upstream, exchange, tokenOf } = await exchangeIn('4s');
  const gateway = await gatewayWith(upstream.url, { token_exchange: exchange });
  const user = asUser('ada', await tokenOf('ada'));
  const opened = await gateway.post(initialize(), user);
  const session = { ...user, 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
  for (const until = Date.now() + 8_000; Date.now() < until; ) {
    const { body } = await gateway.post(call('whoami'), session);
    expect(body.result?.content[0].text).toContain('ada@example.com');
    await new Promise(resolve => setTimeout(resolve, 500));
  }
});

itWith('interop-dex')(
  '[UP-44] users sign in to a whole gateway, and an upstream that knows only dex sees them',
  async () => {
    const { upstream, exchange, tokenOf, issuer } = await exchangeIn();
    const { client_secret: _, ...registered } = exchange;
    const folder = await keep(
      writeHostFolder([], upstream.url, {
        secrets: [{ name: 'own', file: './own.secret' }],
        identity: { schemes: [{ id: 'idp', oauth: { issuer, audience: 'gateway', type: 'any' } }] },
        upstreams: [
          {
            id: 'upstream',
            http: { url: upstream.url },
            auth: { token_exchange: { ...registered, client_secret: 'own' } },
          },
        ],
        bindings: [{ id: 'main', upstreams: ['upstream'], allow: [{}] }],
      }),
    );
    await writeFile(join(folder.folder, 'own.secret'), secret);
    const lines: string[] = [];
    const log = createLog('debug', { write: line => lines.push(line) });
    const host = await keep(createHost(await loadConfig(folder.file, { grants: grantsSchema }), { log }));
    const { url } = await host.server.listen({ host: '127.0.0.1', port: 0 });
    const whoami = async (name: string) => {
      const headers = { authorization: `Bearer ${await tokenOf(name)}` };
      const connected = new Client({ name: 'test', version: '1.0.0' });
      await connected.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit: { headers } }));
      const { content } = await connected.callTool({ name: 'whoami', arguments: {} });
      await connected.close();
      return JSON.stringify(content);
    };
    const answers = await Promise.all(['ada', 'bob'].map(whoami));
    expect(answers).toEqual([expect.stringContaining('ada@example.com'), expect.stringContaining('bob@example.com')]);
    expect(lines.join('')).toContain('"subject":"ada"');
    expect(lines.join('')).not.toMatch(/eyJ|the\+secret/);
  },
);
