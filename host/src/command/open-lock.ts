import { dirname } from 'node:path';
import type { Config } from '../config/config.ts';
import type { Log } from '../core/log.ts';
import { honourLock, type Lock } from '../lockfile/check-pins.ts';
import { lockfileOf, readLockfile } from '../lockfile/file.ts';
import type { StartCommand } from './command.ts';

/** Opens the lock for a start. @throws Faults of `lockfile_unusable`, `lock_frozen` */
export async function openLock(
  { config: file, frozen, allowDowngrade }: StartCommand,
  { plugins }: Config,
  log: Log,
): Promise<Lock> {
  const lockfile = lockfileOf(file);
  const held = await readLockfile(lockfile);
  return honourLock({ held, folder: dirname(lockfile), config: file, allowDowngrade }, { plugins, frozen, log });
}
