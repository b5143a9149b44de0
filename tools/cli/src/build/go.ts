import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { componentEmbed, componentNew } from '@bytecodealliance/jco-transpile/wasm-tools';
import { capabilities } from '@sallyport/host/capability';
import type { PluginDescriptor } from '@sallyport/host/contract';
import { fail } from '@sallyport/host/core';
import { goTag } from './authored-kinds.ts';
import { contractText, freeMemory, goAdapter } from './go-adapter.ts';
import { readGoModule } from './go-module.ts';
import { refuseTime } from './go-time.ts';
import { exportingHint, type Toolchain } from './toolchain.ts';
import { worldName } from './world.ts';

const run = promisify(execFile);

/** The first version that exports functions to WebAssembly. */
const oldestGo = [1, 24] as const;

/** The Go toolchain. The folder is a module whose main package exports a plugin through the package `sallyport` in it. */
export const go: Toolchain = {
  language: 'go',
  exporting: {
    transform: 'import "sallyport" in package main, and call sallyport.Export in an init function',
    policy: 'import "sallyport" in package main, and call sallyport.ExportPolicy in an init function',
    identity: 'import "sallyport" in package main, and call sallyport.ExportIdentity in an init function',
    federation: 'import "sallyport" in package main, and call sallyport.ExportFederation in an init function',
  },
  reproducible: true,
  recognizes: async folder => (await stat(join(folder, 'go.mod')).catch(() => undefined))?.isFile() ?? false,

  async build({ folder, descriptor, worldDir, say, signal }) {
    const goRoot = await findGo(descriptor.id, folder);
    const asked = new Set([...descriptor.required_capabilities, ...descriptor.optional_capabilities]);
    const core = await compile(folder, descriptor, asked.has('clock') ? undefined : goRoot, signal);
    checkModule(core, descriptor, asked);
    const text = Buffer.from(core);
    if (text.includes('time.LoadLocation') && !text.includes('time/tzdata')) {
      say(
        `${descriptor.id}: time.LoadLocation finds no zone, because a plugin has no files: import _ "time/tzdata" (450 KB)`,
      );
    }
    const powers = { clock: asked.has('clock'), random: asked.has('random') };
    const adapter = await goAdapter(worldDir, powers);
    const witSource = await contractText(worldDir);
    const embedded = await componentEmbed({ binary: core, witSource, world: worldName, stringEncoding: 'utf8' });
    return componentNew(embedded, [['wasi_snapshot_preview1', adapter]]);
  },
};

/** Finds Go. @throws Fault `toolchain_missing` */
async function findGo(plugin: string, folder: string): Promise<string> {
  const hint = `install Go ${oldestGo.join('.')} or later, from https://go.dev/dl/`;
  const found = await run('go', ['env', 'GOVERSION', 'GOROOT'], { cwd: folder }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT')
        return fail('toolchain_missing', { plugin, what: 'Go is not installed', hint }, error);
      return fail('plugin_build_failed', { plugin, file: join(folder, 'go.mod'), what: complaint(error) }, error);
    },
  );
  const [version = '', goRoot = ''] = found.stdout.trim().split('\n');
  const [major = 0, minor = 0] = (/^go(\d+)\.(\d+)/.exec(version) ?? []).slice(1).map(Number);
  if (major > oldestGo[0] || (major === oldestGo[0] && minor >= oldestGo[1])) return goRoot;
  return fail('toolchain_missing', { plugin, what: `${version} does not export functions to WebAssembly`, hint });
}

/** Compiles the folder reproducibly. `timeless` is the GOROOT whose `time.Now` is made to panic. */
async function compile(
  folder: string,
  { id, kind }: PluginDescriptor,
  timeless: string | undefined,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const scratch = await mkdtemp(join(tmpdir(), 'sallyport-go-'));
  try {
    const out = join(scratch, 'plugin.wasm');
    const fixed = ['-buildmode=c-shared', '-trimpath', '-buildvcs=false', '-ldflags=-s -w -buildid='];
    const flags = [...fixed, `-tags=${goTag(kind)}`];
    if (timeless !== undefined) flags.push(`-overlay=${await refuseTime(id, timeless, scratch)}`);
    const env = { ...process.env, GOOS: 'wasip1', GOARCH: 'wasm', GOFLAGS: '', GOEXPERIMENT: '', GOWASM: '' };
    const options = { cwd: folder, env, maxBuffer: 64 * 1024 * 1024, signal };
    await run('go', ['build', ...flags, '-o', out, '.'], options).catch(error =>
      fail('plugin_build_failed', { plugin: id, file: join(folder, 'go.mod'), what: complaint(error) }, error),
    );
    return await readFile(out);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Functions that use the runtime's seed, which is a constant unless `random` is declared. */
const drawn = ['math/rand.(*runtimeSource)', 'math/rand/v2.runtimeSource', 'math/rand/v2.(*runtimeSource)'];

function checkModule(core: Uint8Array, { id: plugin, kind }: PluginDescriptor, asked: ReadonlySet<string>): void {
  const add = (capability: string) => `add "${capability}" to required_capabilities in plugin.json`;
  const { imports, exports, dataStart } = readGoModule(core);
  for (const { from, name } of imports) {
    const needed = capabilities.find(({ wit }) => wit.includes(from));
    if (needed === undefined || needed.always === true || asked.has(needed.name)) continue;
    const what = `it calls ${name} of ${from}, which needs the capability ${needed.name}`;
    fail('plugin_build_failed', { plugin, what, hint: add(needed.name) });
  }
  const draws = asked.has('random') ? undefined : drawn.find(name => Buffer.from(core).includes(name));
  if (draws !== undefined) {
    const what = `it uses ${draws.slice(0, draws.indexOf('.'))}, whose numbers would be the same in every instance`;
    fail('plugin_build_failed', { plugin, what, hint: add('random') });
  }
  if (!exports.some(name => name.endsWith('#configure'))) {
    fail('plugin_build_failed', { plugin, what: 'it does not export a plugin', hint: exportingHint(go, kind) });
  }
  if (dataStart < freeMemory) {
    const what = `this Go puts data at memory offset ${dataStart}, expected ${freeMemory} or above`;
    fail('plugin_build_failed', { plugin, what, hint: 'use an older Go' });
  }
}

/** Returns the compiler's messages, or else the command's own error. */
function complaint(error: unknown): string {
  const { stderr = '', message } = error as { stderr?: string; message: string };
  const lines = stderr.split('\n').filter(line => line !== '' && !line.startsWith('#'));
  return lines.slice(0, 10).join('\n') || message;
}
