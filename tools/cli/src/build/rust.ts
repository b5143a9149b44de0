import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { componentNew } from '@bytecodealliance/jco-transpile/wasm-tools';
import { fail } from '@sallyport/host/core/fault';
import { findRust, rustTarget } from './find-rust.ts';
import type { Toolchain } from './toolchain.ts';

const run = promisify(execFile);

/**
 * Rust, with cargo. The folder is a crate with Cargo.toml, Cargo.lock and a library of type `cdylib`. The plugin's own
 * world is written to `target/wit` of it, for `wit_bindgen::generate!` to read.
 */
export const rust: Toolchain = {
  language: 'rust',
  reproducible: true,
  recognizes: async folder => (await stat(join(folder, 'Cargo.toml')).catch(() => undefined))?.isFile() ?? false,

  async build({ folder, descriptor, worldDir, signal }) {
    const { cargo, env, args } = await findRust(descriptor.id);
    await placeWorld(worldDir, join(folder, 'target/wit'));
    const options = { cwd: folder, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024, signal };
    const order = ['build', '--release', '--locked', '--target', rustTarget, '--message-format', 'json', ...args];
    const about = { plugin: descriptor.id, file: join(folder, 'Cargo.toml') };
    const { stdout } = await run(cargo, order, options).catch(error =>
      fail('plugin_build_failed', { ...about, what: complaint(error) }, error),
    );
    const core = coreModule(stdout);
    if (core === undefined) {
      const hint = 'let Cargo.toml say crate-type = ["cdylib"] under [lib]';
      return fail('plugin_build_failed', { ...about, what: 'cargo made no .wasm', hint });
    }
    return componentNew(await readFile(core), []);
  },
};

/** Written only where it differs: cargo compiles anew what is younger than its last build. */
async function placeWorld(worldDir: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(worldDir)) {
    const [text = '', present] = await Promise.all(
      [worldDir, folder].map(at => readFile(join(at, name), 'utf8').catch(() => undefined)),
    );
    if (text !== present) await writeFile(join(folder, name), text);
  }
}

/** The .wasm among the artifacts that cargo tells of, one JSON message a line. */
function coreModule(messages: string): string | undefined {
  for (const line of messages.split('\n').reverse()) {
    if (!line.startsWith('{"reason":"compiler-artifact"')) continue;
    const { filenames } = JSON.parse(line) as { filenames: readonly string[] };
    const file = filenames.find(name => name.endsWith('.wasm'));
    if (file !== undefined) return file;
  }
  return undefined;
}

/** What the compiler says of the plugin's source, or else what cargo says. */
function complaint(error: unknown): string {
  const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string; message: string };
  for (const line of stdout.split('\n')) {
    if (!line.startsWith('{"reason":"compiler-message"')) continue;
    const { rendered, level } = (JSON.parse(line) as { message: { rendered: string; level: string } }).message;
    if (level === 'error') return rendered.trim();
  }
  return /^error: .*/m.exec(stderr)?.[0] ?? message;
}
