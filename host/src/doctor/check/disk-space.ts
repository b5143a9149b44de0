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

/** Whether there is space where the gateway writes. The checks of a start find out whether it may write there. */
export const diskSpace: Check = {
  id: 'DR105',
  severity: 'warning',
  about: 'free disk space for the cache, the state and the audit log',
  why: 'When the disk is full, audit events and receipts cannot be written. With `when_full: block`, calls then wait.',
  fix: 'Free some space, or set a path on another disk.',
  async find(patient) {
    const found = written(patient).map(async ([at, path]): Promise<readonly Found[]> => {
      if (path === undefined) return [];
      const free = await patient.machine.freeBytes(path);
      return free >= least ? [] : [{ what: `Only ${Math.floor(free / MiB)} MiB are free on the disk of ${path}.`, at }];
    });
    return (await Promise.all(found)).flat();
  },
};
