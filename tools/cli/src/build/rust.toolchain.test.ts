import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readDescriptor } from '@sallyport/host/wasm';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { instantiate } from '../../../../test/fixtures/instantiate.ts';
import { descriptorOf } from '../../../../test/fixtures/signed-plugin.ts';
import { itWith } from '../../../../test/prerequisite.ts';
import { readDescriptorFile } from '../artifact/read-descriptor-file.ts';
import { buildPlugin } from './build-plugin.ts';
import { findRust } from './find-rust.ts';

const root = join(import.meta.dirname, '../../../..');
const example = join(root, 'plugins-examples/redact-emails-rust');
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-rust-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

const itWithRust = itWith('wasm-ld-22');

describe('redact-emails-rust', () => {
  const build = async () => {
    const descriptor = await readDescriptorFile(join(example, 'plugin.json'));
    const { bytes } = await buildPlugin({ folder: example, descriptor, out: join(folder, 'out.wasm') });
    return { descriptor, bytes };
  };
  itWithRust('[AUT-01] imports what it uses and nothing more, and carries its descriptor', async () => {
    const { descriptor, bytes } = await build();
    expect((await instantiate(bytes, {})).imports).toEqual(['sallyport:plugin/log']);
    expect(readDescriptor(bytes)).toEqual(descriptor);
  });
});

describe('a plugin in Rust', () => {
  const refusal = async (source: string, library = 'crate-type = ["cdylib"]') => {
    const [, profile] = (await readFile(join(root, 'Cargo.toml'), 'utf8')).split('[profile.release]');
    const crate = ['[package]', 'name = "own"', 'version = "0.1.0"', '[lib]', library, '[profile.release]', profile];
    await writeFile(join(folder, 'Cargo.toml'), crate.join('\n'));
    await writeFile(join(folder, 'Cargo.lock'), 'version = 4\n\n[[package]]\nname = "own"\nversion = "0.1.0"\n');
    await mkdir(join(folder, 'src'), { recursive: true });
    await writeFile(join(folder, 'src/lib.rs'), source);
    // The standard library has been compiled there.
    vi.stubEnv('CARGO_TARGET_DIR', join(root, 'target'));
    return buildPlugin({ folder, descriptor: descriptorOf(), out: join(folder, 'out.wasm') }).catch(error => error);
  };

  itWithRust.each([
    [
      'in its source',
      'fn wrong() { 1 + "" }',
      'crate-type = ["cdylib"]',
      /cannot add `&str` to `{integer}`[\s\S]*src\/lib.rs:1/,
    ],
    ['in Cargo.toml', '', 'crate-type = cdylib', /^error: /],
    ['that it is no cdylib', '', 'crate-type = ["rlib"]', /^cargo built no WebAssembly library$/],
  ])(
    '[AUT-01] is told what is wrong %s',
    async (_, source, library, says) => {
      expect(await refusal(source, library)).toMatchObject({
        code: 'plugin_build_failed',
        details: { plugin: 'redact', file: join(folder, 'Cargo.toml'), what: expect.stringMatching(says) },
      });
    },
    300_000,
  );

  itWithRust(
    '[AUT-85] is its library, and not the program beside it',
    async () => {
      await mkdir(join(folder, 'src'), { recursive: true });
      await writeFile(join(folder, 'src/main.rs'), 'fn main() {}');
      expect(await refusal('#[unsafe(no_mangle)] pub extern "C" fn library() {}')).toMatchObject({
        code: 'plugin_build_failed',
        details: { what: 'the component does not export lifecycle or dispatch-hooks, which a transform plugin must' },
        hint: expect.stringContaining('sallyport::export!'),
      });
      await rm(join(folder, 'src/main.rs'));
    },
    300_000,
  );

  itWithRust(
    '[AUT-42] has helpers whose own tests pass',
    async () => {
      const { cargo, env } = await findRust('redact');
      const options = { cwd: root, env: { ...process.env, ...env } };
      const profile = ['--config', 'profile.release.lto=false'];
      const order = ['test', '--release', '--locked', '-p', 'sallyport', '--lib', ...profile];
      const { stdout } = await promisify(execFile)(cargo, order, options);
      expect(stdout).toMatch(/test result: ok\. [1-9]/);
    },
    600_000,
  );

  it.each([
    { installed: ['wasm32-wasip2', 'wasm32-unknown-unknown'], target: 'wasm32-wasip2' },
    { installed: ['wasm32-unknown-unknown'], target: 'wasm32-unknown-unknown' },
  ])('[AUT-40] is compiled for $target where rustup has $installed', async ({ installed, target }) => {
    const programs = join(folder, installed.join());
    for (const name of installed) {
      await mkdir(join(programs, name), { recursive: true });
      await writeFile(join(programs, name, 'libstd-1.rlib'), '');
    }
    await writeFile(join(programs, 'rustc'), `#!/bin/sh\necho '${programs}'/$4\n`);
    await chmod(join(programs, 'rustc'), 0o755);
    vi.stubEnv('PATH', programs);
    expect(await findRust('redact', folder)).toEqual({ cargo: 'cargo', target, env: {}, args: [] });
  });

  it('[AUT-40] is told what to install when there is no Rust for WebAssembly', async () => {
    vi.stubEnv('PATH', folder);
    await expect(findRust('redact', folder)).rejects.toMatchObject({
      code: 'toolchain_missing',
      hint: expect.stringContaining(
        'rustup target add wasm32-wasip2, or on Debian apt-get install rustc-web rust-web-src',
      ),
    });
  });
});
