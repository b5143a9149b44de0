import { expect, it } from 'vitest';
import { descriptorOf, keyPair, verifiedArtifact } from '../../../test/fixtures/signed-plugin.ts';
import type { PluginConfig } from '../config/config.ts';
import type { PluginDescriptor } from '../contract/plugin-descriptor.ts';
import { toFaults } from '../core/fault.ts';
import { silentLog } from '../core/log.ts';
import { honourLock, type Lock, updateLock } from './check-pins.ts';
import type { Lockfile } from './lockfile.ts';

const key = keyPair();
const options = { folder: '/config', config: 'my config.yaml', allowDowngrade: false };
const entry = (id = 'redact'): PluginConfig => ({ ...fixed, id, source: { file: `/config/${id}.wasm` } });
const fixed = { grants: {}, limits: {}, config: {} } as Omit<PluginConfig, 'id' | 'source'>;

const verified = (more: Partial<PluginDescriptor> = {}) => verifiedArtifact(key, descriptorOf(more));

/** A lockfile of the plugin as it is in version 1.2.0. */
async function held(): Promise<Lockfile> {
  const update = updateLock({ ...options, held: undefined }, new Set());
  update.check(entry(), await verified({ version: '1.2.0' }), []);
  return update.result();
}

function codesOf(check: () => void): readonly (readonly [string, string])[] {
  try {
    check();
    return [];
  } catch (error) {
    return toFaults(error).map(({ code, hint }) => [code, hint]);
  }
}

const start = async (lockfile: Lockfile | undefined, frozen = false): Promise<Lock> =>
  honourLock({ ...options, held: lockfile }, { plugins: [entry()], frozen, log: silentLog() });

it.each([
  { what: 'what is pinned', more: { version: '1.2.0' }, expected: [] },
  { what: 'a later version', more: { version: '1.3.0' }, expected: ['lock_mismatch'] },
  { what: 'an earlier version', more: { version: '1.1.0' }, expected: ['lock_mismatch', 'version_rollback'] },
])('[RUN-41] a start with $what: $expected', async ({ more, expected }) => {
  const lock = await start(await held());
  const artifact = await verified(more);
  expect(codesOf(() => lock.check(entry(), artifact, [])).map(([code]) => code)).toEqual(expected);
});

it('[RUN-41] a refusal names the command that approves, quoted for a shell', async () => {
  const lock = await start(await held());
  const artifact = await verified({ version: '1.3.0' });
  const [[, hint] = []] = codesOf(() => lock.check(entry(), artifact, []));
  expect(hint).toContain("`sallyport lock -c 'my config.yaml' --approve redact`");
});

it.each([
  { what: 'asks for nothing more', more: { version: '1.3.0' }, approve: [], expected: [] },
  {
    what: 'asks for more',
    more: { version: '1.3.0', optional_capabilities: ['clock'] },
    approve: [],
    expected: ['lock_unapproved'],
  },
  {
    what: 'asks for more, and is approved',
    more: { version: '1.3.0', optional_capabilities: ['clock'] },
    approve: ['redact'],
    expected: [],
  },
  { what: 'is older', more: { version: '1.1.0' }, approve: ['redact'], expected: ['version_rollback'] },
])('[RUN-41] an update that $what: $expected', async ({ more, approve, expected }) => {
  const update = updateLock({ ...options, held: await held() }, new Set(approve));
  const artifact = await verified(more);
  expect(codesOf(() => update.check(entry(), artifact, [])).map(([code]) => code)).toEqual(expected);
});

it('[RUN-42] a mark outlives its plugin, and warns when an older version returns', async () => {
  const before = await held();
  const without = { plugins: new Map(), marks: before.marks };
  const artifact = await verified({ version: '1.1.0' });
  const lock = await start(without);
  expect(codesOf(() => lock.check(entry(), artifact, [])).map(([code]) => code)).toEqual(['version_rollback']);
  const allowed = honourLock(
    { ...options, held: without, allowDowngrade: true },
    { plugins: [entry()], frozen: false, log: silentLog() },
  );
  expect(codesOf(() => allowed.check(entry(), artifact, []))).toEqual([]);
});

it.each([
  { what: 'no lockfile', lockfile: async () => undefined, plugins: [entry()], expected: 1 },
  { what: 'a plugin that is not pinned', lockfile: held, plugins: [entry(), entry('another')], expected: 1 },
  { what: 'a pin without a plugin', lockfile: held, plugins: [], expected: 1 },
  { what: 'exactly what is pinned', lockfile: held, plugins: [entry()], expected: 0 },
])('[RUN-43] a frozen start with $what has $expected problems', async ({ lockfile, plugins, expected }) => {
  const pinned = await lockfile();
  const found = codesOf(() => {
    honourLock({ ...options, held: pinned }, { plugins, frozen: true, log: silentLog() });
  });
  expect(found.map(([code]) => code)).toEqual(Array.from({ length: expected }, () => 'lock_frozen'));
});
