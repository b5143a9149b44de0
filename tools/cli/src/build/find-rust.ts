import { execFile } from 'node:child_process';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fail } from '@sallyport/host/core/fault';

/** What Rust compiles plugins for: WebAssembly without any import of a system. */
export const rustTarget = 'wasm32-unknown-unknown';

/** A Rust that can do so: the program, and what is added to its environment and to its arguments. */
export interface Rust {
  readonly cargo: string;
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly string[];
}

/**
 * Finds Rust with the target installed, as rustup does it, or Debian's below `prefix`, whose target comes as source.
 * @throws Fault `toolchain_missing`
 */
export async function findRust(plugin: string, prefix = '/usr'): Promise<Rust> {
  const libraries = await promisify(execFile)('rustc', ['--print', 'target-libdir', '--target', rustTarget])
    .then(({ stdout }) => readdir(stdout.trim()))
    .catch(() => []);
  if (libraries.some(name => name.startsWith('libstd-'))) return { cargo: 'cargo', env: {}, args: [] };

  const [cargo, rustc, linker] = ['cargo', 'rustc', 'wasm-ld-22'].map(name => join(prefix, 'bin', name)) as [
    string,
    string,
    string,
  ];
  const source = join(prefix, 'lib/rustlib/src/rust/library/Cargo.lock');
  const missing = await Promise.all([cargo, rustc, linker, source].map(file => access(file))).catch(error => error);
  if (missing instanceof Error) {
    return fail('toolchain_missing', {
      plugin,
      what: `there is no Rust that compiles for ${rustTarget}`,
      hint: `rustup target add ${rustTarget}, or on Debian apt-get install rustc-web rust-web-src cargo-web lld-22`,
    });
  }
  return {
    cargo,
    // A released compiler takes `-Z` only from who says so.
    env: { RUSTC: rustc, RUSTC_BOOTSTRAP: '1', CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: linker },
    args: ['-Z', 'build-std=std,panic_abort', '-Z', 'build-std-features='],
  };
}
