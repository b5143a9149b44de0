import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { samePaths } from './same-paths.ts';

it.each([
  { env: {}, kept: [] },
  { env: { RUSTFLAGS: ' -C  opt-level=2' }, kept: ['-C', 'opt-level=2'] },
  { env: { RUSTFLAGS: '-g', CARGO_ENCODED_RUSTFLAGS: '--cfg\x1ffeature="a b"' }, kept: ['--cfg', 'feature="a b"'] },
])(
  '[AUT-41] renames the folders of all registries and of generated sources, and keeps the flags of $env',
  async ({ env: given, kept }) => {
    const home = await mkdtemp(join(tmpdir(), 'sallyport-cargo-'));
    try {
      await mkdir(join(home, 'registry/src/index-1'), { recursive: true });
      const { config, env } = await samePaths('wasm32-wasip2', '/work/plugin/target', { ...given, CARGO_HOME: home });
      expect(env).toEqual({ CARGO_HOME: home });
      const [option, setting] = config;
      expect(option).toBe('--config');
      const [name, flags] = setting?.split('.rustflags=') ?? [];
      expect(name).toBe('target.wasm32-wasip2');
      expect(JSON.parse(flags ?? '')).toEqual([
        ...kept,
        `--remap-path-prefix=${home}=/cargo`,
        '--remap-path-prefix=/work/plugin/target=/target',
        `--remap-path-prefix=${join(home, 'registry/src/index-1')}=/crates`,
        '--remap-path-prefix=/usr/lib/rustlib/src=/rust',
      ]);
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  },
);
