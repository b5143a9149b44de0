import type { Check } from '../check.ts';

/** A lockfile whose plugins are not those of the configuration. A start refuses pins that do not match. */
export const staleLockfile: Check = {
  id: 'DR304',
  severity: 'warning',
  about: 'a lockfile whose plugins are not those of the configuration',
  why: 'Plugins that are missing from it are not pinned, and `--frozen` refuses to start.',
  fix: 'Run `sallyport lock`.',
  async find(patient) {
    const pins = (await patient.lockfile())?.plugins;
    if (pins === undefined) return [];
    const ids = new Set(patient.config.plugins.map(({ id }) => id));
    const unpinned = [...ids].filter(id => !pins.has(id));
    const gone = [...pins.keys()].filter(id => !ids.has(id));
    return [
      ...unpinned.map(id => ({ what: `The plugin ${id} is not in the lockfile.`, at: `plugins.${id}` })),
      ...gone.map(id => ({ what: `The lockfile has the plugin ${id}, which is not in the configuration.` })),
    ];
  },
};
