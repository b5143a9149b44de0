/** Plugins in the hands of OCI tools that are not ours: what we publish they move, and what they publish we load. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { type Registry, startRegistry } from '@sallyport/registry/start-registry';
import { afterAll, beforeAll, describe, expect, onTestFinished } from 'vitest';
import { runCommand, runJson } from '../fixtures/run-command.ts';
import { componentWith } from '../fixtures/signed-plugin.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';
import { itWith } from '../prerequisite.ts';

const signatureType = 'application/vnd.sallyport.signature.v1';
let folder = '';
let env: NodeJS.ProcessEnv = {};
let registry: Registry;
/** A plugin with a second signature attached, and its manifest's digest. */
let reference = '';
let digest = '';
const at = (name: string) => join(folder, name);
const json = (...argv: string[]) => runJson(argv, { env });
const verify = (place: string, key = 'key') => json('plugin', 'verify', place, '--key', at(`${key}.pub.pem`));
/** Runs a tool, with what it is to read from stdin. Returns its output. */
async function tool(name: string, argv: readonly string[], stdin = ''): Promise<string> {
  const running = promisify(execFile)(name, argv, { env, cwd: folder, timeout: 300_000 });
  // One that ends without reading it has a status that says why.
  running.child.stdin?.on('error', () => {}).end(stdin);
  return (await running).stdout.trim();
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-clients-'));
  env = { ...process.env, DOCKER_CONFIG: folder, HOME: folder };
  registry = await startRegistry({ directory: at('registry') });
  reference = `${registry.host}/acme/redact:1`;
  await writeFile(at('redact.wasm'), componentWith());
  await writeFile(at('config.json.oci'), '{}');
  for (const key of ['key', 'second']) await json('keygen', '--key', at(`${key}.pem`));
  await json('plugin', 'sign', '--key', at('key.pem'), at('redact.wasm'));
  ({ digest } = await json('plugin', 'push', '--tag', reference, at('redact.wasm')));
  await json('plugin', 'attach-signature', '--key', at('second.pem'), reference);
});
afterAll(async () => {
  await registry?.close();
  await rm(folder, { recursive: true });
});

/** What a tool pushed is signed by a referrer, and holds then. */
async function signedAfterwards(place: string): Promise<void> {
  expect((await runCommand(['plugin', 'verify', place, '--key', at('key.pub.pem')], { env })).code).toBe(4);
  await json('plugin', 'attach-signature', '--key', at('key.pem'), place);
  await verify(place);
  expect(await json('plugin', 'inspect', place)).toMatchObject({ descriptor: { id: 'redact' } });
}

describe('[REG-74] oras-go', () => {
  const oras = itWith('interop-oras');

  oras('copies with what refers to it, and finds it', async () => {
    const [there, layout] = [`${registry.host}/oras/redact:1`, `oci:${at('oras')}:1`];
    expect(await tool('interop-oras', ['copy', reference, layout])).toBe(digest);
    expect(await tool('interop-oras', ['copy', layout, there])).toBe(digest);
    for (const place of [layout, there]) {
      for (const key of ['key', 'second']) expect(await verify(place, key)).toMatchObject({ manifest: digest });
      const found = JSON.parse(await tool('interop-oras', ['referrers', place, signatureType]));
      expect(found).toMatchObject([{ artifactType: signatureType }]);
    }
  });

  oras('pushes a component, which is signed then', async () => {
    const place = `${registry.host}/oras/own:1`;
    await tool('interop-oras', ['push', place, at('config.json.oci'), at('redact.wasm')]);
    await signedAfterwards(place);
  });
});

describe('[REG-74] oras-py', () => {
  const oras = itWith('interop-oras-py');

  oras('pulls the component as it is, and lists tags', async () => {
    const out = at('py');
    await tool('interop-oras-py', ['pull', reference, out]);
    expect(await tool('interop-oras-py', ['tags', reference])).toBe('1');
  });

  oras('pushes a component, which is signed then', async () => {
    const place = `${registry.host}/py/own:1`;
    await tool('interop-oras-py', ['push', place, 'config.json.oci', 'redact.wasm']);
    await signedAfterwards(place);
  });
});

