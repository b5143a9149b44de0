import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseDescriptor } from '@sallyport/host/contract';
import { readDescriptor } from '@sallyport/host/wasm';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { instantiate } from '../../../../test/fixtures/instantiate.ts';
import { openGuests } from '../../../../test/fixtures/sandboxed.ts';
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

describe('a policy in Rust', () => {
  const source = `
use sallyport::{Decision, Policy, PolicyContext, Request, Violation};

#[derive(serde::Deserialize)]
struct Config {
    denied: Vec<String>,
}

struct Guard(Config);

impl Policy for Guard {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, String> {
        Ok(Guard(config))
    }

    fn decide(&self, context: &PolicyContext, request: &Request) -> Result<Decision, String> {
        let Request::ToolCall(call) = request else { return Ok(Decision::Allow) };
        if !self.0.denied.contains(&call.name) {
            return Ok(Decision::Allow);
        }
        Ok(Decision::Deny(Violation::new("DENIED", "No.").with_description(context.scopes.join(" "))))
    }
}

sallyport::export!(Guard);
`;

  itWithRust('[AUT-120] decides about requests and lists', async () => {
    const own = await mkdtemp(join(folder, 'policy-'));
    const [, profile] = (await readFile(join(root, 'Cargo.toml'), 'utf8')).split('[profile.release]');
    const sdk = `sallyport = { path = ${JSON.stringify(join(root, 'sdk/rust'))}, default-features = false, features = ["policy"] }`;
    const crate = [
      ...['[package]', 'name = "guard"', 'version = "0.1.0"', 'edition = "2024"', '[lib]', 'crate-type = ["cdylib"]'],
      ...['[dependencies]', sdk, 'serde = { version = "1", features = ["derive"] }', '[workspace]'],
      ...['[profile.release]', profile],
    ];
    await mkdir(join(own, 'src'));
    await writeFile(join(own, 'Cargo.toml'), crate.join('\n'));
    await writeFile(join(own, 'src/lib.rs'), source);
    await writeFile(join(own, 'Cargo.lock'), await readFile(join(root, 'Cargo.lock')));
    vi.stubEnv('CARGO_TARGET_DIR', join(root, 'target'));
    await promisify(execFile)('cargo', ['metadata', '--offline', '--format-version', '1'], {
      ...{ cwd: own, maxBuffer: 64 * 1024 * 1024 },
    });
    const descriptor = parseDescriptor({ id: 'policy', version: '0.1.0', kind: 'policy', hooks: [], api: '0.1' });
    const { bytes } = await buildPlugin({ folder: own, descriptor, out: join(own, 'out.wasm') });
    await using runner = await openGuests([{ bytes, config: { denied: ['delete'] } }]);
    const asked = (name: string) => ({ tag: 'tool-call' as const, val: { name, arguments: '{}' } });
    const common = {
      calls: [{ plugin: 'policy', stopOnBlock: true, stopOnFailure: true }],
      context: { requestId: 'r', binding: 'b', upstream: 'u', method: 'tools/call', scopes: ['x', 'y'] },
    };
    const { reports } = await runner.run({ ...common, stage: 'decide', value: asked('delete') });
    expect(reports).toMatchObject([{ outcome: 'block', violation: { code: 'DENIED', description: 'x y' } }]);
    const { decisions } = await runner.run({ ...common, stage: 'decideMany', value: ['read', 'delete'].map(asked) });
    expect(decisions?.map(({ tag }) => tag)).toEqual(['allow', 'deny']);
  });
});
