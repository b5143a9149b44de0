import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { homeFolder } from '@sallyport/host/core';

/**
 * Returns flags that make cargo's output independent of where it and the sources are. The compiler embeds source paths
 * (for panic messages), so paths outside of the plugin's workspace are remapped, and those of sources that build scripts
 * generate; others inside are relative already. Flags of the author's environment are kept.
 * @param outputs cargo's target folder
 * @param env cargo's environment
 */
export async function samePaths(
  target: string,
  outputs: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly config: readonly string[]; readonly env: NodeJS.ProcessEnv }> {
  const { RUSTFLAGS, CARGO_ENCODED_RUSTFLAGS, ...rest } = env;
  // If these are set, cargo ignores the flags of its configuration.
  const given = CARGO_ENCODED_RUSTFLAGS?.split('\x1f') ?? RUSTFLAGS?.split(' ') ?? [];
  const home = env.CARGO_HOME ?? join(homeFolder(), '.cargo');
  const sources = join(home, 'registry/src');
  const registries = await readdir(sources).catch(() => []);
  const renamed = [
    [home, '/cargo'],
    [outputs, '/target'],
    ...registries.toSorted().map(name => [join(sources, name), '/crates']),
    ['/usr/lib/rustlib/src', '/rust'],
  ];
  // The compiler applies the last match first.
  const flags = [
    ...given.filter(flag => flag !== ''),
    ...renamed.map(([from, to]) => `--remap-path-prefix=${from}=${to}`),
  ];
  return { config: ['--config', `target.${target}.rustflags=${JSON.stringify(flags)}`], env: rest };
}
