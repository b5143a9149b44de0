import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { componentNew } from '@bytecodealliance/jco-transpile/wasm-tools';
import { fail } from '@sallyport/host/core/fault';
import type { PluginDescriptor } from '@sallyport/host/core/plugin-descriptor';
import { embedDescriptor } from '@sallyport/host/verify/descriptor-section';
import { findRust, rustTarget } from './find-rust.ts';
import { writeWorld } from './world.ts';

export interface RustBuild {
  /** The plugin's crate: a folder with Cargo.toml, Cargo.lock and a library of type `cdylib`. */
  readonly folder: string;
  readonly descriptor: PluginDescriptor;
  /** The folder wit/ of the contract. */
  readonly witDir: string;
  /** Where the component is written. */
  readonly out: string;
}

const run = promisify(execFile);

/**
 * Makes a component of a Rust plugin with cargo, with its descriptor embedded, and writes it. Yields its bytes.
 * Before that it writes the plugin's own world to `target/wit` of the crate, for `wit_bindgen::generate!` to read.
 * @throws Fault `plugin_build_failed`, also when there is no Rust that compiles for WebAssembly
 */
export async function buildRust({ folder, descriptor, witDir, out }: RustBuild): Promise<Uint8Array> {
  const { cargo, env, args } = await findRust(descriptor.id);
  await placeWorld(descriptor, witDir, join(folder, 'target/wit'));
  const options = { cwd: folder, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 };
  const order = ['build', '--release', '--locked', '--target', rustTarget, '--message-format', 'json', ...args];
  const { stdout } = await run(cargo, order, options).catch(error =>
    fail(
      'plugin_build_failed',
      { plugin: descriptor.id, file: join(folder, 'Cargo.toml'), what: complaint(error) },
      error,
    ),
  );
  const core = coreModule(stdout);
  if (core === undefined) {
    const hint = 'let Cargo.toml say crate-type = ["cdylib"] under [lib]';
    return fail('plugin_build_failed', {
      plugin: descriptor.id,
      file: join(folder, 'Cargo.toml'),
      what: 'cargo made no .wasm',
      hint,
    });
  }
  const component = await componentNew(await readFile(core), []);
  const bytes = embedDescriptor(component, descriptor);
  await writeFile(out, bytes);
  return bytes;
}

/** Written only where it differs: cargo compiles anew what is younger than its last build. */
async function placeWorld(descriptor: PluginDescriptor, witDir: string, folder: string): Promise<void> {
  const fresh = await mkdtemp(join(tmpdir(), 'sallyport-world-'));
  try {
    await writeWorld(descriptor, witDir, fresh);
    await mkdir(folder, { recursive: true });
    for (const name of await readdir(fresh)) {
      const [text = '', present] = await Promise.all(
        [fresh, folder].map(at => readFile(join(at, name), 'utf8').catch(() => undefined)),
      );
      if (text !== present) await writeFile(join(folder, name), text);
    }
  } finally {
    await rm(fresh, { recursive: true });
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
