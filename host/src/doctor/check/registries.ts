import type { Check, Found } from '../check.ts';
import { foundOf } from '../found-of.ts';

const slowMs = 3_000;

/** Whether registries answer, and let the gateway in. */
export const registries: Check = {
  id: 'DR310',
  severity: 'error',
  about: 'registries: whether they answer, and accept the login',
  why: 'A start that does not find the plugin in its cache fails.',
  fix: 'Run `sallyport login REGISTRY`, or see whether the registry can be reached from here.',
  isOnline: true,
  async find(patient) {
    return (await patient.resolved()).flatMap(({ plugin, reference, ms, fault }): readonly Found[] => {
      const at = `plugins.${plugin.id}.source`;
      if (fault !== undefined) {
        const { what, fix } = foundOf(fault);
        return [{ what: `${what} (after ${Math.round(ms)} ms)`, fix, at }];
      }
      const what = `The registry of ${reference} took ${Math.round(ms)} ms to say what it names.`;
      return ms > slowMs ? [{ severity: 'note', what, at }] : [];
    });
  },
};
