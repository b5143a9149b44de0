import type { Check, Found } from '../check.ts';
import type { Patient } from '../patient.ts';

const MiB = 2 ** 20;
const least = 256 * MiB;

/** The files and folders that the gateway writes to, by setting. */
const written = ({ config: { cache_dir, kv, audit, receipts, accounts, admin } }: Patient) =>
  Object.entries({
    cache_dir,
    'kv.path': kv.store === 'sqlite' ? kv.path : undefined,
    'audit.file': audit.file,
    'receipts.file': receipts?.file,
    'accounts.path': accounts?.path,
    'admin.registration.path': admin?.registration.path,
  });

/** Whether there is room where the gateway writes. Whether it may write there is tried by the checks of a start. */
export const diskSpace: Check = {
  id: 'DR105',
  severity: 'warning',
  about: 'the disk space of the folders for the cache, values, audit events and receipts',
  why: 'On a full disk, audit events and receipts cannot be written, and with `when_full: block` calls wait for them.',
  fix: 'Free some space, or move the file to another disk.',
  async find(patient) {
    const found = written(patient).map(async ([at, path]): Promise<readonly Found[]> => {
      if (path === undefined) return [];
      const free = await patient.machine.freeBytes(path);
      return free >= least ? [] : [{ what: `${Math.floor(free / MiB)} MiB are free at ${path}.`, at }];
    });
    return (await Promise.all(found)).flat();
  },
};
