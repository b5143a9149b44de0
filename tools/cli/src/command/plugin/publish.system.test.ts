/** sign, pack, push, pull, verify, inspect, copy and attach-signature, against the registry for development. */

import { execFile } from 'node:child_process';
import { verify } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startRegistry } from '@sallyport/registry/start-registry';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { watGuest } from '../../../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../../../test/fixtures/guest-descriptor.ts';
import { runCommand } from '../../../../../test/fixtures/run-command.ts';
import { runSallyport } from '../../../../../test/fixtures/run-sallyport.ts';
import { componentWith, descriptorOf, flipped } from '../../../../../test/fixtures/signed-plugin.ts';
import { temporaryFolder } from '../../../../../test/fixtures/temporary-folder.ts';
import { itWith } from '../../../../../test/prerequisite.ts';

const run = promisify(execFile);
let folder = '';
let host = '';
let reference = '';
const at = (name: string) => join(folder, name);
const plugin = (...argv: string[]) => runCommand(['plugin', ...argv]);
const json = async (...argv: string[]) => {
  const { code, stdout, stderr } = await plugin(...argv, '--json');
  expect([code, code === 0 ? '' : stdout + stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
};
const openRegistry = async () => {
  const registry = await startRegistry({ directory: await temporaryFolder() });
  onTestFinished(registry.close);
  return registry.host;
};
const pack = (...more: string[]) =>
  plugin(
    ...['pack', '--descriptor', at('plugin.json'), '--artifact', at('redact_emails.wasm')],
    ...['--signature', at('redact_emails.wasm.sig'), '--out', at('redact-emails-0.1.0.zip'), ...more],
  );
const push = (...more: string[]) => plugin('push', '--tag', reference, at('redact-emails-0.1.0.zip'), ...more);

beforeEach(async () => {
  folder = await temporaryFolder();
  host = await openRegistry();
  reference = `${host}/acme/redact-emails:1.0.0`;
  await writeFile(at('redact_emails.wasm'), componentWith());
  await writeFile(at('plugin.json'), JSON.stringify(descriptorOf()));
  for (const key of ['key', 'second', 'stranger']) await runCommand(['keygen', '--key', at(`${key}.pem`)]);
  await plugin('sign', '--key', at('key.pem'), at('redact_emails.wasm'));
});

const configWith = async (keys: readonly string[], more: object = {}) => {
  const file = at('sallyport.yaml');
  await writeFile(
    file,
    stringify({
      listen: '127.0.0.1:0',
      cache_dir: at('cache'),
      trust: { keys: keys.map(id => ({ id, file: `./${id}.pub.pem`, ...more })) },
      plugins: [{ id: 'redact', source: { oci: reference } }],
      upstreams: [{ id: 'upstream', http: { url: 'http://127.0.0.1:1/mcp' } }],
      bindings: [{ id: 'main', upstreams: ['upstream'], transforms: ['redact'] }],
    }),
  );
  return file;
};

it('[CLI-07] the documented way leads into a gateway, typed as it stands', async () => {
  const descriptor = guestDescriptor('redact', { version: '1.0.0' });
  await writeFile(at('redact_emails.wasm'), await watGuest(descriptor));
  await writeFile(at('plugin.json'), JSON.stringify(descriptor));
  const typed = async (...argv: string[]) => {
    const ran = await runSallyport(...argv);
    expect(ran).toMatchObject({ code: 0 });
    return ran;
  };
  await typed('plugin', 'sign', '--key', at('key.pem'), at('redact_emails.wasm'));
  await typed(
    ...['plugin', 'pack', '--descriptor', at('plugin.json'), '--artifact', at('redact_emails.wasm')],
    ...['--signature', at('redact_emails.wasm.sig'), '--out', at('redact-emails-0.1.0.zip')],
  );
  const { stdout, stderr } = await typed('plugin', 'push', '--tag', reference, at('redact-emails-0.1.0.zip'));
  expect(stdout).toContain(`reference: ${reference}\ndigest: sha256:`);
  expect(stderr).not.toContain('\r');
  expect((await typed('check', '-c', await configWith(['key']))).stdout).toContain('redact 1.0.0 sha256:');
});

itWith('script')('[CLI-04] a push shows a bar at a terminal, on stderr, and none when piped', async () => {
  const file = at('redact_emails.wasm');
  const main = join(import.meta.dirname, '../../../bin/sallyport.js');
  const argv = [main, 'plugin', 'push', '--tag', reference, file];
  const words = [process.execPath, ...argv].map(word => `'${word}'`).join(' ');
  const { stdout: seen } = await run('script', ['-qec', `${words} > /dev/null`, '/dev/null']);
  expect(seen).toMatch(/push \[#+\.*\] +\d+% /);
  const { stdout, stderr } = await runSallyport(...argv.slice(1), '--key', at('key.pub.pem'));
  expect([stdout.includes('push ['), stderr]).toEqual([false, '']);
});

it('[AUT-06] what is pushed with its sidecar is what a gateway accepts, and the key is named', async () => {
  const pushed = await json('push', '--tag', reference, '--key', at('key.pub.pem'), at('redact_emails.wasm'));
  const verified = await json('verify', reference, '--key', at('key.pub.pem'));
  expect(verified).toMatchObject({ plugin: 'redact', manifest: pushed.digest });
  const { signatures } = await json('inspect', reference);
  expect(signatures).toEqual([{ key_id: verified.key_id, found: 'with it' }]);
});

it('[AUT-06] nothing is sent whose signature does not hold', async () => {
  await writeFile(at('redact_emails.wasm'), componentWith(descriptorOf({ version: '2.0.0' })));
  await rm(at('plugin.json'));
  const file = at('redact_emails.wasm');
  const refused = await plugin('push', '--tag', '127.0.0.1:1/acme/x:1', '--key', at('key.pub.pem'), file);
  expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('signature_invalid') });
});

describe('[CLI-08] a plugin.json that differs', () => {
  beforeEach(async () => {
    await pack();
    await writeFile(at('plugin.json'), JSON.stringify(descriptorOf({ version: '1.0.1', tags: ['new'] })));
  });
  const differs = { code: 4, stderr: expect.stringMatching(/descriptor_mismatch.*members: \["version","tags"\]/) };

  it('is not packed', async () => {
    const before = await readFile(at('redact-emails-0.1.0.zip'));
    expect(await pack()).toMatchObject(differs);
    expect(await readFile(at('redact-emails-0.1.0.zip'))).toEqual(before);
  });

  it('is not pushed', async () => {
    expect(await plugin('push', '--tag', reference, at('redact_emails.wasm'))).toMatchObject(differs);
    expect(await plugin('pull', reference)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('artifact_not_found'),
    });
  });
});

it.each<[string, (bytes: Buffer) => Uint8Array, string]>([
  ['has not 64 bytes', bytes => bytes.subarray(1), 'signature_invalid'],
  ['is over something else', bytes => flipped(bytes, 5), 'signature_invalid'],
])('[CLI-08] a signature that %s is not packed', async (_, change, code) => {
  await writeFile(at('redact_emails.wasm.sig'), change(await readFile(at('redact_emails.wasm.sig'))));
  const refused = await pack('--key', at('key.pub.pem'));
  expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining(code) });
  expect(await readdir(folder)).not.toContain('redact-emails-0.1.0.zip');
});

