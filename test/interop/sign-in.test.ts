import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatewayClient, startAuthorizationServer } from '../../examples/sign-in/authorization-server.ts';
import { connectOAuthClient } from '../../examples/sign-in/oauth-client.ts';
import { grantsSchema } from '../../host/src/capability/registry.ts';
import { loadConfig } from '../../host/src/config/load-config.ts';
import { createLog } from '../../host/src/core/log.ts';
import { createHost } from '../../host/src/host/create-host.ts';
import { freePort } from '../fixtures/everything.ts';
import { read } from '../fixtures/markdown.ts';
import { initialize, mcpHeaders } from '../fixtures/open-gateway.ts';
import { writeHostFolder } from '../fixtures/open-host.ts';
import { startPrintingServer } from '../fixtures/printing-server.ts';

describe('the chapter about identity, from sign-in to the upstream [GW-139]', () => {
  const opened = new AsyncDisposableStack();
  const lines: string[] = [];
  let url = '';
  let upstream = '';

  beforeAll(async () => {
    const tenantOf = (subject: string) => (subject === 'ada' ? 'research' : 'sales');
    const { issuer } = opened.use(await startAuthorizationServer({ scope: 'mcp', tenantOf }));
    const port = String(await freePort());
    upstream = `http://127.0.0.1:${port}/mcp`;
    const script = join(import.meta.dirname, '../../examples/sign-in/upstream.ts');
    const flags = ['--issuer', issuer, '--jwks', `${issuer}/jwks`, '--audience', upstream, '--port', port];
    opened.use(await startPrintingServer(process.execPath, [script, ...flags]));

    const [, config = ''] = /sallyport\.yaml <<'EOF'\n([\s\S]*?)EOF/.exec(read('docs/identity.md')) ?? [];
    const { folder, file } = opened.use(await writeHostFolder([], upstream));
    await writeFile(join(folder, 'gateway.secret'), gatewayClient.client_secret);
    const translated = config
      .replaceAll('http://127.0.0.1:8801', issuer)
      .replaceAll('http://127.0.0.1:8802/mcp', upstream);
    await writeFile(file, translated.replace(':8800', ':0'));
    const log = createLog('debug', { write: (line: string) => void lines.push(line) });
    const host = opened.use(await createHost(await loadConfig(file, { grants: grantsSchema }), { log }));
    url = `${(await host.server.listen({ host: '127.0.0.1', port: 0 })).url}/mcp`;
  });
  afterAll(() => opened.disposeAsync());

  const textOf = async (client: Awaited<ReturnType<typeof connectOAuthClient>>['client'], name: string) =>
    JSON.stringify((await client.callTool({ name, arguments: {} })).content);

  it.each([
    { login: 'ada', tools: ['whoami', 'budget'] },
    { login: 'bob', tools: ['whoami'] },
    { login: 'eve', tools: ['whoami'] },
  ])(
    '$login sees the tools of the tenant, may call these alone, and is known to the upstream',
    async ({ login, tools }) => {
      await using user = await connectOAuthClient(url, login);
      expect((await user.client.listTools()).tools.map(({ name }) => name)).toEqual(tools);
      expect(await textOf(user.client, 'whoami')).toContain(JSON.stringify(`{"sub":"${login}"}`));
      const budget = textOf(user.client, 'budget');
      if (tools.includes('budget')) expect(await budget).toContain('ada reads the budget');
      else await expect(budget).rejects.toThrow('access_denied');
    },
  );

  it('users at the same time are not taken for each other', async () => {
    const users = await Promise.all(['ada', 'bob', 'eve'].map(login => connectOAuthClient(url, login)));
    const calls = Array.from({ length: 30 }, (_, index) => users[index % 3]?.client).map(client =>
      client === undefined ? '' : textOf(client, 'whoami'),
    );
    for (const [index, answer] of (await Promise.all(calls)).entries()) {
      expect(answer).toContain(['ada', 'bob', 'eve'][index % 3]);
    }
    for (const user of users) await user[Symbol.asyncDispose]();
  });

  it('the upstream refuses the token that the user presented to the gateway, and the log has no token', async () => {
    await using ada = await connectOAuthClient(url, 'ada');
    const { access_token: token = '' } = ada.keeping.tokens() ?? {};
    const headers = { ...mcpHeaders, authorization: `Bearer ${token}` };
    const body = JSON.stringify(initialize());
    expect((await fetch(upstream, { method: 'POST', headers, body })).status).toBe(401);
    expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(200);
    expect(lines.join('')).not.toMatch(/eyJ/);
  });
});
