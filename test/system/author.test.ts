/** The command for authors, interrupted at each of its steps, and without room on the disk. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { startRegistry } from '@sallyport/registry/start-registry';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { digestOf } from '../../host/src/core/digest.ts';
import { emptyComponent } from '../../host/src/wasm/binary-format.ts';
import { embedDescriptor } from '../../host/src/wasm/descriptor-section.ts';
import { faultyRegistry, type RegistryFault } from '../fixtures/faulty-registry.ts';
import { runCommand } from '../fixtures/run-command.ts';
import { descriptorOf, withSection } from '../fixtures/signed-plugin.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';
import { itWith } from '../prerequisite.ts';

const main = join(import.meta.dirname, '../../tools/cli/bin/sallyport.js');
const bare = withSection(emptyComponent, 'padding', Buffer.alloc(300_000, 7));
let folder = '';
const at = (name: string) => join(folder, name);
const done = async (...argv: string[]) => {
  const { code, stdout, stderr } = await runCommand(argv);
  expect([code, code === 0 ? '' : stdout + stderr]).toEqual([0, '']);
};
/** Every file below the folder. */
const files = async () =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter(each => each.isFile())
    .map(each => relative(folder, join(each.parentPath, each.name)))
    .sort();

/** The same without what a copy that was not finished may leave: whole blobs, which nothing names. */
async function namedFiles(): Promise<string[]> {
  const named: string[] = [];
  for (const file of await files()) {
    const [, hex] = /^out\/blobs\/sha256\/(.*)$/.exec(file) ?? [];
    if (hex !== undefined) expect(digestOf(await readFile(at(file)))).toBe(`sha256:${hex}`);
    else if (file !== 'out/oci-layout') named.push(file);
  }
  return named;
}

beforeEach(async () => {
  folder = await temporaryFolder();
  await writeFile(at('redact.wasm'), embedDescriptor(bare, descriptorOf()));
  await writeFile(at('plugin.json'), JSON.stringify(descriptorOf()));
  await done('keygen', '--key', at('key.pem'));
  await done('plugin', 'sign', '--key', at('key.pem'), at('redact.wasm'));
});

async function published(): Promise<string> {
  const registry = await startRegistry({ directory: await temporaryFolder() });
  onTestFinished(registry.close);
  const reference = `${registry.host}/acme/redact:1`;
  await done('plugin', 'push', '--tag', reference, at('redact.wasm'));
  return reference;
}

/** A registry that holds a plugin and takes uploads, and says nothing any more to the request that matches. */
async function stuckAt(line: RegExp) {
  let arrived = () => {};
  const stuck = new Promise<void>(resolve => {
    arrived = resolve;
  });
  const fault: RegistryFault = (request, response, honest) => {
    const { method = '', url = '' } = request;
    if (line.test(`${method} ${url}`)) return arrived();
    if (method === 'GET') return honest();
    if (method === 'HEAD') return response.writeHead(404).end();
    if (method === 'POST') return response.writeHead(202, { location: '/upload' }).end();
    request.resume().on('end', () => response.writeHead(201).end());
  };
  return { ...(await faultyRegistry(fault)), stuck };
}