it('[CLI-08] a component that nobody signed is not pushed', async () => {
  await rm(at('redact_emails.wasm.sig'));
  const refused = await plugin('push', '--tag', reference, at('redact_emails.wasm'));
  expect(refused).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('redact_emails.wasm.sig: signature_missing'),
  });
});

describe('[CLI-10] files', () => {
  it('come out of a zip as they went in', async () => {
    await pack();
    expect(await json('unpack', at('redact-emails-0.1.0.zip'), '--out', at('out'))).toMatchObject({ plugin: 'redact' });
    for (const name of ['redact_emails.wasm', 'redact_emails.wasm.sig', 'plugin.json']) {
      expect(await readFile(at(`out/${name}`))).toEqual(await readFile(at(name)));
    }
  });

  it.each(['redact_emails.wasm', 'redact_emails.wasm.sig', 'plugin.json'])(
    'are not written when %s is there',
    async name => {
      await pack();
      await mkdir(at('out'));
      await writeFile(at(`out/${name}`), 'mine');
      const refused = await plugin('unpack', at('redact-emails-0.1.0.zip'), '--out', at('out'));
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining(`${at(`out/${name}`)}: file_exists`) });
      expect(await readdir(at('out'))).toEqual([name]);
      expect(await readFile(at(`out/${name}`), 'utf8')).toBe('mine');
    },
  );
});

