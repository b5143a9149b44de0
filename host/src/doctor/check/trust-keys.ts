import type { Check, Found } from '../check.ts';
import type { Patient } from '../patient.ts';

const day = 24 * 3_600_000;
const soon = 30 * day;

/** Keys of the trust store that are not valid, or soon will not be. */
export const trustKeys: Check = {
  id: 'DR301',
  severity: 'warning',
  about: 'trust keys that have expired, expire soon, or are not valid yet, with the plugins that they signed',
  why: 'After a key has expired, the next start refuses the plugins that it signed.',
  fix: 'Add a new key to `trust.keys`, have the plugins signed with it, and remove the old key afterwards.',
  async find(patient) {
    const now = patient.machine.now();
    const signed = await pluginsByKey(patient);
    return patient.config.trust.keys.flatMap(({ id, status, not_before, not_after }): readonly Found[] => {
      if (status === 'revoked') return [];
      const at = `trust.keys.${id}`;
      const plugins = signed.get(id) ?? [];
      const whose = plugins.length === 0 ? '' : ` It signed ${plugins.join(', ')}.`;
      const left = not_after === undefined ? Number.POSITIVE_INFINITY : Date.parse(not_after) - now;
      if (not_before !== undefined && Date.parse(not_before) > now)
        return [{ what: `The trust key ${id} is not valid before ${not_before}.`, at }];
      if (left < 0) return [{ what: `The trust key ${id} expired on ${not_after}.${whose}`, at }];
      return left < soon
        ? [{ what: `The trust key ${id} expires in ${Math.floor(left / day)} days.${whose}`, at }]
        : [];
    });
  },
};

/** Returns the plugins that each key signed, as far as they can be loaded. */
async function pluginsByKey(patient: Patient): Promise<ReadonlyMap<string, readonly string[]>> {
  if (patient.isOffline && patient.loadsFromElsewhere) return new Map();
  const { plugins } = await patient.loaded();
  const byTrust = plugins.flatMap(({ id, signer }) => (signer.by === 'trust' ? [{ id, key: signer.id }] : []));
  return new Map(
    Object.entries(Object.groupBy(byTrust, ({ key }) => key)).map(([key, all = []]) => [key, all.map(({ id }) => id)]),
  );
}
