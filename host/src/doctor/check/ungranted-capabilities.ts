import type { Check } from '../check.ts';

/** Optional capabilities that a plugin asks for and was not granted. */
export const ungrantedCapabilities: Check = {
  id: 'DR309',
  severity: 'note',
  about: 'optional capabilities that plugins ask for and were not granted',
  why: 'The plugin starts without it, but may do less.',
  fix: "Grant it if the plugin's documentation says why you need it. Otherwise ignore this note.",
  loadsPlugins: true,
  async find(patient) {
    const { plugins } = await patient.loaded();
    return plugins
      .filter(({ prepared: { grant } }) => !grant.learning && !grant.isShadow && grant.denied.size > 0)
      .map(({ id, prepared: { grant } }) => ({
        what: `The plugin ${id} asks for ${[...grant.denied].join(', ')}, which is not granted.`,
        at: `plugins.${id}.grants`,
      }));
  },
};
