import type { Check, Found } from '../check.ts';
import { foundOf } from '../found-of.ts';

const slowMs = 3_000;
const slowFix =
  'Use a registry or a mirror that is closer, or a reference by digest, for which the registry is not asked.';

/** Whether registries can be reached, and accept the login. */
export const registries: Check = {
  id: 'DR310',
  severity: 'error',
  about: 'whether registries can be reached, and accept the login',
  why: 'The gateway starts only if the plugin is in its cache.',
  fix: 'Run `sallyport login REGISTRY`, and check that this machine can reach the registry.',
  isOnline: true,
  async find(patient) {
    return (await patient.resolved()).flatMap(({ plugin, reference, ms, fault }): readonly Found[] => {
      const at = `plugins.${plugin.id}.source`;
      if (fault !== undefined) {
        const found = foundOf(fault);
        return [{ ...found, what: `${found.what} (after ${Math.round(ms)} ms)`, at }];
      }
      const what = `The registry took ${Math.round(ms)} ms to resolve ${reference}.`;
      const why = 'Each start and each reload waits for it.';
      return ms > slowMs ? [{ severity: 'note', what, at, why, fix: slowFix }] : [];
    });
  },
};
