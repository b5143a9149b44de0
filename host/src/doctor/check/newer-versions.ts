import type { Check } from '../check.ts';

/** Pinned plugins whose tag has moved since. */
export const newerVersions: Check = {
  id: 'DR311',
  severity: 'note',
  about: 'pinned plugins whose tag has moved',
  why: 'The publisher has pushed another version under the tag, perhaps with a fix.',
  fix: 'Run `sallyport lock` to see what changed and to accept it.',
  isOnline: true,
  async find(patient) {
    const pins = (await patient.lockfile())?.plugins;
    return (await patient.resolved()).flatMap(({ plugin: { id }, reference, digest }) => {
      const pinned = pins?.get(id)?.manifest;
      if (pinned === undefined || digest === undefined || digest === pinned) return [];
      return [{ what: `${reference} now names ${digest}; the lockfile pins ${pinned}.`, at: `plugins.${id}.source` }];
    });
  },
};
