import type { PluginMode } from '../contract/hook-policy.ts';
import type { SecretMask } from '../core/secret-mask.ts';
import { absolutePath } from './absolute-path.ts';
import type { ReadOverlay, RegisteredList, StoredOverlay } from './overlay.ts';
import type { Place } from './problem.ts';
import { finishSections, type ParsedConfig } from './schema.ts';
import type { GrantsSchema } from './section/plugins.ts';

export type { ConfigPlace, PluginConfig, SourceConfig } from './section/plugins.ts';
export type { UpstreamConfig } from './section/upstreams.ts';

/** Every setting, ready for use: keys are PEM texts, paths are absolute, defaults are set. */
export type Config = ReturnType<typeof finishSections> & {
  /** Masks the secrets of the configuration; those of plugins are added later. */
  readonly mask: SecretMask;
  /** What was changed at run time, and where it is kept; absent without `admin`. */
  readonly overlay?: StoredOverlay;
  /** Makes the configuration again, from the same text and another overlay; absent without `admin`. @throws Faults */
  readonly withOverlay?: (read: ReadOverlay) => Promise<Config>;
  /** Returns where the configuration defines an upstream or a binding that was not registered at run time. */
  readonly definedAt?: (list: RegisteredList, id: string) => Place | undefined;
  /** Returns the mode that the configuration states of a plugin, whatever was set at run time. */
  readonly modeInFile?: (plugin: string) => PluginMode | undefined;
};

/**
 * Finishes the parsed configuration. Relative paths are resolved against `folder`; `keyText` returns a key file's PEM.
 */
export const finishConfig = (
  parsed: ParsedConfig,
  { grants, folder, keyText }: { grants: GrantsSchema; folder: string; keyText(file: string): string },
): Omit<Config, 'mask' | 'overlay' | 'withOverlay' | 'definedAt' | 'modeInFile'> =>
  finishSections(parsed, grants, {
    absolute: path => absolutePath(folder, path),
    keyText,
  });
