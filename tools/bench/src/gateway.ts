import { spawn, spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keygen } from '@sallyport/cli/artifact/keygen';
import { parsePrivateKey } from '@sallyport/cli/artifact/private-key';
import { signComponent } from '@sallyport/cli/artifact/sign-component';
import { buildPlugin as buildComponent } from '@sallyport/cli/build/build-plugin';
import { type PluginDescriptor, pluginDescriptorSchema } from '@sallyport/host/contract';
import { stringify } from 'yaml';
import { end, freePort, pidOf, type Running, untilReady } from './process.ts';

const root = join(import.meta.dirname, '../../..');

/** A signed component, whose signature lies beside it. */
interface PluginSource {
  readonly file: string;
  readonly public_key: string;
  readonly allow_inline?: true;
}

/** The entry of a plugin in the operator's file. */
export interface PluginEntry {
  readonly id: string;
  readonly source: PluginSource;
  readonly config: object;
  readonly grants?: object;
  readonly limits?: object;
  readonly isolation?: 'inline';
}

/** Returns the entry of the plugin on the gateway's thread, where its key is trusted with that. */
export const inline = (entry: PluginEntry): PluginEntry => ({
  ...entry,
  source: { ...entry.source, allow_inline: true },
  isolation: 'inline',
});

/** A plugin that is ready to be used from a file, and its replacement for an e-mail address. */
export interface BenchPlugin {
  readonly entry: PluginEntry;
  readonly replacement: string;
}

/** What plugins are written in: an example for each, which all do the same. */
export type Language = 'js' | 'rust';
const examples: Readonly<Record<Language, string>> = { js: 'redact-emails', rust: 'redact-emails-rust' };

/**
 * Builds and signs `count` plugins from the example, each under an id of its own. The replacement is an
 * address again, so that each of them has something to do.
 */
export async function buildPlugins(language: Language, count: number, folder: string): Promise<readonly BenchPlugin[]> {
  const example = join(root, 'plugins-examples', examples[language]);
  const described = pluginDescriptorSchema.parse(JSON.parse(await readFile(join(example, 'plugin.json'), 'utf8')));
  const build = await signingBuilder(folder, language);
  const plugins: BenchPlugin[] = [];
  for (let number = 1; number <= count; number++) {
    const replacement = `hidden-${number}@example.com`;
    const source = await build(example, { ...described, id: `${described.id}-${number}` });
    plugins.push({ entry: { id: `${described.id}-${number}`, source, config: { replacement } }, replacement });
  }
  return plugins;
}

const trapping = `export const lifecycle = { configure() {} };
export const dispatchHooks = {
  beforeDispatch(_context, request) {
    if (JSON.parse(request.val.arguments).trap) throw new Error('as it was told');
    return { tag: 'proceed' };
  },
  afterDispatch: () => ({ tag: 'proceed' }),
};
`;

/** A plugin of the bench, and one that traps when a call's argument `trap` is true; in the order of their chain. */
export async function buildSoakPlugins(folder: string): Promise<readonly [trapping: PluginEntry, BenchPlugin]> {
  const [redacting] = await buildPlugins('js', 1, folder);
  if (redacting === undefined) throw new Error('no plugin was built');
  return [await buildPlugin('trapping', trapping, folder), redacting];
}

/** Builds and signs a plugin from a JavaScript source that looks at calls. */
export async function buildPlugin(id: string, source: string, folder: string): Promise<PluginEntry> {
  const project = join(folder, id);
  await mkdir(project);
  await writeFile(join(project, `${id}.js`), source);
  const about = { id, version: '0.1.0', kind: 'transform', hooks: ['tool_pre_invoke'], api: '0.1' };
  const build = await signingBuilder(folder, id);
  return { id, source: await build(project, pluginDescriptorSchema.parse(about)), config: {} };
}

/**
 * Builds and signs plugins with a key of their own. Returns what builds one, and resolves to the `source` of its entry.
 */
export async function signingBuilder(folder: string, keyName: string) {
  const keys = { privateKey: join(folder, `${keyName}.key`), publicKey: join(folder, `${keyName}.pub`) };
  const { publicKeyPem } = await keygen(keys);
  const privateKey = parsePrivateKey(await readFile(keys.privateKey, 'utf8'));
  return async (project: string, descriptor: PluginDescriptor): Promise<PluginSource> => {
    const out = join(folder, `${descriptor.id}.wasm`);
    const { bytes: component } = await buildComponent({ folder: project, descriptor, out });
    const { bytes, signature } = signComponent({ bytes: component, privateKey });
    await writeFile(out, bytes);
    await writeFile(`${out}.sig`, signature);
    return { file: out, public_key: publicKeyPem };
  };
}

/** Sections of the file that are measured. */
export interface GatewaySections {
  readonly identity?: object;
  readonly telemetry?: object;
  readonly audit?: object;
  readonly receipts?: object;
}

/**
 * Starts a gateway as an operator does, with the defaults of everything but what is said here. All plugins are loaded;
 * the first `active` of them see the requests that are measured, and the others those of another binding. With `identity`
 * every authenticated caller may do everything. `upstream` is the URL of a server, or those of several instances.
 */
export async function startGateway(
  name: string,
  upstream: string | readonly string[],
  plugins: readonly PluginEntry[],
  folder: string,
  stop: AsyncDisposableStack,
  active: number = plugins.length,
  { identity, ...sections }: GatewaySections = {},
): Promise<Running> {
  const port = await freePort();
  const file = join(folder, `${name}.yaml`);
  const ids = plugins.map(({ id }) => id);
  const http = typeof upstream === 'string' ? { url: upstream } : { instances: upstream.map(url => ({ url })) };
  const config = {
    listen: `127.0.0.1:${port}`,
    cache_dir: join(folder, 'cache'),
    // As the other gateways count.
    kv: { store: 'memory' },
    plugins,
    identity,
    ...sections,
    upstreams: [{ id: 'bench', http }],
    bindings: [
      {
        ...{ id: 'bench', upstreams: ['bench'], transforms: ids.slice(0, active) },
        ...(identity !== undefined && { allow: [{}] }),
      },
      { id: 'others', upstreams: ['bench'], transforms: ids.slice(active) },
    ],
  };
  await writeFile(file, stringify(config));
  // The log of each request is part of the work; where it goes is not.
  const program = join(root, 'tools/cli/bin/sallyport.js');
  const child = spawn(process.execPath, [program, 'serve', '-c', file], { stdio: 'ignore' });
  stop.defer(() => end(child));
  await untilReady(`http://127.0.0.1:${port}/readyz`, child, name).catch(error => {
    // Once more, to hear why.
    const patience = { encoding: 'utf8', timeout: 5000, killSignal: 'SIGKILL' } as const;
    const { stderr } = spawnSync(process.execPath, [program, 'serve', '-c', file], patience);
    throw new Error(`${error.message}\n${stderr}`);
  });
  return { url: `http://127.0.0.1:${port}/mcp`, pid: pidOf(child) };
}
