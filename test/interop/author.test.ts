/** The command for authors against tools and registries that are not ours. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startRegistry } from '@sallyport/registry/start-registry';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { startDockerRegistry } from '../fixtures/docker-registry.ts';
import { runCommand, runJson } from '../fixtures/run-command.ts';
import { componentWith, descriptorOf, withSection } from '../fixtures/signed-plugin.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';
import { itWith } from '../prerequisite.ts';

const run = promisify(execFile);
const main = join(import.meta.dirname, '../../tools/cli/bin/sallyport.js');
let folder = '';
let env: NodeJS.ProcessEnv = {};
const at = (name: string) => join(folder, name);
const openssl = (...argv: string[]) => run('openssl', argv, { cwd: folder });
const json = (...argv: string[]) => runJson(argv, { env });

beforeEach(async () => {
  folder = await temporaryFolder();
  env = { ...process.env, DOCKER_CONFIG: folder };
  await writeFile(at('redact.wasm'), componentWith());
  await writeFile(at('plugin.json'), JSON.stringify(descriptorOf()));
  for (const key of ['key', 'second']) await json('keygen', '--key', at(`${key}.pem`));
});
const sign = (...more: string[]) => json('plugin', 'sign', '--key', at('key.pem'), at('redact.wasm'), ...more);
const verify = (place: string, key = 'key') => json('plugin', 'verify', place, '--key', at(`${key}.pub.pem`));

itWith('openssl')('[CLI-21] openssl reads both halves of a key, encrypted too, and checks the signature', async () => {
  await writeFile(at('passphrase'), 'correct horse\n');
  await json('keygen', '--key', at('locked.pem'), '--passphrase-file', at('passphrase'));
  const check = ['pkeyutl', '-verify', '-rawin', '-pubin', '-in', 'redact.wasm', '-sigfile', 'redact.wasm.sig'];
  await sign();
  await openssl(...check, '-inkey', 'key.pub.pem');
  await json(
    ...['plugin', 'sign', at('redact.wasm'), '--key', at('locked.pem'), '--passphrase-file', at('passphrase')],
  );
  await openssl(...check, '-inkey', 'locked.pub.pem');
  const { stdout } = await openssl('pkey', '-in', 'locked.pem', '-passin', 'file:passphrase', '-pubout');
  expect(stdout).toBe(await readFile(at('locked.pub.pem'), 'utf8'));
});

itWith('openssl')('[CLI-21] a key that openssl encrypted signs, and what openssl signed is packed', async () => {
  await writeFile(at('passphrase'), 'correct horse\n');
  await openssl('genpkey', '-algorithm', 'ed25519', '-aes-256-cbc', '-pass', 'file:passphrase', '-out', 'own.pem');
  await openssl('pkey', '-in', 'own.pem', '-passin', 'file:passphrase', '-pubout', '-out', 'own.pub.pem');
  await json('plugin', 'sign', at('redact.wasm'), '--key', at('own.pem'), '--passphrase-file', at('passphrase'));
  await verify(at('redact.wasm'), 'own');
  await openssl('pkeyutl', '-sign', '-rawin', '-in', 'redact.wasm', '-inkey', 'key.pem', '-out', 'other.sig');
  const pack = ['plugin', 'pack', '--descriptor', at('plugin.json'), '--artifact', at('redact.wasm')];
  await json(...pack, '--signature', at('other.sig'), '--out', at('x.zip'), '--key', at('key.pub.pem'));
  await verify(at('x.zip'));
});

itWith('docker-registry')('[CLI-22] docker-registry takes all of it after a login, and gives it back', async () => {
  const htpasswd = at('htpasswd');
  await writeFile(htpasswd, (await run('htpasswd', ['-Bbn', 'me', 'secret'])).stdout);
  const { host } = await startDockerRegistry({ htpasswd: { realm: 'here', path: htpasswd } });
  const reference = `${host}/acme/redact:1`;
  await sign();
  const push = ['plugin', 'push', '--tag', reference, '--key', at('key.pub.pem'), at('redact.wasm')];
  expect((await runCommand(push, { env })).stderr).toContain('registry_denied');
  const login = ['login', host, '-u', 'me', '--password-stdin'];
  expect((await runCommand(login, { env, stdin: 'wrong' })).code).toBe(4);
  expect(await runCommand(login, { env, stdin: 'secret' })).toMatchObject({ code: 0 });
  const { digest } = await json(...push);

  await json('plugin', 'attach-signature', '--key', at('second.pem'), reference);
  for (const key of ['key', 'second']) expect(await verify(reference, key)).toMatchObject({ manifest: digest });
  const copied = await json('plugin', 'copy', reference, `${host}/team/redact:2`);
  expect(copied).toMatchObject({ digest, referrers: [expect.any(String)] });
  await verify(`${host}/team/redact:2`, 'second');
  await json('plugin', 'pull', reference, '--out', at('out'), '--key', at('second.pub.pem'));
  await verify(at('out/redact.wasm'), 'second');

  await json('logout', host);
  expect((await runCommand(['plugin', 'verify', reference, '--key', at('key.pub.pem')], { env })).code).toBe(4);
});

itWith('docker-registry')('[CLI-22] docker-registry takes a component of many chunks', async () => {
  const { host } = await startDockerRegistry();
  await writeFile(at('redact.wasm'), withSection(componentWith(), 'padding', Buffer.alloc(1_500_000, 7)));
  await sign();
  const { digest } = await json('plugin', 'push', '--tag', `${host}/acme/redact:1`, at('redact.wasm'));
  expect(await verify(`${host}/acme/redact@${digest}`)).toMatchObject({ manifest: digest });
});

itWith('skopeo')('[CLI-22] what skopeo copied is pulled and verified', async () => {
  const registry = await startRegistry({ directory: await temporaryFolder() });
  onTestFinished(registry.close);
  const reference = `${registry.host}/acme/redact:1`;
  await sign();
  const { digest } = await json('plugin', 'push', '--tag', reference, at('redact.wasm'));
  const skopeo = (...argv: string[]) => run('skopeo', ['--insecure-policy', 'copy', '--quiet', ...argv]);
  await skopeo('--src-tls-verify=false', `docker://${reference}`, `oci:${at('layout')}:here`);
  expect(await verify(`oci:${at('layout')}:here`)).toMatchObject({ manifest: digest });
  const back = `${registry.host}/team/redact:2`;
  await skopeo('--dest-tls-verify=false', `oci:${at('layout')}:here`, `docker://${back}`);
  expect(await json('plugin', 'pull', back, '--out', at('out'))).toMatchObject({ manifest: digest });
  await verify(at('out/redact.wasm'));
  // And from a layout of ours.
  await json('plugin', 'attach-signature', '--key', at('second.pem'), reference);
  await json('plugin', 'copy', reference, `oci:${at('ours')}`);
  await skopeo('--dest-tls-verify=false', `oci:${at('ours')}:1`, `docker://${registry.host}/third/redact:3`);
  expect(await verify(`${registry.host}/third/redact:3`)).toMatchObject({ manifest: digest });
});

/** A registry that takes uploads, until the layer comes: then it says nothing any more, or hangs up. */
async function stuckRegistry(onLayer: 'silence' | 'hang up') {
  const seen: string[] = [];
  let arrived = () => {};
  const layer = new Promise<void>(resolve => {
    arrived = resolve;
  });
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url?.split('?')[0]}`);
    if (request.method === 'HEAD') return void response.writeHead(404).end();
    if (request.method === 'POST') return void response.writeHead(202, { location: '/upload' }).end();
    arrived();
    if (onLayer === 'hang up') request.socket.destroy();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, seen, layer };
}

it('[CLI-23] an upload that is interrupted ends with 130, and no tag was written', async () => {
  await sign();
  const { host, seen, layer } = await stuckRegistry('silence');
  const argv = [main, 'plugin', 'push', '--tag', `${host}/acme/redact:1`, at('redact.wasm')];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', chunk => (said += chunk));
  await layer;
  child.kill('SIGINT');
  expect(await once(child, 'close')).toEqual([130, null]);
  expect(said).toContain('interrupted by SIGINT');
  expect(seen.filter(line => line.includes('/manifests/'))).toEqual([]);
});

it('[CLI-23] an upload that keeps breaking is begun anew, then told, and no tag was written', async () => {
  await sign();
  const { host, seen } = await stuckRegistry('hang up');
  const refused = await runCommand(['plugin', 'push', '--tag', `${host}/acme/redact:1`, at('redact.wasm')]);
  expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('registry_unreachable') });
  expect(seen.filter(line => line.startsWith('POST')).length).toBeGreaterThan(1);
  expect(seen.filter(line => line.includes('/manifests/'))).toEqual([]);
});

it('[CLI-23] a pull that is cut off leaves no file', async () => {
  const registry = await startRegistry({ directory: await temporaryFolder() });
  onTestFinished(registry.close);
  await sign();
  const reference = `${registry.host}/acme/redact:1`;
  await json('plugin', 'push', '--tag', reference, at('redact.wasm'));
  const server = createServer(async (request, response) => {
    const answer = await fetch(`${registry.url}${request.url}`, {
      headers: { accept: request.headers.accept ?? '*/*' },
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    if (!request.url?.includes('/blobs/')) return void response.end(bytes);
    response.write(bytes.subarray(0, 10), () => response.destroy());
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const cut = `127.0.0.1:${(server.address() as AddressInfo).port}/acme/redact:1`;
  expect(await runCommand(['plugin', 'pull', cut, '--out', at('out')])).toMatchObject({ code: 4 });
  expect(await readdir(folder)).not.toContain('out');
});