describe('[CLI-23] Ctrl-C', () => {
  it.each<[string, RegExp, (reference: string) => string[]]>([
    ['push', /^PUT .*manifests/, to => ['push', '--tag', to, at('redact.wasm')]],
    ['pull', /^GET .*blobs/, from => ['pull', from, '--out', at('out')]],
    ['copy to a folder', /^GET .*blobs/, from => ['copy', from, `oci:${at('out')}:1`]],
    ['copy to a registry', /^PUT \/upload/, to => ['copy', `oci:${at('layout')}:1`, to]],
    ['attach-signature', /^GET .*blobs/, to => ['attach-signature', '--key', at('key.pem'), to]],
    ['tags', /^GET .*tags/, from => ['tags', from.replace(/:1$/, '')]],
  ])('in the middle of %s ends it with 130, and leaves no file and no tag', async (_, line, argv) => {
    await done('plugin', 'copy', await published(), `oci:${at('layout')}:1`);
    const before = await files();
    const registry = await stuckAt(line);
    const child = spawn(process.execPath, [main, 'plugin', ...argv(registry.reference)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', chunk => (said += chunk));
    await registry.stuck;
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([130, null]);
    expect(said).toContain('interrupted by SIGINT');
    const tagged = registry.seen.map(seen => seen.line).filter(seen => /^PUT .*manifests\/(?!sha256:)/.test(seen));
    expect(tagged).toEqual(line.test('PUT /v2/acme/redact/manifests/1') ? ['PUT /v2/acme/redact/manifests/1'] : []);
    expect(await namedFiles()).toEqual(before);
  });

  itWith('script').each<[string, () => string[]]>([
    ['keygen', () => ['keygen', '--encrypt', '--key', at('other.pem')]],
    ['sign', () => ['plugin', 'sign', '--key', at('locked.pem'), at('redact.wasm')]],
  ])('at the passphrase of %s ends it with 130, and nothing was written', async (_, argv) => {
    await writeFile(at('passphrase'), 'correct horse\n');
    await done('keygen', '--key', at('locked.pem'), '--passphrase-file', at('passphrase'));
    const before = await files();
    const signature = await readFile(at('redact.wasm.sig'));
    const line = [process.execPath, main, ...argv()].map(word => `'${word}'`).join(' ');
    const child = spawn('script', ['-qec', line, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
    let shown = '';
    child.stdout.on('data', chunk => {
      shown += chunk;
      if (/assphrase .*: $/.test(shown)) child.stdin.write('\x03');
    });
    expect((await once(child, 'close'))[0]).toBe(130);
    expect(shown).toContain('interrupted by SIGINT');
    expect(await files()).toEqual(before);
    expect(await readFile(at('redact.wasm.sig'))).toEqual(signature);
  });
});

describe('[CLI-23] without room on the disk', () => {
  /** Runs the command where no file may grow beyond 64 KiB: a write stops in its middle, as on a full disk. */
  async function cramped(...argv: string[]) {
    const line = 'ulimit -f 64 && exec "$@"';
    const child = spawn('bash', ['-c', line, 'bash', process.execPath, main, ...argv], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' },
    });
    let said = '';
    child.stderr.on('data', chunk => (said += chunk));
    const [code] = await once(child, 'close');
    return { code, said };
  }

  it.each<[string, (reference: string) => string[]]>([
    ['pull', from => ['pull', from, '--out', at('out')]],
    ['copy', from => ['copy', from, `oci:${at('out')}:1`]],
    [
      'pack',
      () => [
        ...['pack', '--descriptor', at('plugin.json'), '--artifact', at('redact.wasm')],
        ...['--signature', at('redact.wasm.sig'), '--out', at('redact.zip')],
      ],
    ],
    ['unpack', () => ['unpack', at('whole.zip'), '--out', at('out')]],
    ['sign', () => ['sign', '--key', at('key.pem'), at('bare.wasm')]],
  ])('%s says so, and leaves no half of a file', async (_, argv) => {
    const padding = randomBytes(300_000); // What compresses well has room in a zip.
    await writeFile(at('redact.wasm'), embedDescriptor(withSection(emptyComponent, 'p', padding), descriptorOf()));
    await done('plugin', 'sign', '--key', at('key.pem'), at('redact.wasm'));
    await done(
      ...['plugin', 'pack', '--descriptor', at('plugin.json'), '--artifact', at('redact.wasm')],
      ...['--signature', at('redact.wasm.sig'), '--out', at('whole.zip')],
    );
    await writeFile(at('bare.wasm'), bare);
    const reference = await published();
    const before = await files();
    const { code, said } = await cramped('plugin', ...argv(reference));
    expect([code, said]).toEqual([1, expect.stringMatching(/file_unwritable[\s\S]*EFBIG/)]);
    expect(await namedFiles()).toEqual(before);
    expect(await readFile(at('bare.wasm'))).toEqual(Buffer.from(bare));
  });
});

it('[CLI-23] a file that is being written is not there under its name before it is whole', async () => {
  const component = embedDescriptor(withSection(emptyComponent, 'p', Buffer.alloc(8_000_000, 7)), descriptorOf());
  await writeFile(at('redact.wasm'), component);
  await done('plugin', 'sign', '--key', at('key.pem'), at('redact.wasm'));
  const reference = await published();
  const sizes = new Set<number>();
  let pulling = true;
  const watch = async () => {
    while (pulling) sizes.add((await stat(at('out/redact.wasm')).catch(() => undefined))?.size ?? 0);
  };
  await Promise.all([
    done('plugin', 'pull', reference, '--out', at('out')).finally(() => {
      pulling = false;
    }),
    watch(),
  ]);
  sizes.add((await stat(at('out/redact.wasm'))).size);
  expect(sizes).toEqual(new Set([0, component.length]));
});
