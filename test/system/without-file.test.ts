import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startHttpApi } from '../fixtures/http-api.ts';
import { keep } from '../fixtures/keep.ts';
import { root } from '../fixtures/markdown.ts';
import { runSallyport } from '../fixtures/run-sallyport.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';

const main = join(root, 'tools/cli/bin/sallyport.js');
const pets = join(root, 'examples/openapi/pets.yaml');

/** Runs `sallyport serve` in an empty folder until it serves, and connects a client. */
async function serve(...argv: string[]) {
  const cwd = await temporaryFolder();
  const child = spawn(process.execPath, [main, 'serve', '--listen', '127.0.0.1:0', ...argv], {
    ...{ cwd, stdio: ['ignore', 'ignore', 'pipe'] },
  });
  onTestFinished(async () => {
    child.kill();
    if (child.exitCode === null) await once(child, 'exit');
  });
  const lines: Record<string, unknown>[] = [];
  for await (const text of createInterface({ input: child.stderr })) {
    const line = text.startsWith('{') ? JSON.parse(text) : { msg: text };
    lines.push(line);
    if (line.msg === 'serving') break;
  }
  const url = String(lines.at(-1)?.url);
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)));
  onTestFinished(() => client.close());
  return { client, lines };
}

describe('[OAS-22] serve without a configuration file', () => {
  it('offers an API by its OpenAPI document', async () => {
    const api = keep(await startHttpApi(() => [{ name: 'Rex' }]));
    const { client, lines } = await serve('--openapi', pets, '--base-url', api.url);
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 40,
        upstreams: [`api: ${pets}`],
        msg: expect.stringMatching(/anyone on this machine/),
      }),
    );
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('listPets');
    expect(await client.callTool({ name: 'listPets', arguments: {} })).toMatchObject({
      structuredContent: { result: [{ name: 'Rex' }] },
    });
  });

  it('offers an MCP server by its command', async () => {
    const server = join(root, 'node_modules/@modelcontextprotocol/server-everything/dist/index.js');
    const { client } = await serve('--mcp', `"${process.execPath}" '${server}' stdio`);
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('echo');
  });

  it.each([
    { argv: ['--openapi', pets, '--listen', '0.0.0.0:0'], code: 2, says: /listens on loopback only/ },
    { argv: ['--base-url', 'http://127.0.0.1:1'], code: 2, says: /it needs --openapi/ },
    { argv: ['--mcp', ' '], code: 2, says: /expected a command or a URL/ },
    { argv: ['--openapi', pets, '--listen', '127.0.0.1:0'], code: 3, says: /set openapi\.base_url/ },
    { argv: ['--openapi', '/nonexistent.yaml', '--listen', '127.0.0.1:0'], code: 5, says: /no such file/ },
  ])('refuses $argv', async ({ argv, code, says }) => {
    const ran = await runSallyport('serve', ...argv);
    expect(ran.code).toBe(code);
    expect(ran.stderr).toMatch(says);
  });
});
