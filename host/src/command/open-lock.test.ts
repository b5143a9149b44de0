import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { descriptorOf, keyPair, verifiedArtifact } from '../../../test/fixtures/signed-plugin.ts';
import { temporaryFolder } from '../../../test/fixtures/temporary-folder.ts';
import type { Config, PluginConfig } from '../config/config.ts';
import { toFaults } from '../core/fault.ts';
import { silentLog } from '../core/log.ts';
import { updateLock } from '../lockfile/check-pins.ts';
import { lockfileOf, writeLockfile } from '../lockfile/file.ts';
import { openLock } from './open-lock.ts';

const key = keyPair();
const artifact = await verifiedArtifact(key, descriptorOf());

/** A folder with a lockfile that pins `redact`, and the configuration that it belongs to. */
async function locked(pinned: boolean) {
  const folder = await temporaryFolder();
  const config = join(folder, 'gateway.yaml');
  const source = { file: join(folder, 'redact.wasm') };
  const entry = { id: 'redact', source, grants: {} } as unknown as PluginConfig;
  if (pinned) {
    const update = updateLock({ held: undefined, folder, config, allowDowngrade: false }, new Set());
    update.check(entry, artifact, []);
    await writeLockfile(lockfileOf(config), update.result());
  }
  const open = (frozen: boolean, log = silentLog()) =>
    openLock({ config, json: false, frozen, allowDowngrade: false }, { plugins: [entry] } as unknown as Config, log);
  return { folder, entry, open };
}

it('[RUN-41] finds the lockfile beside its configuration, and accepts what it pins', async () => {
  const { entry, open } = await locked(true);
  const lock = await open(true);
  expect(() => lock.check(entry, artifact, [])).not.toThrow();
  expect(() => lock.check(entry, artifact, ['wasi:random/random@0.2.3'])).toThrow();
});

it('[RUN-43] says once that nothing is pinned, or refuses a frozen start', async () => {
  const { open } = await locked(false);
  const log = silentLog();
  const info = vi.spyOn(log, 'info');
  await open(false, log);
  expect(info).toHaveBeenCalledTimes(1);
  await expect(open(true)).rejects.toSatisfy(error => toFaults(error)[0]?.code === 'lock_frozen');
});

it('[RUN-44] refuses a lockfile that cannot be read, and names it', async () => {
  const { folder, open } = await locked(false);
  await writeFile(join(folder, 'gateway.lock'), 'lockfile: 7\n');
  await expect(open(false)).rejects.toSatisfy(error => {
    const [fault] = toFaults(error);
    return fault?.code === 'lockfile_unusable' && fault.details.file === join(folder, 'gateway.lock');
  });
});
