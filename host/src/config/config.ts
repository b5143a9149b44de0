import { join, resolve } from 'node:path';
import { homeFolder } from '../core/home-folder.ts';
import type { SecretMask } from '../core/secret-mask.ts';
import { finishSections, type ParsedConfig } from './schema.ts';
import type { GrantsSchema } from './section/plugins.ts';

export type { ConfigPlace, PluginConfig, SourceConfig } from './section/plugins.ts';
export type { UpstreamConfig } from './section/upstreams.ts';

/** Every setting, ready for use: keys are PEM texts, paths are absolute, defaults are set. */
export type Config = ReturnType<typeof finishSections> & {
  /** Masks the secrets of the configuration; those of plugins are added later. */
  readonly mask: SecretMask;
};

/**
 * Finishes the parsed configuration. Relative paths are resolved against `folder`; `keyText` returns a key file's PEM.
 */
export const finishConfig = (
  parsed: ParsedConfig,
  { grants, folder, keyText }: { grants: GrantsSchema; folder: string; keyText(file: string): string },
): Omit<Config, 'mask'> =>
  finishSections(parsed, grants, {
    absolute: path => (path.startsWith('~/') ? join(homeFolder(), path.slice(2)) : resolve(folder, path)),
    keyText,
  });
