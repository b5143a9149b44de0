import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pushComponent } from '@sallyport/cli/artifact/push-component';
import { createHost } from '@sallyport/host';
import { loadConfig } from '@sallyport/host/config';
import { silentLog } from '@sallyport/host/log';
import { stringify } from 'yaml';
import { Coverage } from './coverage.ts';
import { Exchange } from './exchange.ts';
import { buildPlugins } from './gateway.ts';
import { end, startProgram } from './process.ts';
import { openVariant } from './variant.ts';

const sources = new URL('../../../host/src/', import.meta.url).href;
const warmUpCalls = 200;

/** Files of host/src, relative to it, of which a function runs. */
export interface CrossedFiles {
  /** For one warmed `tools/call` through one pure plugin with both hooks, lanes included. */
  readonly call: readonly string[];
  /** From the configuration to a running lane, for one plugin from a registry that no cache knows, its compiler included. */
  readonly load: readonly string[];
}

/** Counts the files that one call and one load cross. */
export async function countFiles(): Promise<CrossedFiles> {
  await using stop = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-files-'));
  stop.defer(() => rm(folder, { recursive: true, force: true }));
  const [plugin] = await buildPlugins('js', 1, folder);
  if (plugin === undefined) throw new Error('no plugin was built');
  const { id, source, config } = plugin.entry;
  const component = await readFile(source.file);
  const upstream = await startProgram('upstream', [], stop);
  const registry = await startRegistry(join(folder, 'registry'), stop);
  const oci = `${registry}/bench/plugin:1`;
  const signature = await readFile(`${source.file}.sig`);
  await pushComponent({ component, signature, publicKeyPem: source.public_key, reference: oci });
  const write = async (name: string, plugins: readonly object[]) => {
    const file = join(folder, name);
    const binding = { id: 'bench', upstreams: ['bench'], transforms: plugins.map(() => id) };
    const upstreams = [{ id: 'bench', http: { url: upstream.url } }];
    const settings = { cache_dir: join(folder, 'cache'), limits: { lanes: 1 }, plugins, upstreams };
    await writeFile(file, stringify({ ...settings, bindings: [binding] }));
    return file;
  };
  const empty = await write('empty.yaml', []);
  const full = await write('full.yaml', [{ id, source: { oci, public_key: source.public_key }, config }]);

  const coverage = await Coverage.start();
  stop.defer(() => coverage.stop());
  const load = await crossedByLoad(empty, full, coverage);
  const call = await crossedByCall(full, coverage);
  coverage.stop();
  const compiled = await crossedByTranspiling(component);
  return { call: filesOf(call), load: filesOf(new Set([...load, ...compiled])) };
}

/** Loads the plugin into a gateway that runs already, so that nothing else is opened meanwhile. */
async function crossedByLoad(empty: string, full: string, coverage: Coverage): Promise<ReadonlySet<string>> {
  await using host = await createHost(await loadConfig(empty), { log: silentLog() });
  await coverage.take();
  const { plugins } = await loadConfig(full);
  await host.replacePlugins(plugins);
  return coverage.take();
}

async function crossedByCall(full: string, coverage: Coverage): Promise<ReadonlySet<string>> {
  await using host = await createHost(await loadConfig(full), { log: silentLog() });
  const { url } = await host.server.listen({ host: '127.0.0.1', port: 0 });
  const { tool, headers } = await openVariant('gateway', { url: `${url}/mcp`, pid: process.pid });
  const exchange = await Exchange.open(new URL(`${url}/mcp`), headers);
  const params = { name: tool, arguments: { size: 200 } };
  const message = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
  for (let calls = 0; calls < warmUpCalls; calls += 1) await exchange.post(message);
  // What is counted or cleaned up a moment after a call is not part of the next.
  await sleep(1000);
  await coverage.take();
  await exchange.post(message);
  const crossed = await coverage.take();
  exchange.close();
  return crossed;
}

/** Starts a registry for development, which ends with `stop`, and returns its host and port. */
async function startRegistry(directory: string, stop: AsyncDisposableStack): Promise<string> {
  const program = join(import.meta.dirname, '../../cli/bin/sallyport.js');
  const child = spawn(process.execPath, [program, 'registry', '--dir', directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  stop.defer(() => end(child));
  const [line] = await once(child.stdout, 'data');
  return new URL(String(line).trim()).host;
}

/** Runs the compiler's child process in this one, because its restraints and its empty environment hide it. */
async function crossedByTranspiling(bytes: Uint8Array): Promise<ReadonlySet<string>> {
  const coverage = await Coverage.start();
  const { promise, resolve } = Promise.withResolvers<unknown>();
  process.send = (answer: unknown) => {
    resolve(answer);
    return true;
  };
  await import('@sallyport/host/transpile-child');
  process.emit('message', { bytes, asyncImports: [], asyncExports: [], isFinished: true }, undefined);
  await promise;
  const crossed = await coverage.take();
  coverage.stop();
  return crossed;
}

const filesOf = (urls: ReadonlySet<string>): readonly string[] =>
  [...urls]
    .filter(url => url.startsWith(sources))
    .map(url => url.slice(sources.length))
    .sort();
