import type { Check } from '../check.ts';

/** A lockfile that names other plugins than the configuration. Pins that do not match are refused by a start. */
export const staleLockfile: Check = {
  id: 'DR304',
  severity: 'warning',
  about: 'a lockfile that names other plugins than the configuration',
  why: 'Plugins that are missing in it are not pinned, and `--frozen` refuses to start.',
  fix: 'Run `sallyport lock`.',
  async find(patient) {
    const pins = (await patient.lockfile())?.plugins;
    if (pins === undefined) return [];
    const ids = new Set(patient.config.plugins.map(({ id }) => id));
    const unpinned = [...ids].filter(id => !pins.has(id));
    const gone = [...pins.keys()].filter(id => !ids.has(id));
    return [
      ...unpinned.map(id => ({ what: `The plugin ${id} is not in the lockfile.`, at: `plugins.${id}` })),
      ...gone.map(id => ({ what: `The lockfile has the plugin ${id}, which the configuration has not.` })),
    ];
  },
};
