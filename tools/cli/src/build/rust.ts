import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { componentNew } from '@bytecodealliance/jco-transpile/wasm-tools';
import { fail } from '@sallyport/host/core';
import { z } from 'zod';
import { findRust } from './find-rust.ts';
import { samePaths } from './same-paths.ts';
import type { Toolchain } from './toolchain.ts';

const run = promisify(execFile);

/**
 * The Rust toolchain, with cargo. The folder is a crate with Cargo.toml, Cargo.lock and a `cdylib` library. The crate
 * chooses its own world: a component imports only what its code calls.
 */
export const rust: Toolchain = {
  language: 'rust',
  exporting: {
    transform: 'export the plugin with sallyport::export!(…) in the library of the crate',
    policy: 'export the plugin with sallyport::export!(…), and depend on sallyport with its feature policy',
    identity: 'export the plugin with sallyport::export!(…), and depend on sallyport with its feature identity',
    federation: 'export the plugin with sallyport::export!(…), and depend on sallyport with its feature federation',
  },
  reproducible: true,
  recognizes: async folder => (await stat(join(folder, 'Cargo.toml')).catch(() => undefined))?.isFile() ?? false,

  async build({ folder, descriptor, signal }) {
    const { cargo, target, env: own, args } = await findRust(descriptor.id);
    const options = { cwd: folder, env: { ...process.env, ...own }, maxBuffer: 64 * 1024 * 1024, signal };
    const about = { plugin: descriptor.id, file: join(folder, 'Cargo.toml') };
    const order = async (words: readonly string[], env: NodeJS.ProcessEnv = options.env) => {
      const { stdout } = await run(cargo, words, { ...options, env }).catch(error =>
        fail('plugin_build_failed', { ...about, ...complaint(error) }, error),
      );
      return stdout;
    };
    // Fetch before the build, so that the paths of the dependencies' sources are known.
    await order(['fetch', '--locked', '--target', target]);
    const metadata = await order(['metadata', '--format-version', '1', '--no-deps', '--locked', '--offline']);
    const { target_directory: outputs } = metadataSchema.parse(JSON.parse(metadata));
    const { config, env } = await samePaths(target, outputs, options.env);
    const messages = ['--message-format', 'json'];
    const stdout = await order(
      ['build', '--release', '--locked', '--target', target, ...messages, ...config, ...args],
      env,
    );
    const [made, ...others] = librariesOf(stdout);
    if (made === undefined || others.length > 0) {
      const hint = 'set crate-type = ["cdylib"] under [lib] in the Cargo.toml of one crate';
      const what =
        made === undefined
          ? 'cargo built no WebAssembly library'
          : `cargo built more than one library: ${[made, ...others].map(file => basename(file)).join(', ')}`;
      return fail('plugin_build_failed', { ...about, what, hint });
    }
    const bytes = await readFile(made);
    return isComponent(bytes) ? bytes : componentNew(bytes, []);
  },
};

/** Whether the header is that of a component, not of a core module (Component Model, Binary Format § Component Definitions). */
const isComponent = (wasm: Uint8Array) => wasm[6] === 1;

/**
 * Lists the WebAssembly libraries among the artifacts that cargo reports, one JSON message a line. Programs of the crate
 * (src/main.rs, src/bin) are left out.
 */
function librariesOf(messages: string): readonly string[] {
  const artifacts = messages
    .split('\n')
    .filter(line => line.startsWith('{"reason":"compiler-artifact"'))
    .map(line => artifactSchema.parse(JSON.parse(line)));
  const libraries = artifacts.filter(({ target }) => target.kind.includes('cdylib'));
  return libraries.flatMap(({ filenames }) => filenames.filter(name => name.endsWith('.wasm')));
}

const metadataSchema = z.object({ target_directory: z.string() });

const artifactSchema = z.object({
  target: z.object({ kind: z.array(z.string()) }),
  filenames: z.array(z.string()),
});

/** Returns the compiler's messages, or else cargo's. */
function complaint(error: unknown): { readonly what: string; readonly hint?: string } {
  const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string; message: string };
  for (const line of stdout.split('\n')) {
    if (!line.startsWith('{"reason":"compiler-message"')) continue;
    const { rendered, level } = (JSON.parse(line) as { message: { rendered: string; level: string } }).message;
    if (level === 'error') return { what: rendered.trim() };
  }
  const what = /^error: .*/m.exec(stderr)?.[0] ?? message;
  const unlocked = what.includes('--locked');
  return { what, ...(unlocked && { hint: 'run cargo generate-lockfile, and commit Cargo.lock with the source' }) };
}
