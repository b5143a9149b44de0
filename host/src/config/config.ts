import { join, resolve } from 'node:path';
import { homeFolder } from '../core/home-folder.ts';
import type { SecretMask } from '../core/secret-mask.ts';
import type { ParsedConfig } from './schema.ts';

type ParsedPlugin = ParsedConfig['plugins'][number];
type ParsedUpstream = ParsedConfig['upstreams'][number];
type ParsedKey = ParsedConfig['trust']['keys'][number];

/** Where a plugin comes from, and the PEM of the only key that counts for it, when one is stated. */
export type SourceConfig = { readonly public_key?: string } & (
  | { readonly oci: string; readonly oci_layout?: never; readonly file?: never }
  | { readonly oci?: never; readonly oci_layout: string; readonly file?: never }
  | { readonly oci?: never; readonly oci_layout?: never; readonly file: string }
);

export type PluginConfig = Omit<ParsedPlugin, 'source' | 'config'> & {
  readonly source: SourceConfig;
  readonly config: unknown;
  /** Where a part of `config` stands in the file; `key` is a member at `path` whose name is the trouble. */
  readonly configPlace?: (path: readonly PropertyKey[], key?: string) => Place;
};

/** A place in the operator's file. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly path: string;
}

export type UpstreamConfig = Omit<ParsedUpstream, 'stdio' | 'http'> &
  (
    | { readonly stdio: NonNullable<ParsedUpstream['stdio']>; readonly http?: never }
    | { readonly stdio?: never; readonly http: NonNullable<ParsedUpstream['http']> }
  );

/**
 * Every setting, ready for use: keys are PEM texts, paths are absolute, defaults are set.
 * The binding that `/mcp` serves is the only one whose `default` is true.
 */
export type Config = Omit<ParsedConfig, 'trust' | 'plugins' | 'upstreams'> & {
  readonly trust: {
    readonly keys: readonly (Omit<ParsedKey, 'pem' | 'file'> & { readonly pem: string })[];
    readonly revoked_digests: readonly string[];
  };
  readonly plugins: readonly PluginConfig[];
  readonly upstreams: readonly UpstreamConfig[];
  /** Knows the secrets of the configuration, and learns those of plugins. */
  readonly mask: SecretMask;
};

/**
 * Finishes what was read. Relative paths are those of `folder`; `keyFile` yields the PEM that stands in a key file.
 */
export function finishConfig(
  parsed: ParsedConfig,
  folder: string,
  keyFile: (file: string) => string,
): Omit<Config, 'mask'> {
  const absolute = (path: string) =>
    path.startsWith('~/') ? join(homeFolder(), path.slice(2)) : resolve(folder, path);
  const firstIsDefault = !parsed.bindings.some(binding => binding.default);
  return {
    ...parsed,
    cache_dir: absolute(parsed.cache_dir),
    kv: { ...parsed.kv, path: absolute(parsed.kv.path) },
    secrets: parsed.secrets.map(({ file, ...secret }) =>
      file === undefined ? secret : { ...secret, file: absolute(file) },
    ),
    audit: parsed.audit.file === undefined ? {} : { file: absolute(parsed.audit.file) },
    trust: {
      ...parsed.trust,
      keys: parsed.trust.keys.map(({ pem, file, ...key }) => ({ ...key, pem: pem ?? keyFile(file ?? '') })),
    },
    plugins: parsed.plugins.map(({ source, config, ...plugin }) => {
      const { oci, oci_layout, file, public_key, public_key_file } = source;
      const pinned = public_key_file === undefined ? public_key : keyFile(public_key_file);
      return {
        ...plugin,
        config: config ?? {},
        source: {
          ...placeOf(oci, oci_layout && absolute(oci_layout), file && absolute(file)),
          ...(pinned === undefined ? {} : { public_key: pinned }),
        },
      };
    }),
    upstreams: parsed.upstreams.map(({ stdio, http, ...upstream }) => {
      if (http) return { ...upstream, http };
      const { cwd, ...command } = stdio ?? { command: '', args: [], env: {} };
      return { ...upstream, stdio: cwd === undefined ? command : { ...command, cwd: absolute(cwd) } };
    }),
    bindings: parsed.bindings.map((binding, index) =>
      index === 0 && firstIsDefault ? { ...binding, default: true } : binding,
    ),
  };
}

function placeOf(oci: string | undefined, layout: string | undefined, file: string | undefined): SourceConfig {
  if (oci !== undefined) return { oci };
  return layout === undefined ? { file: file ?? '' } : { oci_layout: layout };
}
