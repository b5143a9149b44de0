import type { Check } from '../check.ts';

/** Tags of plugins that no lockfile pins. */
export const mutableTags: Check = {
  id: 'DR303',
  severity: 'warning',
  about: 'tags of plugins that no lockfile pins',
  why: 'Anyone who can push to the registry and sign can replace the plugin at the next start.',
  fix: 'Run `sallyport lock`, and keep sallyport.lock next to the configuration.',
  async find(patient) {
    const pinned = (await patient.lockfile())?.plugins;
    return patient.config.plugins
      .filter(({ id, source }) => source.oci !== undefined && !source.oci.includes('@') && pinned?.has(id) !== true)
      .map(({ id, source }) => ({
        what: `${source.oci} is a tag, and no lockfile pins it.`,
        at: `plugins.${id}.source`,
      }));
  },
};
