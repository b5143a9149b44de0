import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { homeFolder } from '@sallyport/host/core/home-folder';

/**
 * What makes cargo write the same bytes wherever it and its sources lie: the compiler puts the paths of sources into
 * what it makes (the places of panics), so those outside of the plugin's workspace get names that are the same
 * everywhere. Of its own sources it writes relative paths. Flags of the author's environment are kept.
 * @param env of cargo
 */
export async function samePaths(
  target: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly config: readonly string[]; readonly env: NodeJS.ProcessEnv }> {
  const { RUSTFLAGS, CARGO_ENCODED_RUSTFLAGS, ...rest } = env;
  // Where these are set, cargo reads no flags of its configuration.
  const given = CARGO_ENCODED_RUSTFLAGS?.split('\x1f') ?? RUSTFLAGS?.split(' ') ?? [];
  const home = env.CARGO_HOME ?? join(homeFolder(), '.cargo');
  const sources = join(home, 'registry/src');
  const registries = await readdir(sources).catch(() => []);
  const renamed = [
    [home, '/cargo'],
    ...registries.toSorted().map(name => [join(sources, name), '/crates']),
    ['/usr/lib/rustlib/src', '/rust'],
  ];
  // The compiler tries the last one first.
  const flags = [
    ...given.filter(flag => flag !== ''),
    ...renamed.map(([from, to]) => `--remap-path-prefix=${from}=${to}`),
  ];
  return { config: ['--config', `target.${target}.rustflags=${JSON.stringify(flags)}`], env: rest };
}