describe('[REG-74] regctl', () => {
  const regctl = (...argv: string[]) => tool('regctl', ['--host', `reg=${registry.host},tls=disabled`, ...argv]);

  itWith('regctl')('copies with what refers to it, and lists it', async () => {
    const [there, layout] = [`${registry.host}/regctl/redact:1`, `ocidir://${at('regctl')}:1`];
    await regctl('image', 'copy', '--referrers', reference, layout);
    await regctl('image', 'copy', '--referrers', layout, there);
    expect(await regctl('image', 'digest', there)).toBe(digest);
    for (const place of [there, `oci:${at('regctl')}:1`]) {
      for (const key of ['key', 'second']) expect(await verify(place, key)).toMatchObject({ manifest: digest });
    }
    const listed = await regctl('artifact', 'list', '--format', '{{jsonPretty .}}', there);
    expect(listed).toContain(signatureType);
    expect(await regctl('tag', 'ls', `${registry.host}/regctl/redact`)).toBe('1');
  });

  itWith('regctl')('reads a layout of ours, with what refers to it', async () => {
    await json('plugin', 'copy', reference, `oci:${at('ours')}:1`);
    const there = `${registry.host}/regctl/again:1`;
    await regctl('image', 'copy', '--referrers', `ocidir://${at('ours')}:1`, there);
    for (const key of ['key', 'second']) expect(await verify(there, key)).toMatchObject({ manifest: digest });
  });

  itWith('regctl')('puts a component, which is signed then', async () => {
    const place = `${registry.host}/regctl/own:1`;
    await regctl(
      ...['artifact', 'put', '--config-type', 'application/vnd.wasm.config.v0+json', '--config-file'],
      ...[at('config.json.oci'), '--file-media-type', 'application/wasm', '--file', at('redact.wasm'), place],
    );
    await signedAfterwards(place);
  });
});

describe('[CLI-30] the signature in the format of cosign', () => {
  const offline = '--insecure-ignore-tlog';
  let bundle = '';
  beforeAll(async () => {
    const attach = ['attach-signature', '--format', 'cosign', '--key', at('second.pem'), reference];
    const { referrer } = await json('plugin', ...attach);
    const repository = `${registry.url}/v2/acme/redact`;
    const { layers } = (await (await fetch(`${repository}/manifests/${referrer}`)).json()) as {
      layers: [{ digest: string }];
    };
    bundle = at('bundle.json');
    await writeFile(bundle, await (await fetch(`${repository}/blobs/${layers[0].digest}`)).text());
  });

  itWith('cosign')('is found and accepted by cosign verify, by its key alone', async () => {
    const check = (key: string) =>
      tool('cosign', ['verify', '--key', at(`${key}.pub.pem`), offline, '--allow-http-registry', reference]);
    expect(await check('second')).toContain(digest);
    await expect(check('key')).rejects.toThrow(/failed to verify signature/);
  });

  itWith('cosign')('is one over its manifest alone', async () => {
    const check = (subject: string) =>
      tool('cosign', [
        ...['verify-blob-attestation', '--key', at('second.pub.pem'), offline, '--bundle', bundle],
        ...['--type', 'https://sigstore.dev/cosign/sign/v1', '--digestAlg', 'sha256', '--digest', subject],
      ]);
    await check(digest.replace('sha256:', ''));
    await expect(check('0'.repeat(64))).rejects.toThrow(/digest/);
  });
});

describe('[REG-74] wkg', () => {
  itWith('wkg')('pulls the component as it is', async () => {
    await tool('wkg', ['oci', 'pull', '--insecure', registry.host, reference, '--output', at('by-wkg.wasm')]);
    expect(await readFile(at('by-wkg.wasm'))).toEqual(await readFile(at('redact.wasm')));
  });

  itWith('wkg')('pushes a component, which is signed then', async () => {
    const place = `${registry.host}/wkg/own:1`;
    await tool('wkg', ['oci', 'push', '--insecure', registry.host, place, at('redact.wasm')]);
    await signedAfterwards(place);
  });
});

describe('[REG-75] a registry with the referrers API that is not ours', () => {
  itWith('interop-ociregistry')('takes all of it, and gives it back', async () => {
    const child = spawn('interop-ociregistry', { stdio: ['ignore', 'pipe', 'ignore'] });
    onTestFinished(() => void child.kill());
    const [host] = await once(createInterface({ input: child.stdout }), 'line');
    const there = `${host}/acme/redact:1`;
    expect(await json('plugin', 'push', '--tag', there, at('redact.wasm'))).toMatchObject({ digest });
    await json('plugin', 'attach-signature', '--key', at('second.pem'), there);
    expect(await verify(there, 'second')).toMatchObject({ manifest: digest });
    // The API lists it, and no tag.
    expect(await json('plugin', 'tags', `${host}/acme/redact`)).toMatchObject({ tags: ['1'] });
    expect((await fetch(`http://${host}/v2/acme/redact/manifests/${digest.replace(':', '-')}`)).status).toBe(404);
    const copies: [string, string][] = [
      [there, reference.replace(':1', ':2')],
      [reference, `${host}/team/redact:1`],
      [`${host}/team/redact:1`, `oci:${at('from-there')}:1`],
    ];
    for (const [from, to] of copies) {
      expect(await json('plugin', 'copy', from, to)).toMatchObject({
        digest,
        referrers: expect.arrayContaining([expect.any(String)]),
      });
      await verify(to, 'second');
    }
    await json('plugin', 'pull', `${host}/team/redact:1`, '--out', at('pulled'));
    expect(await readFile(at('pulled/redact.wasm'))).toEqual(await readFile(at('redact.wasm')));
  });
});