describe('[CLI-11] verify', () => {
  beforeEach(async () => {
    await pack();
    await push();
    await plugin('copy', reference, `oci:${at('layout')}`);
  });
  const places: [string, () => string][] = [
    ['a file', () => at('redact_emails.wasm')],
    ['a zip', () => at('redact-emails-0.1.0.zip')],
    ['a layout', () => `${at('layout')}:1.0.0`],
    ['a reference', () => reference],
  ];

  it.each(places)('judges %s by a key', async (_, place) => {
    expect(await json('verify', place(), '--key', at('key.pub.pem'))).toMatchObject({
      plugin: 'redact',
      version: '1.0.0',
    });
    const other = await plugin('verify', place(), '--key', at('stranger.pub.pem'));
    expect(other).toMatchObject({ code: 4, stderr: expect.stringContaining('signature_invalid') });
  });

  it.each(places)('judges %s by the trust store of a configuration', async (_, place) => {
    expect(await json('verify', place(), '-c', await configWith(['stranger', 'key']))).toMatchObject({ key: 'key' });
    const expired = await configWith(['key'], { not_after: '2020-01-01T00:00:00Z' });
    expect(await plugin('verify', place(), '-c', expired)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('key_expired'),
    });
  });

  it('keeps to the scopes of a key', async () => {
    const file = await configWith(['key'], { scopes: ['ghcr.io/acme/*'] });
    expect((await plugin('verify', reference, '-c', file)).stderr).toContain('key_out_of_scope');
  });

  it('wants to know whose signature counts', async () => {
    expect(await plugin('verify', reference)).toMatchObject({ code: 2, stderr: expect.stringContaining('--key FILE') });
  });
});

describe('[CLI-12] pull', () => {
  beforeEach(async () => {
    await pack();
    await push();
  });

  it('writes files that verify', async () => {
    const pulled = await json('pull', reference, '--out', at('out'));
    expect(pulled).toMatchObject({ plugin: 'redact', component: at('out/redact.wasm') });
    expect(await readFile(at('out/redact.wasm'))).toEqual(await readFile(at('redact_emails.wasm')));
    await json('verify', at('out/redact.wasm'), '--key', at('key.pub.pem'));
  });

  it('writes nothing that a key does not accept', async () => {
    const refused = await plugin('pull', reference, '--out', at('out'), '--key', at('stranger.pub.pem'));
    expect(refused).toMatchObject({ code: 4 });
    expect(await readdir(folder)).not.toContain('out');
  });
});

