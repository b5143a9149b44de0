import { spawn, spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keygen } from '@sallyport/cli/artifact/keygen';
import { parsePrivateKey } from '@sallyport/cli/artifact/private-key';
import { signComponent } from '@sallyport/cli/artifact/sign-component';
import { buildPlugin } from '@sallyport/cli/build/build-plugin';
import { pluginDescriptorSchema } from '@sallyport/host/core/plugin-descriptor';
import { stringify } from 'yaml';
import { end, freePort, pidOf, type Running, untilReady } from './process.ts';

const root = join(import.meta.dirname, '../../..');

/** A plugin that is ready to be used from a file, and what it puts in the place of an e-mail address. */
export interface BenchPlugin {
  /** The entry of the operator's file. */
  readonly entry: { readonly id: string; readonly source: object; readonly config: object };
  readonly replacement: string;
}

/** What plugins are written in: an example for each, which all do the same. */
export type Language = 'js' | 'rust';
const examples: Readonly<Record<Language, string>> = { js: 'redact-emails', rust: 'redact-emails-rust' };

/**
 * Builds and signs `count` plugins from the example, each under an id of its own. What one puts in the place of an
 * address is an address again, so that each of them has something to do.
 */
export async function buildPlugins(language: Language, count: number, folder: string): Promise<readonly BenchPlugin[]> {
  const example = join(root, 'plugins-examples', examples[language]);
  const described = pluginDescriptorSchema.parse(JSON.parse(await readFile(join(example, 'plugin.json'), 'utf8')));
  const keys = { privateKey: join(folder, `${language}.key`), publicKey: join(folder, `${language}.pub`) };
  const { publicKeyPem } = await keygen(keys);
  const privateKey = parsePrivateKey(await readFile(keys.privateKey, 'utf8'));

  const plugins: BenchPlugin[] = [];
  for (let number = 1; number <= count; number++) {
    const descriptor = { ...described, id: `${described.id}-${number}` };
    const out = join(folder, `${descriptor.id}.wasm`);
    const { bytes: component } = await buildPlugin({ folder: example, descriptor, out });
    const { bytes, signature } = signComponent({ bytes: component, privateKey });
    await writeFile(out, bytes);
    await writeFile(`${out}.sig`, signature);
    const replacement = `hidden-${number}@example.com`;
    plugins.push({
      entry: { id: descriptor.id, source: { file: out, public_key: publicKeyPem }, config: { replacement } },
      replacement,
    });
  }
  return plugins;
}

/** Starts a gateway as an operator does, with the defaults of everything but what is said here. */
export async function startGateway(
  name: string,
  upstream: string,
  plugins: readonly BenchPlugin[],
  folder: string,
  stop: AsyncDisposableStack,
): Promise<Running> {
  const port = await freePort();
  const file = join(folder, `${name}.yaml`);
  const config = {
    listen: `127.0.0.1:${port}`,
    cache_dir: join(folder, 'cache'),
    plugins: plugins.map(({ entry }) => entry),
    upstreams: [{ id: 'bench', http: { url: upstream } }],
    bindings: [{ id: 'bench', upstreams: ['bench'], transforms: plugins.map(({ entry }) => entry.id) }],
  };
  await writeFile(file, stringify(config));
  // The log of each request is part of the work; where it goes is not.
  const program = join(root, 'tools/cli/src/main.ts');
  const child = spawn(process.execPath, [program, 'serve', '-c', file], { stdio: 'ignore' });
  stop.defer(() => end(child));
  await untilReady(`http://127.0.0.1:${port}/readyz`, child, name).catch(error => {
    // Once more, to hear why.
    const { stderr } = spawnSync(process.execPath, [program, 'serve', '-c', file], { encoding: 'utf8', timeout: 5000 });
    throw new Error(`${error.message}\n${stderr}`);
  });
  return { url: `http://127.0.0.1:${port}/mcp`, pid: pidOf(child) };
}
