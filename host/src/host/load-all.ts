import { join } from 'node:path';
import { capabilities } from '../capability/registry.ts';
import type { Config, PluginConfig } from '../config/config.ts';
import type { Log } from '../core/log.ts';
import { masked } from '../core/masked.ts';
import type { Lock } from '../lockfile/check-pins.ts';
import { checkBands } from '../plugin/band-conflict.ts';
import { checkPlaces } from '../plugin/check-places.ts';
import type { Learner } from '../plugin/learned-grants.ts';
import { loadPlugins } from '../plugin/load.ts';
import type { Plugin } from '../plugin/plugin.ts';
import { createWasmRuntime, type WasmRuntime } from '../runtime/wasm/wasm-runtime.ts';
import { createSource } from '../source/create-source.ts';
import { createVerifier } from '../verify/verifier.ts';

/**
 * Loads all plugins of a configuration as a start does, without running them. `lock` checks what was accepted of them
 * before; `signal` aborts the loading; `known` returns those that need not be loaded again.
 * @throws Faults: every problem at once
 */
export function loadAll(
  config: Config,
  log: Log,
  lock?: Lock,
  signal?: AbortSignal,
  known?: (entry: PluginConfig) => Plugin | undefined,
): Promise<readonly Plugin[]> {
  const plainHttp = config.registries.filter(each => each.plain_http).map(each => each.host);
  const verifier = createVerifier({ trust: config.trust, requireSigned: config.require_signed_plugins, log });
  const loading = async () => {
    const plugins = await loadPlugins(config.plugins, {
      source: (source, entry) =>
        createSource(source, {
          cacheDir: join(config.cache_dir, 'oci'),
          log,
          plainHttp,
          tokenHosts: tokenHostsOf(entry.source.oci, config),
          baseDir: process.cwd(),
        }),
      verifier,
      runtime: runtimeOf(config, log),
      capabilities,
      limits: config.limits.plugin,
      lock,
      signal,
      known,
    });
    checkPlaces(config, plugins);
    checkBands(config, plugins);
    return plugins;
  };
  return masked(config.mask, loading);
}

/** Creates the runtime for the plugins of a configuration. */
export const runtimeOf = (config: Config, log: Log, refused?: Learner['refused']): WasmRuntime =>
  createWasmRuntime({ capabilities, cacheDir: join(config.cache_dir, 'compiled'), log, refused });

/** Returns the hosts that may receive the login for this reference: only those that the operator names for its registry. */
const tokenHostsOf = (reference: string | undefined, { registries }: Config): readonly string[] =>
  registries.filter(({ host }) => reference?.startsWith(`${host}/`)).flatMap(each => each.token_hosts);

/** Returns what a reviewer wants to read about a plugin in one line of the log. */
export const summaryOf = ({ id, version, origin, digest, signer, imports, granted, hooks, tags }: Plugin) => ({
  plugin: id,
  version,
  reference: origin.reference,
  ...(origin.manifest === undefined ? {} : { manifest: origin.manifest }),
  digest,
  signer,
  imports,
  granted,
  hooks: [...hooks],
  ...(tags.length > 0 && { tags }),
});
