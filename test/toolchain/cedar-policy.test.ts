import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { expect } from 'vitest';
import { startEverything } from '../fixtures/everything.ts';
import { openHost } from '../fixtures/open-host.ts';
import { rustExample } from '../fixtures/rust-guest.ts';
import { itWith } from '../prerequisite.ts';

/** Acme may use `echo` with short messages, Globex everything but `echo`. */
const policies = `
permit (principal in Tenant::"acme", action, resource == Tool::"echo") when { context.message != "secret" };
permit (principal in Tenant::"globex", action, resource);
@id("no-echo")
forbid (principal in Tenant::"globex", action == Action::"tools/call", resource == Tool::"echo");
`;

itWith('wasm-ld-22')(
  '[HOOK-152] a tenant lists the tools that Cedar policies let it call, and another tenant others',
  { timeout: 1_800_000 },
  async () => {
    await using upstream = await startEverything();
    const bytes = await rustExample('cedar-policy');
    const headers = { subject: 'x-user', tenant: 'x-tenant' };
    const caller = (tenant: string) => ({ 'x-user': 'ada', 'x-tenant': tenant });
    await using gateway = await openHost(
      [{ id: 'cedar-policy', bytes, config: { policies } }],
      upstream.url,
      {
        identity: { schemes: [{ id: 'ingress', proxy: { from: ['127.0.0.1/32'], headers } }] },
        bindings: [{ id: 'main', upstreams: ['upstream'], policies: ['cedar-policy'], allow: [{ subjects: ['*'] }] }],
      },
      { headers: caller('acme') },
    );
    const globex = new Client({ name: 'test', version: '1.0.0' });
    const requestInit = { headers: caller('globex') };
    await globex.connect(new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp`), { requestInit }));

    const names = async (client: Client) => (await client.listTools()).tools.map(({ name }) => name);
    expect(await names(gateway.client)).toEqual(['echo']);
    const others = await names(globex);
    expect(others).toContain('get-sum');
    expect(others).not.toContain('echo');

    const sum = { name: 'get-sum', arguments: { a: 1, b: 2 } };
    const echo = (message: string) => ({ name: 'echo', arguments: { message } });
    expect(JSON.stringify(await gateway.client.callTool(echo('hello')))).toContain('Echo: hello');
    expect(JSON.stringify(await globex.callTool(sum))).toContain('3');
    const denials = [
      [gateway.client, echo('secret'), 'CEDAR_NOT_PERMITTED'],
      [gateway.client, sum, 'CEDAR_NOT_PERMITTED'],
      [globex, echo('hello'), 'CEDAR_FORBIDDEN'],
    ] as const;
    for (const [client, call, code] of denials) {
      await expect(client.callTool(call)).rejects.toMatchObject({ data: { plugin: 'cedar-policy', code } });
    }
    await globex.close();
  },
);