describe('[CLI-32] a login', () => {
  /** A registry that asks for a login, and what it takes. */
  async function lockedRegistry(directory: string) {
    const locked = await startRegistry({ directory, profile: 'harbor' });
    onTestFinished(locked.close);
    const { username = '', password = '' } = locked.login?.() ?? {};
    return { host: locked.host, username, password };
  }
  /** Whether the command, but no other tool, finds the login. */
  async function isUsed(host: string): Promise<void> {
    const there = `${host}/acme/redact:1`;
    expect(await json('plugin', 'push', '--tag', there, at('redact.wasm'))).toMatchObject({ digest });
    expect(await verify(there)).toMatchObject({ manifest: digest });
  }
  async function freshHome() {
    const home = await temporaryFolder();
    env = { ...env, DOCKER_CONFIG: home, HOME: home };
    return home;
  }

  itWith('skopeo')('that skopeo wrote to config.json is used', async () => {
    const home = await freshHome();
    const { host, username, password } = await lockedRegistry(join(home, 'registry'));
    const file = join(home, 'config.json');
    const argv = ['login', '--tls-verify=false', '--authfile', file, '-u', username, '--password-stdin', host];
    await tool('skopeo', argv, password);
    await isUsed(host);
    await json('logout', host);
    expect(JSON.parse(await readFile(file, 'utf8')).auths).toEqual({});
  });

  itWith('interop-oras')('that oras-go wrote to config.json is used, and the other way round', async () => {
    const home = await freshHome();
    const { host, username, password } = await lockedRegistry(join(home, 'registry'));
    await tool('interop-oras', ['login', host, username], `${password}\n`);
    await isUsed(host);
    await json('logout', host);
    await expect(tool('interop-oras', ['referrers', `${host}/acme/redact:1`, ''])).rejects.toThrow();
    await runCommand(['login', host, '-u', username, '--password-stdin'], { env, stdin: password });
    expect(JSON.parse(await tool('interop-oras', ['referrers', `${host}/acme/redact:1`, '']))).toBeNull();
  });

  itWith('interop-oras-py')('that oras-py wrote to config.json is used', async () => {
    const home = await freshHome();
    const { host, username, password } = await lockedRegistry(join(home, 'registry'));
    await tool('interop-oras-py', ['login', host, username, join(home, 'config.json')], `${password}\n`);
    await isUsed(host);
  });

  itWith('docker-credential-pass')('that the credential helper pass keeps is used, and no file has it', async () => {
    const home = await freshHome();
    env = { ...env, GNUPGHOME: home, PASSWORD_STORE_DIR: join(home, 'store') };
    onTestFinished(() => tool('gpgconf', ['--kill', 'gpg-agent']).then(() => undefined));
    await tool('gpg', ['--batch', '--passphrase', '', '--quick-gen-key', 'author', 'default', 'default']);
    await tool('pass', ['init', 'author']);
    await writeFile(join(home, 'config.json'), JSON.stringify({ credsStore: 'pass' }));
    const { host, username, password } = await lockedRegistry(join(home, 'registry'));
    const login = ['login', host, '-u', username, '--password-stdin', '--json'];
    const { stdout } = await runCommand(login, { env, stdin: password });
    expect(JSON.parse(stdout)).toMatchObject({ kept: 'docker-credential-pass' });
    expect(JSON.parse(await tool('docker-credential-pass', ['list']))).toEqual({ [host]: username });
    expect(JSON.parse(await readFile(join(home, 'config.json'), 'utf8'))).toEqual({ credsStore: 'pass' });
    await isUsed(host);
    await json('logout', host);
    expect(JSON.parse(await tool('docker-credential-pass', ['list']))).toEqual({});
  });
});
