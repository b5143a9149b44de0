import { join } from 'node:path';
import type { Config, PluginConfig, SourceConfig } from '../../config/config.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import { fileVersion } from '../../core/file-version.ts';
import type { Lock } from '../../lockfile/check-pins.ts';
import type { Plugin } from '../../plugin/plugin.ts';
import { parseLayoutReference } from '../../source/layout/oci-layout.ts';

/** What the loading of plugins depends on. */
export interface LoadConditions {
  readonly config: Config;
  readonly lock: Lock | undefined;
  /** The ids of plugins whose tag is resolved again. */
  readonly refresh?: readonly string[] | undefined;
}

/** The plugins of a generation by what their loading depended on, so that the next one loads only what has changed. */
export class KnownPlugins {
  /** By the id of the plugin. */
  readonly #keys: ReadonlyMap<string, string | undefined>;
  #plugins: ReadonlyMap<string, Plugin> = new Map();

  /** Must be created before the plugins are loaded, because files can change meanwhile. */
  constructor(conditions: LoadConditions) {
    this.#keys = new Map(conditions.config.plugins.map(entry => [entry.id, keyOf(entry, conditions)]));
  }

  /** Remembers the plugins that were loaded. */
  learn(plugins: readonly Plugin[]): void {
    this.#plugins = new Map(plugins.map(plugin => [plugin.id, plugin]));
  }

  /**
   * Returns the plugin that an earlier generation loaded, if loading it would do the same again. The tag of a reference is
   * not resolved for that.
   */
  findIn(earlier: KnownPlugins | undefined, id: string): Plugin | undefined {
    const key = this.#keys.get(id);
    if (key === undefined || earlier === undefined || earlier.#keys.get(id) !== key) return undefined;
    return earlier.#plugins.get(id);
  }
}

/** Returns everything that the loading of a plugin depends on, as text; undefined if that is not known. */
function keyOf(entry: PluginConfig, { config, lock, refresh = [] }: LoadConditions): string | undefined {
  const { mode, priority: _, isPriorityStated: _stated, conditions: _conditions, ...others } = entry;
  const { on_error: _onError, breaker: _breaker, configPlace: _place, ...loaded } = others;
  const source = lock?.sourceOf(entry) ?? entry.source;
  const isKnown = lock === undefined || lock.comparedWith !== undefined;
  if (!isKnown || (source.oci !== undefined && refresh.includes(entry.id))) return undefined;
  return canonicalJson({
    entry: loaded,
    isShadow: mode === 'shadow',
    ...{ source, files: versionsOf(source), pin: lock?.comparedWith?.(entry) },
    trust: config.trust,
    validity: validityOf(config.trust.keys),
    requireSigned: config.require_signed_plugins,
    registries: config.registries,
    limits: config.limits.plugin,
  });
}

/** Returns the versions of the files of a plugin that is not in a registry. */
function versionsOf({ file, oci_layout: layout }: SourceConfig): readonly string[] {
  if (file !== undefined) return [fileVersion(file), fileVersion(`${file}.sig`)];
  return layout === undefined ? [] : [fileVersion(join(parseLayoutReference(layout).folder, 'index.json'))];
}

/** Returns which keys are valid now: one that has expired since is noticed at the next reload. */
const validityOf = (keys: Config['trust']['keys'], now = Date.now()) =>
  keys.map(
    ({ not_before: from, not_after: to }) =>
      (from === undefined || Date.parse(from) <= now) && (to === undefined || now <= Date.parse(to)),
  );
