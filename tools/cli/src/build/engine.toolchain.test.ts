import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { componentInfo } from '@sallyport/host/wasm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { guestDescriptor } from '../../../../test/fixtures/guest-descriptor.ts';
import { callContext, calls, toolCall } from '../../../../test/fixtures/hook-calls.ts';
import { openGuests } from '../../../../test/fixtures/sandboxed.ts';
import { buildPlugin } from './build-plugin.ts';

const installed = join(import.meta.dirname, '../../../../node_modules/@bytecodealliance');
const script = `import { block } from '@sallyport/plugin';
export const lifecycle = { configure() {} };
export const dispatchHooks = {
  async beforeDispatch(_context, request) {
    const response = await fetch(JSON.parse(request.val.arguments).url);
    console.info('asked', new Date().getUTCFullYear());
    let drawn = 'nothing';
    try { Math.random(); } catch (error) { drawn = error.message; }
    return block('SAID', response.status + ' ' + (await response.text()), { details: { drawn } });
  },
  async afterDispatch() { return { tag: 'proceed' }; },
};`;

let home = '';
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sallyport-engine-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

async function build(name: string, engine: string, hasEngine = false): Promise<Uint8Array> {
  const folder = join(home, name);
  await mkdir(join(folder, 'node_modules'), { recursive: true });
  if (hasEngine) await symlink(installed, join(folder, 'node_modules/@bytecodealliance'));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ main: 'asks.js', sallyport: { engine } }));
  await writeFile(join(folder, 'asks.js'), script);
  const descriptor = guestDescriptor('asks', { required_capabilities: ['outbound_http', 'clock'] });
  return (await buildPlugin({ folder, descriptor, out: join(folder, 'asks.wasm') })).bytes;
}

it('[AUT-54] StarlingMonkey gives a plugin fetch, and nothing that it does not declare', {
  timeout: 600_000,
}, async () => {
  const bytes = await build('starling', 'starlingmonkey', true);
  const { imports } = componentInfo(bytes);
  expect(imports.filter(name => /random|filesystem|sockets|cli|wasi:clocks/.test(name))).toEqual([]);
  expect(imports).toContainEqual(expect.stringMatching(/^wasi:http\/outgoing-handler@/));

  const server = createServer((_request, response) => void response.end('hello')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const outbound_http = { allow: [origin], allow_private: ['127.0.0.1/32'] };
  const limits = { timeoutMs: 20_000, startMs: 60_000 };
  await using runner = await openGuests([{ bytes, grants: { outbound_http, clock: {} }, limits }]);
  const value = toolCall({ url: origin });
  const { reports } = await runner.run({ stage: 'before', context: callContext, calls: calls('asks'), value });
  server.close();
  expect(reports).toMatchObject([
    {
      outcome: 'block',
      violation: { reason: '200 hello', details: expect.stringContaining('need the capability \\"random\\"') },
    },
  ]);
});

it('[AUT-54] says what to install where StarlingMonkey is not there, and refuses an engine that is none', async () => {
  await expect(build('bare', 'starlingmonkey')).rejects.toMatchObject({
    code: 'toolchain_missing',
    hint: expect.stringMatching(/npm install --save-dev --save-exact @bytecodealliance\/componentize-js@\d/),
  });
  await expect(build('other', 'v8')).rejects.toMatchObject({
    code: 'plugin_build_failed',
    details: { file: join(home, 'other/package.json') },
  });
});
