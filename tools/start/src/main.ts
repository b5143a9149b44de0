/**
 * `pnpm start` goes all the way from a plugin's source to a redacted answer on this machine, then keeps a gateway running
 * to try out. `--once` ends after the calls; `--port N`, `--registry-port N` and `--home DIR` set ports and folder.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { createHost } from '@sallyport/host';
import { loadConfig } from '@sallyport/host/config';
import { Faults, fail, faultsAsText, toFaults } from '@sallyport/host/core';
import { createLog } from '@sallyport/host/log';
import { type Registry, startRegistry } from '@sallyport/registry/start-registry';
import { pino } from 'pino';
import { callEcho } from './call-echo.ts';
import { demoConfig } from './demo-config.ts';
import { demo } from './demo-folder.ts';
import { publishPlugin } from './publish-plugin.ts';

const inspector = '@modelcontextprotocol/inspector@2.12.0';
/** The preferred port of the development registry, which the docs name; a free one if it is taken. */
const usualRegistryPort = 5001;
const message = 'write to alice@example.com or bob@example.org';

interface Wish {
  readonly once: boolean;
  readonly port: string;
  readonly 'registry-port'?: string | undefined;
  readonly home: string;
}

async function start({ once, port, 'registry-port': registryPort, home }: Wish): Promise<void> {
  const folder = demo.folder(home);
  await mkdir(folder.home, { recursive: true });
  await using opened = new AsyncDisposableStack();

  const registry = opened.use(await openRegistry(folder.registry, registryPort));
  say(`Development registry on ${registry.host}`);
  const published = await publishPlugin(folder, registry.host);
  say(`Built, signed and pushed ${published.reference} (${Math.round(published.bytes / 1024)} KiB)`);
  say(`  manifest ${published.manifest}`);
  say(`  signed by key ${published.keyId}`);

  await writeFile(folder.config, await demoConfig(folder, published.reference, `127.0.0.1:${port}`));
  const config = await loadConfig(folder.config);
  const log = createLog(config.log.level, pino.destination({ dest: folder.log, sync: true }));
  const host = opened.use(await createHost(config, { log }));
  const { url } = await host.server.listen({ host: '127.0.0.1', port: Number(port) });
  for (const plugin of host.plugins) {
    say(`\nVerified ${plugin.id} ${plugin.version}`);
    say(`  component ${plugin.digest}`);
    say(`  signature by the key that is pinned in ${relative(process.cwd(), folder.config)}`);
    say(`  imports   ${plugin.imports.join(', ')}`);
    say(`  granted   ${plugin.granted.join(', ') || 'only log and context, which every plugin has'}`);
  }

  say(`\nA real MCP client calls the tool echo with “${message}”`);
  say(`  without the plugin (${url}/mcp/raw):  ${await callEcho(`${url}/mcp/raw`, message)}`);
  say(`  with the plugin    (${url}/mcp):      ${await callEcho(`${url}/mcp`, message)}`);
  if (once) return;

  const file = relative(process.cwd(), folder.config);
  say(`
Serving on ${url} until you press Ctrl-C. Log: ${relative(process.cwd(), folder.log)}
Try next, in another terminal:
  npx -y ${inspector} --cli ${url}/mcp --method tools/call --tool-name echo --tool-arg message="mail me at me@example.com"
  bin/sallyport check -c ${file}
  bin/sallyport plugin --help     (README.md has a tour in which you write a plugin)`);
  await new Promise<void>(resolve => {
    process.once('SIGINT', () => resolve()).once('SIGTERM', () => resolve());
  });
  await host.server.drain(config.limits.drain_ms);
}

/** @throws when the requested port is taken */
async function openRegistry(directory: string, port?: string): Promise<Registry> {
  if (port !== undefined) return startRegistry({ directory, port: Number(port) });
  return startRegistry({ directory, port: usualRegistryPort }).catch(() => startRegistry({ directory }));
}

const say = (line: string) => console.log(line);

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        once: { type: 'boolean', default: false },
        port: { type: 'string', default: '8787' },
        'registry-port': { type: 'string' },
        home: { type: 'string', default: join(demo.root, '.sallyport') },
      },
    });
    return values;
  } catch (error) {
    return fail('usage', { hint: 'pnpm start [--once] [--port N] [--registry-port N] [--home DIR]' }, error);
  }
}

// By default Node opens its debugger on this signal, to every user of this machine.
process.on('SIGUSR1', () => {});
try {
  await start(readArguments());
} catch (error) {
  const faults = toFaults(error);
  console.error(faultsAsText(faults));
  process.exitCode = new Faults(faults).exit;
}