/** The registry for development without its referrers API, as registries of the generation before are. */
async function withoutReferrers(): Promise<string> {
  const honest = await openRegistry();
  const server: Server = createServer(async (request, response) => {
    if (request.url?.includes('/referrers/')) return void response.writeHead(404).end();
    const body =
      request.method === 'GET' || request.method === 'HEAD' ? {} : { body: request, duplex: 'half' as const };
    const { host: _, connection: __, 'transfer-encoding': ___, ...headers } = request.headers;
    const answer = await fetch(`http://${honest}${request.url}`, {
      method: request.method ?? 'GET',
      headers: headers as Record<string, string>,
      ...(body as object),
    });
    const { 'oci-subject': ____, ...back } = Object.fromEntries(answer.headers);
    response.writeHead(answer.status, back).end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe.each([
  ['with the referrers API', openRegistry],
  ['without the referrers API', withoutReferrers],
])('a registry %s', (_, open) => {
  beforeEach(async () => {
    host = await open();
    reference = `${host}/acme/redact-emails:1.0.0`;
    await pack();
    await push();
  });
  const attach = (key: string) => json('attach-signature', '--key', at(`${key}.pem`), reference);

  it('[CLI-14] [CLI-15] takes a second signer and a third, and each of them is accepted', async () => {
    const before = await json('verify', reference, '--key', at('key.pub.pem'));
    expect((await plugin('verify', reference, '--key', at('second.pub.pem'))).code).toBe(4);
    const second = await attach('second');
    await attach('stranger');
    await attach('second');
    for (const key of ['key', 'second', 'stranger']) {
      const { manifest } = await json('verify', reference, '--key', at(`${key}.pub.pem`));
      expect(manifest).toBe(before.manifest);
    }
    const { signatures } = await json('inspect', reference, '--key', at('second.pub.pem'));
    expect(signatures).toHaveLength(3);
    expect(signatures).toEqual(
      expect.arrayContaining([
        { found: 'with it', verdict: 'signature_invalid' },
        { key_id: second.key_id, found: 'attached', verdict: 'accepted' },
        { key_id: expect.any(String), found: 'attached', verdict: 'key_unknown' },
      ]),
    );
  });

  it('[CLI-14] makes a gateway accept it by the second signer, whom it trusts alone', async () => {
    const descriptor = guestDescriptor('redact', { version: '1.0.0' });
    await writeFile(at('redact_emails.wasm'), await watGuest(descriptor));
    await writeFile(at('plugin.json'), JSON.stringify(descriptor));
    await plugin('sign', '--key', at('key.pem'), at('redact_emails.wasm'));
    await plugin('push', '--tag', reference, at('redact_emails.wasm'));
    const file = await configWith(['second']);
    expect(await runCommand(['check', '-c', file])).toMatchObject({ code: 4 });
    await attach('second');
    expect(await runCommand(['check', '-c', file])).toMatchObject({ code: 0 });
  });

  it('[CLI-30] takes a signature in the format of cosign, beside those that a gateway reads', async () => {
    const cosign = () => json('attach-signature', '--format', 'cosign', '--key', at('second.pem'), reference);
    const { subject, referrer } = await cosign();
    expect(await cosign()).toMatchObject({ subject, referrer });
    expect((await plugin('verify', reference, '--key', at('second.pub.pem'))).code).toBe(4);
    await attach('stranger');
    for (const key of ['key', 'stranger']) await json('verify', reference, '--key', at(`${key}.pub.pem`));
    const bundle = await fetchLayer(referrer);
    const { payload, payloadType, signatures } = bundle.dsseEnvelope;
    const statement = Buffer.from(payload, 'base64');
    expect(JSON.parse(statement.toString())).toMatchObject({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ digest: { sha256: subject.replace('sha256:', '') } }],
    });
    const signed = Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${statement.length} ${statement}`);
    const publicKey = await readFile(at('second.pub.pem'));
    expect(verify(null, signed, publicKey, Buffer.from(signatures[0].sig, 'base64'))).toBe(true);
  });

  /** The layer of a manifest, as JSON, fetched by what is not our client. */
  async function fetchLayer(manifest: string) {
    const at = `http://${host}/v2/acme/redact-emails`;
    const { layers } = (await (await fetch(`${at}/manifests/${manifest}`)).json()) as { layers: { digest: string }[] };
    return (await (await fetch(`${at}/blobs/${layers[0]?.digest}`)).json()) as {
      dsseEnvelope: { payload: string; payloadType: string; signatures: [{ sig: string }] };
    };
  }

  it('[CLI-13] gives to, and takes from, layouts and other registries, signatures included', async () => {
    const { subject } = await attach('second');
    const elsewhere = `${await openRegistry()}/team/redact:1`;
    const old = `${await withoutReferrers()}/team/redact:2`;
    const layout = at('layout');
    const ways: [string, string, string][] = [
      [reference, `oci:${layout}`, `${layout}:1.0.0`],
      [`${layout}:1.0.0`, elsewhere, elsewhere],
      [elsewhere, old, old],
      [old, at('again:here'), at('again:here')],
      [at('again'), reference.replace(':1.0.0', ':1.0.1'), reference.replace(':1.0.0', ':1.0.1')],
    ];
    for (const [from, to, there] of ways) {
      const copied = await json('copy', from, to);
      expect([from, copied.digest, copied.referrers.length]).toEqual([from, subject, 1]);
      for (const key of ['key', 'second']) {
        expect(await json('verify', there, '--key', at(`${key}.pub.pem`))).toMatchObject({ manifest: subject });
      }
    }
  });
});

it('[CLI-19] inspect tells what a plugin is made of', async () => {
  const descriptor = guestDescriptor('redact', { config_schema: { type: 'object' } });
  await writeFile(at('redact_emails.wasm'), await watGuest(descriptor));
  await writeFile(at('plugin.json'), JSON.stringify(descriptor));
  await plugin('sign', '--key', at('key.pem'), at('redact_emails.wasm'));
  const look = await json('inspect', at('redact_emails.wasm'), '--key', at('key.pub.pem'));
  expect(look).toMatchObject({
    digest: expect.stringMatching(/^sha256:/),
    descriptor: { id: 'redact', config_schema: { type: 'object' } },
    exports: expect.arrayContaining(['sallyport:plugin/lifecycle@0.1.0']),
    signatures: [{ found: 'with it', verdict: 'accepted' }],
  });
  const sum = look.parts.reduce((bytes: number, part: { bytes: number }) => bytes + part.bytes, 0);
  expect(sum).toBeGreaterThan(look.bytes * 0.5);
  const { stdout } = await plugin('inspect', at('redact_emails.wasm'), '--key', at('key.pub.pem'));
  for (const part of [
    'requires: ',
    'imports:',
    'exports:',
    'core module: code',
    'custom sallyport:plugin',
    'with it: accepted',
  ]) {
    expect(stdout).toContain(part);
  }
});

it('[CLI-20] inspect prints no control characters of a plugin', async () => {
  const bytes = componentWith(descriptorOf({ description: 'harmless\u001b]0;pwned\u0007\u202eevil' }));
  await writeFile(at('redact_emails.wasm'), bytes);
  const { stdout } = await plugin('inspect', at('redact_emails.wasm'));
  expect(stdout).toContain('description: harmless ]0;pwned evil');
  expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

it.each([
  ['9.9.9', 'version_mismatch'],
  ['v9.9.9', 'version_mismatch'],
  ['9.9.9-rc.1', 'version_mismatch'],
  ['latest', 'registry_unreachable'],
  ['0', 'registry_unreachable'],
  ['v1.0.0', 'registry_unreachable'],
])('[AUT-87] a push of version 1.0.0 to the tag %s ends with %s', async (tag, code) => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'x.wasm'), componentWith());
  await writeFile(join(folder, 'x.wasm.sig'), Buffer.alloc(64));
  // Nothing listens there.
  const argv = ['plugin', 'push', '--tag', `127.0.0.1:1/acme/redact:${tag}`, join(folder, 'x.wasm')];
  expect((await runCommand(argv)).stderr).toContain(code);
  if (code === 'version_mismatch')
    expect((await runCommand([...argv, '--force'])).stderr).toContain('registry_unreachable');
});
