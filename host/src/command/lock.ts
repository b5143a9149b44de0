import { dirname } from 'node:path';
import { fail } from '../core/fault.ts';
import { createLog } from '../core/log.ts';
import { type Pinned, updateLock } from '../lockfile/check-pins.ts';
import { lockfileOf, readLockfile, writeLockfile } from '../lockfile/file.ts';
import { formatLockfile } from '../lockfile/lockfile.ts';
import type { LockCommand } from './command.ts';
import { readConfig } from './read-config.ts';

/**
 * Runs `sallyport lock`: fetches every plugin again, verifies and pins it. Nothing is written if one plugin is refused.
 * Returns what it prints; `signal` aborts the pulling.
 * @throws Faults, of `lock_unapproved`, `version_rollback` and everything that check would refuse
 */
export async function lock(command: LockCommand, signal?: AbortSignal): Promise<string> {
  const config = await readConfig(command.config);
  const ids = config.plugins.map(({ id }) => id);
  const stranger = command.approve.find(id => !ids.includes(id));
  if (stranger !== undefined) fail('usage', { approve: stranger, plugins: ids });
  const lockfile = lockfileOf(command.config);
  const held = await readLockfile(lockfile);
  const { allowDowngrade } = command;
  const update = updateLock(
    { held, folder: dirname(lockfile), config: command.config, allowDowngrade },
    new Set(command.approve),
  );
  const { loadAll } = await import('../host/load-all.ts');
  await loadAll(config, createLog('warn'), update, signal);

  const result = update.result();
  const written = held === undefined || formatLockfile(result) !== formatLockfile(held);
  if (written) await writeLockfile(lockfile, result);
  const removed = [...(held?.plugins.keys() ?? [])].filter(id => !ids.includes(id));
  const pinned = update.pinned();
  if (command.json) return JSON.stringify({ ok: true, lockfile, written, plugins: pinned, removed });
  const end = `${lockfile}: ${written ? 'written' : 'nothing to change'}`;
  return [...pinned.map(lineOf), ...removed.map(id => `${id} removed`), end].join('\n');
}

const lineOf = ({ plugin, pin, change, differences }: Pinned): string =>
  [
    `${plugin} ${pin.version} ${pin.manifest ?? pin.digest} ${change}, signed by ${pin.signer.key_id ?? 'nobody'}`,
    ...differences.map(line => `  ${line}`),
  ].join('\n');
