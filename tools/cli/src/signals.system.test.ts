import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { freePort } from '../../../test/fixtures/everything.ts';
import { initialize, mcpHeaders } from '../../../test/fixtures/open-gateway.ts';
import { startRawHttpServer } from '../../../test/fixtures/raw-http-server.ts';
import { servingProcess } from '../../../test/fixtures/serving-process.ts';
import { temporaryFolder } from '../../../test/fixtures/temporary-folder.ts';
import { itWith } from '../../../test/prerequisite.ts';

const main = join(import.meta.dirname, '../bin/sallyport.js');

async function configFile(more: object = {}) {
  const folder = await temporaryFolder();
  const file = join(folder, 'sallyport.yaml');
  const config = {
    ...{ listen: '127.0.0.1:0', plugins: [], bindings: [{ id: 'main', upstreams: ['up'] }] },
    upstreams: [{ id: 'up', required: false, http: { url: 'http://127.0.0.1:9/mcp' } }],
    ...more,
  };
  writeFileSync(file, stringify(config));
  return { folder, file };
}

it('[RUN-102] lives through the signals that others send to reopen logs, and reopens its audit file', async () => {
  const folder = await temporaryFolder();
  const audit = join(folder, 'audit.jsonl');
  const { file } = await configFile({ audit: { file: audit } });
  const { child, said, ended } = await servingProcess(['-c', file]);
  renameSync(audit, `${audit}.1`);
  for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGHUP'] as const) {
    child.kill(signal);
    await expect.poll(said).toContain(`"signal":"${signal}"`);
  }
  await expect.poll(() => readFileSync(audit, 'utf8')).toContain('"event":"audit.opened"');
  const listening = readFileSync(`/proc/${child.pid}/net/tcp`, 'utf8');
  // Node's debugger listens on port 9229.
  expect(listening).not.toMatch(/0100007F:240D 00000000:0000 0A/);
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

it('[CAP-119] writes the audit events that wait when it is asked to end', async () => {
  const folder = await temporaryFolder();
  const audit = join(folder, 'audit.jsonl');
  const keys = join(folder, 'keys.jsonl');
  writeFileSync(keys, '');
  const identity = { schemes: [{ id: 'keys', api_keys: { file: keys } }] };
  const { file } = await configFile({ identity, audit: { file: audit } });
  const { child, url, ended } = await servingProcess(['-c', file]);
  const headers = { ...mcpHeaders, authorization: 'Bearer none' };
  const refused = await fetch(`${url}/mcp`, { method: 'POST', headers, body: JSON.stringify(initialize()) });
  expect(refused.status).toBe(401);
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  expect(readFileSync(audit, 'utf8')).toContain('"event":"authentication.refused"');
});

it('[RUN-102] ends at once at the second signal, whichever', async () => {
  const held = await startRawHttpServer({ name: 'held', refuse: () => true });
  onTestFinished(() => held[Symbol.asyncDispose]());
  const upstreams = [{ id: 'up', required: false, http: { url: held.url } }];
  const { file } = await configFile({ upstreams, limits: { drain_ms: 60_000 } });
  const { child, said, url, ended } = await servingProcess(['-c', file]);
  const headers = { ...mcpHeaders, expect: '100-continue' };
  const running = request(`${url}/mcp`, { method: 'POST', headers, agent: false }).on('error', () => {});
  running.flushHeaders();
  await once(running, 'continue');
  running.end(JSON.stringify(initialize()));
  child.kill('SIGTERM');
  await expect.poll(said).toContain('"msg":"draining"');
  child.kill('SIGINT');
  expect(await ended).toEqual([130, null]);
});

it.each([
  ['pipe', (folder: string) => execFileSync('mkfifo', [join(folder, 'x.wasm')])],
  [
    'signature that is a pipe',
    (folder: string) => {
      writeFileSync(join(folder, 'x.wasm'), '');
      execFileSync('mkfifo', [join(folder, 'x.wasm.sig')]);
    },
  ],
])('[RUN-103] check does not wait at a %s', async (_, make) => {
  const plugins = [{ id: 'x', source: { file: './x.wasm' } }];
  const bindings = [{ id: 'main', upstreams: ['up'], transforms: ['x'] }];
  const { folder, file } = await configFile({ plugins, bindings, require_signed_plugins: false });
  make(folder);
  const run = promisify(execFile)(process.execPath, [main, 'check', '-c', file, '--json'], { timeout: 300_000 });
  const { code, stdout } = await run.catch(error => error);
  expect([code, JSON.parse(stdout).problems[0]]).toMatchObject([
    4,
    { code: 'file_unreadable', what: 'it is a pipe, not a regular file' },
  ]);
});

itWith('setpriv')('[RUN-101] a user without name and home runs commands, check and serve among them', async () => {
  const { file, folder } = await configFile();
  execFileSync('chmod', ['-R', 'a+rX', folder]);
  const as = ['--reuid=12345', '--regid=12345', '--clear-groups', process.execPath, main];
  const run = (...argv: string[]) =>
    promisify(execFile)('setpriv', [...as, ...argv], { env: { PATH: process.env.PATH ?? '' }, timeout: 300_000 });
  expect((await run('--help')).stdout).toContain('Usage');
  expect((await run('check', '-c', file)).stdout).toContain(file);
});

it('[RUN-105] ends in good order though its log cannot be written', async () => {
  const port = await freePort();
  const { file } = await configFile({ listen: `127.0.0.1:${port}` });
  const script = `exec ${process.execPath} ${main} serve -c ${file} 2>/dev/full`;
  const child = spawn('sh', ['-c', script], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  await expect.poll(() => fetch(`http://127.0.0.1:${port}/healthz`).then(({ status }) => status)).toBe(200);
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});
