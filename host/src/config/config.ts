import { join, resolve } from 'node:path';
import { homeFolder } from '../core/home-folder.ts';
import type { SecretMask } from '../core/secret-mask.ts';
import { finishSections, type ParsedConfig } from './schema.ts';
import type { GrantsSchema } from './section/plugins.ts';

export type { PluginConfig, SourceConfig } from './section/plugins.ts';
export type { UpstreamConfig } from './section/upstreams.ts';

/** Every setting, ready for use: keys are PEM texts, paths are absolute, defaults are set. */
export type Config = ReturnType<typeof finishSections> & {
  /** Knows the secrets of the configuration, and learns those of plugins. */
  readonly mask: SecretMask;
};

/** Finishes what was read. Relative paths are those of `folder`; `keyText` returns the PEM in a key file. */
export const finishConfig = (
  parsed: ParsedConfig,
  { grants, folder, keyText }: { grants: GrantsSchema; folder: string; keyText(file: string): string },
): Omit<Config, 'mask'> =>
  finishSections(parsed, grants, {
    absolute: path => (path.startsWith('~/') ? join(homeFolder(), path.slice(2)) : resolve(folder, path)),
    keyText,
  });
