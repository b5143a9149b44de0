import { execFile } from 'node:child_process';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fail } from '@sallyport/host/core';

/** Compile targets, the usual one first: a component with the inert part of WASI, or a module without system imports. */
const targets = ['wasm32-wasip2', 'wasm32-unknown-unknown'] as const;

/** A usable Rust toolchain: the cargo program, the target, and additions to its environment and arguments. */
export interface Rust {
  readonly cargo: string;
  readonly target: (typeof targets)[number];
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly string[];
}

/**
 * Finds a Rust with one of the targets installed (rustup), or Debian's below `prefix`, which ships the target as source.
 * @throws Fault `toolchain_missing`
 */
export async function findRust(plugin: string, prefix = '/usr'): Promise<Rust> {
  for (const target of targets) {
    if (await hasTarget(target)) return { cargo: 'cargo', target, env: {}, args: [] };
  }
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
      what: 'found no Rust that compiles for WebAssembly',
      hint: 'rustup target add wasm32-wasip2, or on Debian apt-get install rustc-web rust-web-src cargo-web lld-22',
    });
  }
  return {
    cargo,
    target: 'wasm32-unknown-unknown',
    // A stable compiler accepts `-Z` only with this variable set.
    env: { RUSTC: rustc, RUSTC_BOOTSTRAP: '1', CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: linker },
    args: ['-Z', 'build-std=std,panic_abort', '-Z', 'build-std-features='],
  };
}

async function hasTarget(target: string): Promise<boolean> {
  const libraries = await promisify(execFile)('rustc', ['--print', 'target-libdir', '--target', target])
    .then(({ stdout }) => readdir(stdout.trim()))
    .catch(() => []);
  return libraries.some(name => name.startsWith('libstd-'));
}
