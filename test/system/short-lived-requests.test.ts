import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { freePort } from '../fixtures/everything.ts';
import { keep } from '../fixtures/keep.ts';
import { call, initialize, mcpHeaders } from '../fixtures/open-gateway.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';

const main = join(import.meta.dirname, '../../tools/cli/bin/sallyport.js');

/** A collection of young objects, as `--trace-gc` prints it: megabytes in use before and after. */
const scavenge = /(Scavenge|Mark-Compact) ([\d.]+) \([\d.]+\) -> ([\d.]+)/g;

it('collects what a request allocated while it is young [GW-114]', async () => {
  const upstream = await keep(startRawHttpServer());
  const file = join(await temporaryFolder(), 'sallyport.yaml');
  const port = await freePort();
  const config = {
    listen: `127.0.0.1:${port}`,
    upstreams: [{ id: 'raw', http: { url: upstream.url } }],
    bindings: [{ id: 'raw', upstreams: ['raw'] }],
  };
  // JSON is YAML.
  await writeFile(file, JSON.stringify(config));
  const args = ['--trace-gc', main, 'serve', '-c', file];
  const gateway = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let trace = '';
  gateway.stdout.on('data', chunk => {
    trace += chunk;
  });
  await using _ = { [Symbol.asyncDispose]: async () => void gateway.kill() };
  const url = `http://127.0.0.1:${port}`;
  await expect
    .poll(
      () =>
        fetch(`${url}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      { timeout: 30_000 },
    )
    .toBe(true);

  const post = async (message: object, headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}/mcp`, {
      method: 'POST',
      headers: { ...mcpHeaders, ...headers },
      body: JSON.stringify(message),
    });
    await response.text();
    return response;
  };
  const session = (await post(initialize())).headers.get('mcp-session-id');
  const headers = { 'mcp-session-id': String(session), 'mcp-protocol-version': '2025-11-25' };
  const calls = async (count: number) => {
    for (let id = 0; id < count; id += 1) await post(call('echo', { text: 'hello' }, id), headers);
  };
  const load = (count: number) => Promise.all(Array.from({ length: 16 }, () => calls(count / 16)));
  await load(1600);
  const warm = trace.length;
  await load(4800);

  const collections = [...trace.slice(warm).matchAll(scavenge)];
  let [allocated, survived] = [0, 0];
  for (const [index, [, kind, before, after]] of collections.entries()) {
    const [, kindBefore, , last] = collections[index - 1] ?? [];
    if (kind !== 'Scavenge' || kindBefore !== 'Scavenge') continue;
    allocated += Number(before) - Number(last);
    survived += Number(after) - Number(last);
  }
  expect(allocated).toBeGreaterThan(20);
  // It was a quarter when requests were reachable from garbage of the old generation.
  expect(survived / allocated).toBeLessThan(0.08);
});
