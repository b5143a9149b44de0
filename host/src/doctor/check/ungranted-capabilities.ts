import type { Check } from '../check.ts';

/** Capabilities that a plugin asks for without needing them, and was not granted. */
export const ungrantedCapabilities: Check = {
  id: 'DR309',
  severity: 'note',
  about: 'capabilities that plugins ask for and were not granted',
  why: 'The plugin works without them, in part.',
  fix: 'Grant the capability if its documentation says what for, or leave it.',
  loadsPlugins: true,
  async find(patient) {
    const { plugins } = await patient.loaded();
    return plugins
      .filter(({ prepared: { grant } }) => !grant.learning && !grant.isShadow && grant.denied.size > 0)
      .map(({ id, prepared: { grant } }) => ({
        what: `The plugin ${id} asks for ${[...grant.denied].join(', ')}.`,
        at: `plugins.${id}.grants`,
      }));
  },
};
